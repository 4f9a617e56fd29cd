//! What a log is, from its beginning.

use anyhow::{Result, bail};

use super::line::Writer;
use super::{clean, text, walk};

/// How records are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One a line.
    Lines,
    /// JSON over several lines, or all in one value.
    Document,
    /// The journal's export format.
    Export,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) framing: Framing,
    /// Lines say who wrote them, so that one which does not is the rest of the one before it.
    pub(super) tagged: bool,
    /// It is a web page, or a part of one.
    pub(super) is_html: bool,
}

/// Lines looked at.
const LINES: usize = 200;

/// Looks at the beginning of a log.
///
/// # Errors
/// When it is no log of text, with what to do instead.
pub(super) fn sniff(begin: &[u8]) -> Result<Kind> {
    refuse_binary(begin)?;
    let blank = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
    let framing = if is_export(blank) {
        Framing::Export
    } else if is_document(blank) {
        Framing::Document
    } else {
        Framing::Lines
    };
    let tagged = framing == Framing::Lines
        && begin.split(|b| *b == b'\n').take(LINES).filter(|line| !line.is_empty()).any(tells_writer);
    let is_html = framing == Framing::Lines && clean::is_html(begin);
    Ok(Kind { framing, tagged, is_html })
}

/// Whether the line says who wrote it.
pub(super) fn tells_writer(line: &[u8]) -> bool {
    let line = text::parse(line);
    line.writer != Writer::Unknown && (line.format.starts_with("syslog") || line.format == "journal")
}

fn is_export(begin: &[u8]) -> bool {
    [&b"__CURSOR="[..], b"__REALTIME_TIMESTAMP=", b"_BOOT_ID="].iter().any(|start| begin.starts_with(start))
}

/// JSON whose first line is not all of a value.
fn is_document(begin: &[u8]) -> bool {
    let first = begin.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
    match begin.split_first() {
        Some((b'[', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[')) && opens(begin),
        Some((b'{', rest)) => {
            matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')) && !walk::is_json(first)
        }
        _ => false,
    }
}

/// Whether what begins with a bracket is a list of JSON, and no line of a log.
fn opens(begin: &[u8]) -> bool {
    let rest = begin[1..].trim_ascii_start();
    matches!(rest.split_first(), Some((b'{' | b'[', after)) if matches!(after.trim_ascii_start().first(), Some(b'"' | b'{' | b'[' | b'}' | b']')))
}

fn refuse_binary(begin: &[u8]) -> Result<()> {
    if begin.starts_with(b"LPKSHHRH") {
        bail!(
            "it is a file of the systemd journal: journalctl -k -o export --file FILE | oomtrace explain -"
        );
    }
    if begin.starts_with(b"{\"type\":\"header\"")
        && begin.windows(11).take(400).any(|w| w == b"\"oomtrace/1\"".get(..11).unwrap_or(w))
    {
        bail!("it holds records of oomtrace, not a kernel's log");
    }
    let head = &begin[..begin.len().min(4096)];
    let odd = head
        .iter()
        .filter(|b| b.is_ascii_control() && !matches!(b, b'\n' | b'\r' | b'\t' | 0x1b | 0x08))
        .count();
    if odd * 10 > head.len() {
        bail!("it is no text: name a log, or what `dmesg` or `journalctl -k` printed");
    }
    Ok(())
}

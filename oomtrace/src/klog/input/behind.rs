//! What stands between the kernel's tag or its stamp and its words.

use std::borrow::Cow;

use super::line::LogLine;
use super::words;
use crate::klog::parse::memcg;
use crate::klog::parse::scan::digits;

/// Without what logging daemons put behind the tag of the kernel: `<3>` of klogd, `[ID 702911 kern.error]` of Solaris' form,
/// a second blank.
pub(super) fn tag(text: &[u8]) -> &[u8] {
    let blank = text.trim_ascii_start();
    if let Some(rest) = level(blank).or_else(|| id(blank)) {
        return rest.strip_prefix(b" ").unwrap_or(rest);
    }
    // Some lines of the kernel are indented, and none of them begins with its words.
    let begins = words::begins(blank) || blank.starts_with(b"[") || memcg::stats(blank).count() == 1;
    if begins { blank } else { text }
}

/// `<3>`: a level alone, which is of the kernel's facility.
fn level(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'<', b'0'..=b'7', b'>', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// `[ID 702911 kern.error]`
fn id(text: &[u8]) -> Option<&[u8]> {
    let (_, rest) = digits(text.strip_prefix(b"[ID ")?)?;
    let rest = rest.strip_prefix(b" kern.")?;
    let end = rest.iter().take(12).position(|b| *b == b']')?;
    Some(&rest[end + 1..])
}

/// What vendors print behind the stamp in words of their own: `c2   117 `, `(CPU:2-pid:117:kswapd0) `, `[kernel] `.
pub(super) fn vendor(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    if let Some(rest) = text.strip_prefix(b"[kernel]") {
        return Some(rest.trim_ascii_start());
    }
    if text.starts_with(b"(CPU:") {
        let end = text.iter().take(64).position(|b| *b == b')')?;
        return Some(text[end + 1..].trim_ascii_start());
    }
    let (cpu, rest) = digits(text.strip_prefix(b"c")?).filter(|(cpu, _)| cpu.len() <= 2)?;
    let rest = rest.strip_prefix(b" ").filter(|_| !cpu.is_empty())?;
    let task = digits(rest.trim_ascii_start()).and_then(|(_, rest)| rest.strip_prefix(b" "));
    Some(task.unwrap_or(rest))
}

/// A line of a table has its marks between the stamp and the words as well: "`[   12.3]` | `Out of memory". A name that a process
/// chose can't be taken for it, as no line of the kernel's begins with one that is long enough.
pub(super) fn without_marks(line: LogLine<'_>) -> LogLine<'_> {
    if words::begins(&line.text) {
        return line;
    }
    let text = line.text.strip_prefix(b"^I").unwrap_or(&line.text);
    let end = text
        .iter()
        .take(16)
        .take_while(|b| matches!(b, b'`' | b'|' | b' ' | b'\t' | b'"' | b'\'' | b',' | b';'));
    let begin = line.text.len() - text.len() + end.count();
    if begin == 0 || !words::begins(&line.text[begin..]) {
        return line;
    }
    let text = line.text[begin..].to_vec();
    LogLine { text: Cow::Owned(text), ..line }
}

//! Beginnings of lines that are no form of their own: file names, line numbers, names of containers and collectors, quotes.
//!
//! They are taken off from the left, one by one, until a known form or the kernel's own words follow. Nothing of them
//! makes a text the kernel's but a tag that says so, and a program's tag makes it the program's.

use super::line::{LogLine, Stamp, Writer};
use super::tokens::{self, Token};
use super::{behind, stamp, text, words};
use crate::klog::userspace::Program;

/// Parts of a beginning that are taken off.
const PARTS: usize = 32;

/// What the parts so far say.
#[derive(Debug, Default)]
struct Seen<'a> {
    kernel: bool,
    process: bool,
    /// A level of severity, as programs that log by themselves write it.
    level: bool,
    /// A word or group that may name a part of a program.
    named: bool,
    program: Option<Program>,
    host: Option<&'a [u8]>,
    stamp: Option<Stamp>,
    usec: Option<u64>,
    /// Something that is not known stands behind printk's time.
    odd: bool,
    quoted: bool,
    any: bool,
    /// A field of a program, and one that says that the kernel wrote the line.
    field: bool,
    facility: bool,
    /// A name with a colon before all else, as tools write it that run a command on many machines.
    label: bool,
}

impl Seen<'_> {
    /// A level with the name of a logger is a program's tag, and so are its fields.
    fn is_process(&self) -> bool {
        self.process
            || (self.field && !self.facility)
            || (self.level && self.named && !self.kernel && !self.facility)
    }

    /// Nothing of the log's own stands before this.
    fn is_outside(&self) -> bool {
        let none = !(self.kernel || self.process || self.level || self.field || self.quoted);
        none && self.stamp.is_none() && self.usec.is_none() && !self.label
    }

    fn writer(&self) -> Writer {
        match () {
            () if self.is_process() => Writer::Process,
            () if self.kernel || self.facility => Writer::Kernel,
            () if self.usec.is_some() && !self.odd => Writer::RingBuffer,
            () => Writer::Unknown,
        }
    }

    /// What the beginning adds to a line that is in a known form behind it.
    fn around<'a>(&self, inner: LogLine<'a>) -> LogLine<'a> {
        let writer = match (self.is_process(), self.kernel || self.facility, inner.writer) {
            (true, _, _) => Writer::Process,
            (false, true, Writer::Unknown | Writer::RingBuffer) => Writer::Kernel,
            (.., Writer::RingBuffer) if self.label => Writer::Unknown,
            (.., inner) => inner,
        };
        let host =
            inner.host.clone().or_else(|| self.host.map(|host| String::from_utf8_lossy(host).into_owned()));
        let program =
            inner.program.clone().or_else(|| self.program.clone().filter(|_| writer == Writer::Process));
        let stamp = inner.stamp.clone().or_else(|| self.stamp.clone());
        LogLine { writer, host, program, stamp, usec: inner.usec.or(self.usec), ..inner }
    }
}

/// The line behind its beginning; `None` when neither a known form nor the kernel's words follow, however much is taken off.
pub(super) fn parse(line: &[u8], depth: u8) -> Option<LogLine<'_>> {
    let mut seen = Seen::default();
    let mut rest = line;
    for _ in 0..PARTS {
        if words::follows(rest, !seen.any) {
            return seen.any.then(|| seen.around(bare(rest, seen.writer())));
        }
        if seen.any
            && let Some(inner) = text::exact(if seen.quoted { without_quotes(rest) } else { rest }, depth + 1)
        {
            return Some(seen.around(behind::without_marks(inner)));
        }
        seen.quoted |= tokens::is_quote(rest);
        let (token, after) = tokens::next(rest, !seen.any)?;
        if after.len() == rest.len() {
            return None;
        }
        seen.any = true;
        match token {
            Token::Filling => {}
            Token::Name => {
                seen.named = true;
                seen.odd |= seen.usec.is_some();
            }
            Token::Host(name) => {
                seen.named = true;
                seen.odd |= seen.usec.is_some();
                seen.host = seen.host.or(Some(name).filter(|name| !name.contains(&b'/')));
            }
            Token::Kernel => seen.kernel = true,
            Token::Level => seen.level = true,
            Token::Field => seen.field = true,
            Token::Facility => seen.facility = true,
            Token::Clock(usec) => seen.usec = seen.usec.or(Some(usec)),
            Token::Time(stamp) => seen.stamp = seen.stamp.take().or(stamp),
            Token::Process(tag) if depth == 0 && seen.is_outside() && is_label(tag, after) => {
                seen.label = true;
                seen.host = seen.host.or_else(|| tag.strip_suffix(b":"));
            }
            Token::Process(tag) => {
                seen.process = true;
                seen.program =
                    seen.program.take().or_else(|| text::program(tag)).or_else(|| Some(Program::default()));
            }
        }
        rest = after;
    }
    None
}

/// `web-3: `, before what stands for itself: a line of dmesg, or one of syslog with the kernel's tag.
fn is_label(tag: &[u8], after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    let numbered = tokens::is_numbered_tag(tag) || !tag.ends_with(b":");
    !numbered
        && (stamp::printk(after).is_some()
            || text::exact(after, 1)
                .is_some_and(|line| line.writer == Writer::Kernel && line.stamp.is_some()))
}

/// The kernel's words somewhere in a line of a form that is not known; where they begin, and whether what stands before is
/// the tag of a program (`Some(true)`), nothing that tells (`Some(false)`), or a sentence.
pub(super) fn found(line: &[u8]) -> Option<(usize, Option<bool>)> {
    let at = words::find(line)?;
    let before = &line[..at];
    let words = before.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let prose = words.clone().filter(|word| tokens::is_prose(word)).count();
    let last = words.clone().next_back().unwrap_or_default();
    let tagged = tokens::is_tag_of_process(last)
        || words.clone().any(|word| tokens::is_numbered_tag(word) || tokens::is_structured(word));
    let logger = words.clone().any(tokens::is_level) && words.clone().count() > 2;
    Some((
        at,
        if tagged || logger {
            Some(true)
        } else if prose > 2 {
            None
        } else {
            Some(false)
        },
    ))
}

/// A name may end with a quote; a line that stands in quotes does.
fn bare(text: &[u8], writer: Writer) -> LogLine<'_> {
    LogLine { format: "text", writer, text: text::unescaped(without_quotes(text)), ..LogLine::default() }
}

/// Without quotes, backticks and the border of a table at the end.
pub(super) fn without_quotes(text: &[u8]) -> &[u8] {
    let mut text = text;
    loop {
        let bare = text.trim_ascii_end();
        let shorter = match bare {
            [rest @ .., b'"' | b'\'' | b'`' | b'|'] => rest,
            [rest @ .., 0xe2, 0x80, 0x98..=0x9f] => rest,
            [rest @ .., 0xc2, 0xab | 0xbb] => rest,
            _ => return bare,
        };
        text = shorter;
    }
}

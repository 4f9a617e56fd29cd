//! Beginnings of lines that are no form of their own: file names, line numbers, names of containers and collectors, quotes.
//!
//! They are taken off from the left, one by one, until a known form or the kernel's own words follow. Nothing of them
//! makes a text the kernel's but a tag that says so, and a program's tag makes it the program's.

use super::line::{LogLine, Stamp, Writer};
use super::tokens::{self, Token};
use super::{text, words};
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
}

impl Seen<'_> {
    /// A level with the name of a logger is a program's tag.
    fn is_process(&self) -> bool {
        self.process || (self.level && self.named && !self.kernel)
    }

    fn writer(&self) -> Writer {
        match () {
            () if self.is_process() => Writer::Process,
            () if self.kernel => Writer::Kernel,
            () if self.usec.is_some() && !self.odd => Writer::RingBuffer,
            () => Writer::Unknown,
        }
    }

    /// What the beginning adds to a line that is in a known form behind it.
    fn around<'a>(&self, inner: LogLine<'a>) -> LogLine<'a> {
        let writer = match (self.is_process(), self.kernel, inner.writer) {
            (true, _, _) => Writer::Process,
            (false, true, Writer::Unknown | Writer::RingBuffer) => Writer::Kernel,
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
            return Some(seen.around(inner));
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
            Token::Clock(usec) => seen.usec = seen.usec.or(Some(usec)),
            Token::Time(stamp) => seen.stamp = seen.stamp.take().or(stamp),
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

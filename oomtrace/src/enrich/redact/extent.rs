//! Where a value begins and ends.

use std::ops::Range;

use super::REDACTED;
use super::pairs::{Separator, Whole};
use super::values::after_scheme;

/// Longest name behind a `&`, `;` or `,` that says that a value ends there.
const NEXT_NAME: usize = 64;

/// A value's place.
pub(super) struct Value {
    pub(super) place: Range<usize>,
    pub(super) is_quoted: bool,
}

/// Where a name is, for finding its value.
pub(super) struct Extent<'a> {
    pub(super) text: &'a [u8],
    pub(super) region: &'a Range<usize>,
    pub(super) name: &'a Range<usize>,
    pub(super) separator: Separator,
    /// Blanks stand before the separator.
    pub(super) is_spaced: bool,
    /// The quotes that the name stands in.
    pub(super) open: Option<u8>,
    pub(super) whole: Whole,
}

/// How far a value without quotes of its own goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// To a blank.
    Word,
    /// To the end of the line.
    Line,
    /// To the end, or the next name.
    All,
}

impl Extent<'_> {
    /// The value that begins behind a separator.
    pub(super) fn value(&self, from: usize) -> Option<Value> {
        let end = self.region.end;
        let mut at = from;
        if self.separator != Separator::Equals || self.is_spaced {
            at += self.text[at..end].iter().take(64).take_while(|b| matches!(**b, b' ' | b'\t')).count();
        }
        let default = self.separator == Separator::Colon && self.is_default();
        if default {
            let sign = self.text.get(at).copied().unwrap_or_default();
            // `${NAME:?message}`, `${NAME:+text}`, `${NAME:0:4}`.
            if matches!(sign, b'?' | b'+') || sign.is_ascii_digit() {
                return None;
            }
            at += usize::from(matches!(sign, b'-' | b'='));
        }
        let head = &self.text[at..end.min(at + 64)];
        at += after_scheme(head)
            .filter(|_| self.separator == Separator::Colon && self.open != Some(head[0]))
            .unwrap_or(0);
        if let Some(closing) = self.braced(at) {
            return Some(Value { place: at + 1..closing, is_quoted: true });
        }
        if let Some((inner, closing)) = self.quoted(at) {
            return (inner < closing).then_some(Value { place: inner..closing, is_quoted: true });
        }
        let stop = if default { self.stop_at(at, b'}') } else { self.unquoted(at) };
        (at < stop).then_some(Value { place: at..stop, is_quoted: false })
    }

    /// The value as far as it may be one that a machine has made up. It holds no separator, so that many of these in a
    /// row are looked at once each.
    pub(super) fn plain(&self, from: usize) -> Option<Value> {
        let is_lead = |b: u8| matches!(b, b' ' | b'"' | b'\'' | b'\\' | b'`');
        let lead = self.text[from..self.region.end].iter().take(4).take_while(|b| is_lead(**b)).count();
        let start = from + lead;
        let rest = &self.text[start..self.region.end];
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b"+/_-.~%|".contains(&b);
        let run = rest.iter().take_while(|b| is_part(**b)).count();
        let pad = rest[run..].iter().take(2).take_while(|b| **b == b'=').count();
        (run > 0).then_some(Value { place: start..start + run + pad, is_quoted: lead > 0 })
    }

    /// `${NAME:-value}`.
    fn is_default(&self) -> bool {
        self.name.start >= self.region.start + 2 && self.text[..self.name.start].ends_with(b"${")
    }

    fn stop_at(&self, from: usize, byte: u8) -> usize {
        memchr::memchr(byte, &self.text[from..self.region.end]).map_or(self.region.end, |at| from + at)
    }

    /// Where the braces end that a value of ODBC is in: `Pwd={a;b}`.
    fn braced(&self, at: usize) -> Option<usize> {
        let text = &self.text[..self.region.end];
        let begins = self.separator == Separator::Equals && text.get(at) == Some(&b'{');
        let plain = text.get(at + 1).is_some_and(|b| !matches!(b, b'"' | b'\'' | b'{' | b'}' | b' '));
        let end = at + memchr::memchr(b'}', text.get(at..)?)?;
        let ends = text.get(end + 1).is_none_or(|b| *b == b';' || *b == b' ');
        (begins && plain && ends && !text[at..end].contains(&b':')).then_some(end)
    }

    /// What is between quotes that begin at a place: `"x"`, `\"x\"`, `b'x'`, `'x'\''y'`.
    fn quoted(&self, at: usize) -> Option<(usize, usize)> {
        let text = &self.text[..self.region.end];
        let prefix = matches!(text.get(at), Some(b'b' | b'r' | b'u' | b'f' | b'B' | b'R' | b'N' | b'$'));
        let at = at + usize::from(prefix && matches!(text.get(at + 1), Some(b'"' | b'\'')));
        let slashes = text.get(at..)?.iter().take(8).take_while(|b| **b == b'\\').count();
        let quote = *text.get(at + slashes)?;
        if !matches!(quote, b'"' | b'\'' | b'`') || slashes == 0 && self.open == Some(quote) {
            return None;
        }
        let inner = at + slashes + 1;
        Some((inner, closing(text, inner, quote, slashes)))
    }

    fn unquoted(&self, from: usize) -> usize {
        let text = self.text;
        let end = self.region.end;
        let mut at = from;
        if text[at..end].starts_with(REDACTED) {
            at += REDACTED.len();
        }
        let reach = self.reach(from);
        while at < end {
            let byte = text[at];
            if self.open == Some(byte) || self.ends_at(at, reach) || self.is_line_end(at) {
                return at;
            }
            at += if byte == b'\\' && at + 1 < end && Some(text[at + 1]) != self.open { 2 } else { 1 };
        }
        end
    }

    fn ends_at(&self, at: usize, reach: Reach) -> bool {
        let byte = self.text[at];
        match byte {
            b'\n' | b'\r' | 0 => reach != Reach::All,
            _ if reach == Reach::Line => false,
            b' ' | b'\t' if reach == Reach::Word => true,
            b'<' => self.separator == Separator::Tag,
            b'&' | b';' | b',' | b' ' | b'|' => self.is_end_of_part(at, reach),
            b'#' => self.is_in_url(),
            b'?' => self.is_in_list_of_questions(at),
            b'"' | b'\'' | b'`' => reach == Reach::Word && self.closes(at),
            b'}' | b']' | b')' => self.is_closed_by(at),
            _ => false,
        }
    }

    /// `\n` in a string of a program, where the name began a line like that or the string is open.
    fn is_line_end(&self, at: usize) -> bool {
        let text = self.text;
        let is_escape = text[at] == b'\\' && matches!(text.get(at + 1), Some(b'n' | b'r'));
        is_escape && (self.open.is_some() || text[self.region.start..self.name.start].ends_with(b"\\n"))
    }

    /// How far the value goes: a header to the end of its line, that of an argument to its end.
    fn reach(&self, from: usize) -> Reach {
        let text = self.text;
        let before = (self.name.start > self.region.start).then(|| text[self.name.start - 1]);
        let begins = match before {
            None | Some(b'\n') => true,
            Some(byte) => self.open == Some(byte),
        };
        let is_header =
            self.separator == Separator::Colon && begins && text.get(from.saturating_sub(1)) == Some(&b' ');
        if is_header {
            return Reach::Line;
        }
        let head = &text[self.region.start..self.name.start];
        let first = head.len() <= 256
            && !head
                .iter()
                .any(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'{' | b'`' | b'('));
        if self.whole == Whole::Argument && first && !self.is_spaced { Reach::All } else { Reach::Word }
    }

    fn is_in_url(&self) -> bool {
        let from = self.name.start.saturating_sub(512).max(self.region.start);
        let head = &self.text[from..self.name.start];
        let word = head.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        memchr::memmem::find(&head[word..], b"://").is_some()
    }

    /// `Map?Port=1?Password=x?listen`, as servers of games have it.
    fn is_in_list_of_questions(&self, at: usize) -> bool {
        let rest = &self.text[at + 1..self.region.end];
        let begins = self.text[self.region.start..self.name.start].ends_with(b"?") && !self.is_in_url();
        begins && (names_next(rest, b'?') || rest.len() > 1 && rest.iter().all(u8::is_ascii_alphabetic))
    }

    /// A `&`, `;`, `,`, `|` or blank behind which another part begins.
    fn is_end_of_part(&self, at: usize, reach: Reach) -> bool {
        let rest = &self.text[at + 1..self.region.end];
        let Some(next) = rest.first() else { return true };
        match self.text[at] {
            b'&' if self.is_in_url() => return true,
            b';' | b'&' | b'|'
                if reach == Reach::Word && (next.is_ascii_whitespace() || next == &self.text[at]) =>
            {
                return true;
            }
            b',' if reach == Reach::Word && next.is_ascii_whitespace() => return true,
            b'|' => return false,
            _ => {}
        }
        if self.open == Some(*next) {
            return true;
        }
        let blanks = rest.iter().take(NEXT_NAME).take_while(|b| b.is_ascii_whitespace()).count();
        let rest = &rest[blanks..];
        let blank = self.text[at] == b' ';
        if !blank && matches!(rest.first(), None | Some(b'"' | b'\'' | b'{' | b'[' | b'\\')) {
            return true;
        }
        names_next(rest, self.text[at])
    }

    /// A quote that was opened before the name, or around nothing.
    fn closes(&self, at: usize) -> bool {
        let next = (at + 1 < self.region.end).then(|| self.text[at + 1]);
        next.is_none_or(|next| next.is_ascii_whitespace() || b",;)]}>|&\\\"'".contains(&next))
    }

    /// A bracket that was opened before the name, and behind which nothing goes on.
    fn is_closed_by(&self, at: usize) -> bool {
        let next = (at + 1 < self.region.end).then(|| self.text[at + 1]);
        let ends = next.is_none_or(|next| next.is_ascii_whitespace() || b",;)]}\"'&|".contains(&next));
        let opener = match self.text[at] {
            b'}' => b'{',
            b']' => b'[',
            _ => b'(',
        };
        let from = self.name.start.saturating_sub(512).max(self.region.start);
        ends && memchr::memchr(opener, &self.text[from..self.name.start]).is_some()
    }
}

/// Whether text goes on with a name and `=`, or `:` where that may be.
fn names_next(rest: &[u8], delimiter: u8) -> bool {
    // `Initial Catalog=x`, `a[0].b=x`.
    let is_part =
        |b: u8| b.is_ascii_alphanumeric() || b"_-.[]%/$@".contains(&b) || b == b' ' && delimiter == b';';
    let length = rest.iter().take(NEXT_NAME).take_while(|b| is_part(**b)).count();
    let starts = rest.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$'));
    let ends = rest.get(length);
    length > 0 && starts && (ends == Some(&b'=') || ends == Some(&b':') && delimiter == b',')
}

/// Where quotes end that were opened before `from`, behind `slashes` backslashes.
pub(super) fn closing(text: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr(quote, rest)) {
        let end = at + found;
        let before = text[from..end].iter().rev().take_while(|b| **b == b'\\').count();
        if slashes > 0 && before == slashes {
            return end - slashes;
        }
        // `'` can't be escaped in a shell, but `'\''` goes on.
        let goes_on = quote == b'\'' && text[end..].starts_with(b"'\\''");
        if slashes == 0 && goes_on {
            at = end + 4;
            continue;
        }
        if slashes == 0 && (before % 2 == 0 || quote == b'\'' && !is_followed(text, end)) {
            return end;
        }
        at = end + 1;
    }
    text.len()
}

/// Whether a `'` behind a backslash is one of a programming language, which has another one later.
fn is_followed(text: &[u8], at: usize) -> bool {
    text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
}

/// Which quotes a place is in.
#[derive(Default)]
pub(super) struct Quotes {
    open: Option<u8>,
    /// Opened by what was skipped.
    at: usize,
}

impl Quotes {
    pub(super) fn open(&self) -> Option<u8> {
        self.open
    }

    /// Looks at the byte at a place. A quote in the middle of a word opens nothing.
    pub(super) fn see(&mut self, text: &[u8], start: usize, at: usize) {
        let byte = text[at];
        if !matches!(byte, b'"' | b'\'' | b'`') || at < self.at {
            return;
        }
        match self.open {
            Some(open) if open == byte => self.open = None,
            Some(_) => {}
            None => {
                let before = at.checked_sub(1).filter(|at| *at >= start).map(|at| text[at]);
                let opens =
                    before.is_none_or(|b| b.is_ascii_whitespace() || b"=([{,:$;|&>brufN".contains(&b));
                self.open = opens.then_some(byte);
            }
        }
    }

    /// Goes on behind a value.
    pub(super) fn go_on(&mut self, text: &[u8], at: usize) {
        // The closing quote of the value that was skipped opens nothing.
        let is_quote = text.get(at).is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'));
        if is_quote && self.open != text.get(at).copied() {
            self.at = at + 1;
        }
    }
}

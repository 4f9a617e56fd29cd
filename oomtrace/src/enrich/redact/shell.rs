//! The words of a script, as a shell divides them; of a list in another language as well.

use std::ops::Range;

use super::REDACTED;
use super::extent::closing;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it is, without the quotes around it.
    pub(super) place: Range<usize>,
    /// It has quotes around it.
    pub(super) is_quoted: bool,
    /// What stands before it.
    pub(super) before: Before,
}

/// What stands before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// The same command.
    Blank,
    /// Another command has ended.
    Command,
    /// A command whose output this one reads.
    Pipe,
}

/// True for a text that is worth dividing.
pub(super) fn is_script(text: &[u8]) -> bool {
    let lists = |pair: &[u8]| matches!(pair, [b'"' | b'\'', b',']);
    text.iter().any(u8::is_ascii_whitespace) || text.windows(2).any(lists)
}

/// Divides a script into words.
pub(super) fn words(text: &[u8], region: &Range<usize>) -> Vec<Word> {
    let mut splitter =
        Splitter { text: &text[..region.end], at: region.start, before: Before::Command, words: Vec::new() };
    while splitter.at < region.end {
        splitter.step();
    }
    splitter.words
}

struct Splitter<'a> {
    text: &'a [u8],
    at: usize,
    before: Before,
    words: Vec<Word>,
}

impl Splitter<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// Passes what stands between words, or takes a word.
    fn step(&mut self) {
        let Some(byte) = self.byte(0) else { return };
        if self.text[self.at..].starts_with(REDACTED) {
            return self.word();
        }
        match byte {
            b'\n' | b';' | b'(' | b')' | b'`' => self.divide(Before::Command),
            b'|' if self.byte(1) != Some(b'|') => self.divide(Before::Pipe),
            b'|' | b'&' => self.divide(Before::Command),
            b'$' if self.byte(1) == Some(b'(') => self.divide(Before::Command),
            b'[' | b'{' | b'}' | b']' | b',' | b'!' | b':' => self.at += 1,
            _ if byte.is_ascii_whitespace() => self.at += 1,
            _ => self.word(),
        }
    }

    fn divide(&mut self, before: Before) {
        self.before = if self.before == Before::Pipe { self.before } else { before };
        self.at += 1;
    }

    fn word(&mut self) {
        let start = self.at;
        let place = self.quoted_word();
        let is_quoted = place.is_some();
        let place = place.unwrap_or_else(|| self.plain_word());
        self.at = self.at.max(start + 1);
        if place.start < place.end || is_quoted {
            self.words.push(Word { place, is_quoted, before: self.before });
            self.before = Before::Blank;
        }
    }

    /// A word that is all in quotes.
    fn quoted_word(&mut self) -> Option<Range<usize>> {
        let start = self.at + usize::from(self.byte(0) == Some(b'$'));
        let slashes = self.text[start..].iter().take(8).take_while(|b| **b == b'\\').count();
        let quote = *self.text.get(start + slashes).filter(|b| matches!(b, b'"' | b'\''))?;
        let inner = start + slashes + 1;
        let end = closing(self.text, inner, quote, slashes);
        let after = end + slashes + 1;
        let next = self.text.get(after);
        let ends = next.is_none_or(|b| b.is_ascii_whitespace() || b",;)]}|&:".contains(b));
        if end >= self.text.len() || !ends {
            return None;
        }
        self.at = after;
        Some(inner..end)
    }

    fn plain_word(&mut self) -> Range<usize> {
        let start = self.at;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\\' => self.at += 2,
                b'"' | b'\'' => self.pass_quotes(byte),
                b';' | b'\n' | b'`' | b')' => break,
                b'|' if self.byte(1) == Some(b'|')
                    || self.byte(1).is_some_and(|b| b.is_ascii_whitespace()) =>
                {
                    break;
                }
                b'$' if self.byte(1) == Some(b'(') => break,
                b'(' if self.at > start && self.byte(1).is_some_and(|b| matches!(b, b'"' | b'\'' | b'[')) => {
                    break;
                }
                _ if byte.is_ascii_whitespace() => break,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.text.len());
        let is_end = |b: &u8| matches!(b, b',' | b']' | b'}');
        let word = &self.text[start..self.at];
        if word.ends_with(REDACTED) {
            return start..self.at;
        }
        let end = word.iter().rposition(|b| !is_end(b)).map_or(start, |last| start + last + 1);
        start..end
    }

    /// Passes what is in quotes inside of a word; an apostrophe that nothing closes is one.
    fn pass_quotes(&mut self, quote: u8) {
        let end = closing(self.text, self.at + 1, quote, 0);
        self.at = if end < self.text.len() { end + 1 } else { self.at + 1 };
    }
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;

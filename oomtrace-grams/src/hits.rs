//! The words that stand in a text.

use std::ops::Range;

use crate::Grams;

/// Gives the words that stand in a text, as far as it is asked.
#[derive(Debug)]
pub struct Hits<'a> {
    grams: &'a Grams,
    text: &'a [u8],
    /// The next place that is looked at.
    next: usize,
    /// Words that begin before this are not wanted.
    from: usize,
    /// Parts that may stand at the place before, and have not been compared.
    parts: Range<usize>,
}

impl<'a> Hits<'a> {
    pub(crate) fn new(grams: &'a Grams, text: &'a [u8]) -> Self {
        Self { grams, text, next: 0, from: 0, parts: 0..0 }
    }

    /// Goes on with words that begin at `from` or behind it.
    pub fn skip_to(&mut self, from: usize) {
        let width = self.grams.step.width();
        (self.from, self.parts) = (from, 0..0);
        self.next = self.next.max(from / width * width);
    }

    /// The next word before `end`, which is the end of a line.
    pub fn next_before(&mut self, end: usize) -> Option<(usize, usize)> {
        let width = self.grams.step.width();
        loop {
            let (text, from) = (self.text, self.from);
            for part in self.parts.by_ref() {
                let found = self.grams.word_of(part, text, self.next - width);
                if let Some(found) = found.filter(|(_, begin)| *begin >= from) {
                    return Some(found);
                }
            }
            let at = self.grams.candidate(text, self.next, end)?;
            self.parts = self.grams.parts_at(text, at);
            self.next = at + width;
        }
    }
}

impl Iterator for Hits<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_before(self.text.len())
    }
}

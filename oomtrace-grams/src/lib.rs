//! A search for many words at once that looks at every fourth byte alone.
//!
//! Wherever a word of seven bytes stands, four of its bytes begin at an offset that can be divided by four. So there is one
//! table with the bits of four parts of each word, one for each place that it may have, and every fourth place of a text is
//! looked up in it. A shorter word has all bytes that may stand beside it in the table.
//!
//! It is a crate of its own because it is built for speed, and what uses it to be small.
#![forbid(unsafe_code)]

mod hits;
mod parts;

pub use hits::Hits;

use parts::{PART, Part};

/// Bits in the table: 16 KiB stay in the processor's first cache.
const BITS: u32 = 17;
const BYTES: usize = 1 << (BITS - 3);
/// Looked at in a row before it is asked whether anything was found.
const ROW: usize = 32;

/// How far the places are apart that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// For long texts and words of five bytes or more.
    Four,
    /// For short texts and words of four bytes or more.
    Two,
}

impl Step {
    /// Bytes.
    const fn width(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Two => 2,
        }
    }

    /// Words of fewer bytes are not found.
    #[must_use]
    pub const fn shortest(self) -> usize {
        match self {
            Self::Four => 5,
            Self::Two => 4,
        }
    }
}

/// The words.
#[derive(Debug)]
pub struct Grams {
    step: Step,
    bits: Box<[u8; BYTES]>,
    /// In the order of the upper byte of their hash, and where each of these begins.
    parts: Vec<Part>,
    begins: Vec<u16>,
    words: Vec<&'static [u8]>,
}

/// Fibonacci hashing.
fn hash(bytes: u32) -> u32 {
    bytes.wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

impl Grams {
    /// A search for `words`.
    pub fn new(words: impl IntoIterator<Item = &'static str>, step: Step) -> Self {
        let words: Vec<&'static [u8]> = words.into_iter().map(str::as_bytes).collect();
        let mut parts = parts::of(&words, step.width());
        parts.sort_by_key(|part| hash(part.bytes) >> (BITS - 8));
        let begins = (0..=256).map(|upper| {
            let at = parts.partition_point(|part| hash(part.bytes) >> (BITS - 8) < upper);
            u16::try_from(at).unwrap_or(u16::MAX)
        });
        let begins = begins.collect();
        let mut bits = Box::new([0; BYTES]);
        for part in &parts {
            let hash = hash(part.bytes);
            bits[(hash >> 3) as usize] |= 1 << (hash & 7);
        }
        Self { step, bits, parts, begins, words }
    }

    /// The words in a text: their numbers, and where they begin. Those of one line come before those of the next, in any order.
    #[must_use]
    pub fn hits<'a>(&'a self, text: &'a [u8]) -> Hits<'a> {
        Hits::new(self, text)
    }

    /// The first of them.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        self.hits(text).next()
    }

    /// The first place at or behind `at` and before `end` at which a part of a word may stand.
    fn candidate(&self, text: &[u8], at: usize, end: usize) -> Option<usize> {
        match self.step {
            Step::Four => self.candidate_by::<4>(text, at, end),
            Step::Two => self.candidate_by::<2>(text, at, end),
        }
    }

    fn candidate_by<const STEP: usize>(&self, text: &[u8], mut at: usize, end: usize) -> Option<usize> {
        while at < end
            && let Some(row) = text.get(at..).and_then(<[u8]>::first_chunk::<ROW>)
        {
            if STEP < PART || self.any(row) {
                let place = (0..ROW).step_by(STEP).find(|place| self.is_part(padded(&text[at + place..])));
                if let Some(place) = place {
                    return Some(at + place).filter(|at| *at < end);
                }
            }
            at += ROW;
        }
        (at..text.len().min(end)).step_by(STEP).find(|at| self.is_part(padded(&text[*at..])))
    }

    /// Whether a part stands at any fourth byte.
    #[inline]
    fn any(&self, row: &[u8; ROW]) -> bool {
        let part = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        let found = (0..ROW).step_by(PART).fold(0, |found, at| found | self.bit(part(at)));
        found & 1 != 0
    }

    #[inline]
    fn bit(&self, bytes: u32) -> u8 {
        let hash = hash(bytes);
        self.bits[(hash >> 3) as usize & (BYTES - 1)] >> (hash & 7)
    }

    #[inline]
    fn is_part(&self, bytes: u32) -> bool {
        self.bit(bytes) & 1 != 0
    }

    /// The parts that may stand at `at`, by their numbers.
    fn parts_at(&self, text: &[u8], at: usize) -> std::ops::Range<usize> {
        let upper = (hash(padded(&text[at..])) >> (BITS - 8)) as usize;
        usize::from(self.begins[upper])..usize::from(self.begins[upper + 1])
    }

    /// The word of a part that stands at `at`, and where it begins.
    fn word_of(&self, part: usize, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let part = self.parts.get(part).filter(|part| part.bytes == padded(&text[at..]))?;
        let begin = at.checked_add_signed(-isize::from(part.offset))?;
        let word = self.words[usize::from(part.word)];
        text.get(begin..)?.starts_with(word).then_some((usize::from(part.word), begin))
    }
}

/// The first four bytes, with zeroes for those that are not there.
#[inline]
fn padded(text: &[u8]) -> u32 {
    match text.first_chunk::<PART>() {
        Some(part) => u32::from_le_bytes(*part),
        None => text.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)),
    }
}

#[cfg(test)]
mod tests;

//! A kind of line.

use crate::model::SignMeaning;

/// Who must have written a line for it to count. Where a log does not say who wrote it, its words are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The kernel.
    Kernel,
    /// A program of one of these names, as far as the log names it.
    Program(&'static [&'static str]),
    /// Any program, and not the kernel.
    Process,
    /// Whoever.
    Anyone,
}

/// Reads what a line itself says.
pub(super) type Detail = fn(&[u8]) -> Option<String>;

/// A kind of line, by its words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    /// Its name in records.
    pub(super) kind: &'static str,
    pub(super) meaning: SignMeaning,
    pub(super) by: By,
    /// All words of one of these stand in the line.
    pub(super) words: &'static [&'static [&'static str]],
    /// None of these does.
    pub(super) without: &'static [&'static str],
    /// What it means, in a sentence.
    pub(super) sentence: &'static str,
    /// What the line itself says about it.
    pub(super) detail: Option<Detail>,
}

/// One that whoever can have written.
pub(super) const fn sign(
    kind: &'static str,
    meaning: SignMeaning,
    words: &'static [&'static [&'static str]],
    sentence: &'static str,
) -> Sign {
    Sign { kind, meaning, by: By::Anyone, words, without: &[], sentence, detail: None }
}

impl Sign {
    pub(super) const fn by(self, by: By) -> Self {
        Self { by, ..self }
    }

    pub(super) const fn without(self, without: &'static [&'static str]) -> Self {
        Self { without, ..self }
    }

    pub(super) const fn detail(self, detail: Detail) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

//! All kinds, and the search for their words.

use aho_corasick::{AhoCorasick, MatchKind, packed};

use super::sign::Sign;
use super::{android, kernel, languages, managers, others, services};

/// At least one of them stands in each line of any kind. No more than 64, none shorter than 4 bytes, and each begins with bytes that
/// are rare in logs: so they are looked for many bytes at a time.
pub(super) const NEEDLES: [&str; 56] = [
    "allocation f",
    "allocation stall",
    "allocation of",
    "vmap alloc",
    "vmalloc",
    "SLUB: U",
    "SLAB: U",
    "[FATAL] fail",
    "owmemory",
    "OOM ",
    "OOMK",
    "TaskOOM",
    "oom-kill",
    "oom_kill",
    "s/oom",
    "r oom ",
    "out-of-memory handler",
    "OUT_OF",
    "SIGKILL to",
    "y limit",
    "YARN for",
    "y usage",
    "y quota",
    "MemoryE",
    "f memory",
    "nsufficient memory",
    "Native memory all",
    "errno=12",
    "errno 12",
    "ative th",
    "annot alloc",
    "Reached heap",
    "Unable to alloc",
    "Allowed memory",
    "bad_alloc",
    "gnal 9",
    "t of size",
    "anonymous shared",
    "und: fork",
    "Out Of Memory",
    "killed: ",
    "orystatus",
    "w swap: ",
    "etsam",
    "illed signal",
    "r: Kille",
    "malloc(): ",
    "malloc_cons",
    "free(): ",
    "double free",
    "prev_size",
    "ENOMEM",
    "e 137",
    "s 137",
    "=9/KILL",
    "y exhausted",
];

/// All kinds, the more particular before the more general.
pub(super) fn signs() -> impl Iterator<Item = &'static Sign> + Clone {
    kernel::SIGNS
        .iter()
        .chain(&android::SIGNS)
        .chain(&managers::SIGNS)
        .chain(&languages::SIGNS)
        .chain(&services::SIGNS)
        .chain(&others::SIGNS)
}

/// Words, by their numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Bits([u128; 2]);

/// Words that fit.
#[cfg(test)]
pub(super) const WORDS_MAX: usize = 256;

impl Bits {
    fn add(&mut self, at: usize) {
        if let Some(part) = self.0.get_mut(at / 128) {
            *part |= 1 << (at % 128);
        }
    }

    fn has_all(&self, of: &Self) -> bool {
        self.0.iter().zip(&of.0).all(|(have, want)| have & want == *want)
    }

    fn has_any(&self, of: &Self) -> bool {
        self.0.iter().zip(&of.0).any(|(have, want)| have & want != 0)
    }
}

/// A kind with its words as bits.
#[derive(Debug)]
struct Rule {
    sign: &'static Sign,
    words: Vec<Bits>,
    without: Bits,
}

/// Finds lines, and says of what kind they are.
#[derive(Debug)]
pub(super) struct Table {
    needles: Needles,
    words: Option<AhoCorasick>,
    rules: Vec<Rule>,
}

/// Building the second can fail only by exceeding sizes that these are far below; then nothing is found.
#[derive(Debug)]
enum Needles {
    Fast(packed::Searcher),
    Slow(Option<AhoCorasick>),
}

impl Needles {
    fn new() -> Self {
        // Not every processor can.
        match packed::Config::new().builder().extend(NEEDLES).build() {
            Some(searcher) => Self::Fast(searcher),
            None => {
                Self::Slow(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(NEEDLES).ok())
            }
        }
    }
}

impl Table {
    pub(super) fn new() -> Self {
        let mut words: Vec<&'static str> = Vec::new();
        let rules = signs()
            .map(|sign| Rule {
                sign,
                words: sign.words.iter().map(|all| bits(all, &mut words)).collect(),
                without: bits(sign.without, &mut words),
            })
            .collect();
        Self { needles: Needles::new(), words: AhoCorasick::new(&words).ok(), rules }
    }

    /// Where the first line of interest may be: anywhere in it.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        match &self.needles {
            Needles::Fast(searcher) => Some(searcher.find(text)?.start()),
            Needles::Slow(searcher) => Some(searcher.as_ref()?.find(text)?.start()),
        }
    }

    /// The kinds that a line may be of, the first of which is meant.
    pub(super) fn kinds(&self, line: &[u8]) -> impl Iterator<Item = &'static Sign> {
        let mut found = Bits::default();
        if let Some(words) = &self.words {
            words.find_overlapping_iter(line).for_each(|word| found.add(word.pattern().as_usize()));
        }
        let is = move |rule: &&Rule| {
            !found.has_any(&rule.without) && rule.words.iter().any(|all| found.has_all(all))
        };
        self.rules.iter().filter(is).map(|rule| rule.sign)
    }
}

/// The bits of some words, which are numbered in the order of their coming.
fn bits(some: &[&'static str], words: &mut Vec<&'static str>) -> Bits {
    let mut bits = Bits::default();
    for word in some {
        let at = words.iter().position(|known| known == word).unwrap_or(words.len());
        if at == words.len() {
            words.push(word);
        }
        bits.add(at);
    }
    bits
}

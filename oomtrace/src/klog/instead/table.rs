//! All kinds, and the search for their words.

use oomtrace_grams::{Grams, Step};

use super::sign::Sign;
use super::{android, kernel, languages, managers, others, services};

/// At least one of them stands in each line of any kind. None is shorter than five bytes.
pub(super) const NEEDLES: [&str; 67] = [
    "allocation f",
    "allocation stall",
    "allocation of",
    "vmap alloc",
    "vmalloc",
    "SLUB: U",
    "SLAB: U",
    "[FATAL] fail",
    "orykill",
    "OOM encounter",
    "OOM Kill",
    "OOM kill",
    "OOM event",
    "OOM command not allowed",
    "OOM controller triggered",
    "OOMKilled",
    "TaskOOM",
    "oom-kill",
    "oom_kill",
    "tasks/oom",
    "container oom ",
    "OOM killer",
    "out-of-memory handler",
    "OUT_OF_MEM",
    "SIGKILL to",
    "send sigkill to",
    "emory limit",
    "YARN for",
    "to memory usage",
    "emory quota",
    "emoryError",
    "emoryException",
    "ut of memory",
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
    "signal 9",
    "t of size",
    "anonymous shared",
    "und: fork",
    "Out Of Memory",
    "of swap space",
    "to reclaim memory",
    "thread waited",
    "status: killing",
    "w swap: ",
    "jetsam",
    "JetsamEv",
    "illed signal",
    "r: Kille",
    "malloc(): ",
    "malloc_cons",
    "free(): ",
    "double free",
    "prev_size",
    "ENOMEM",
    " code 137",
    "status 137",
    "=9/KILL",
    "emory exhausted",
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
    needles: Grams,
    words: Grams,
    /// For each word the rules that have it, as bits: most words are of one.
    rules_of: Vec<u128>,
    rules: Vec<Rule>,
}

/// Rules that fit.
#[cfg(test)]
pub(super) const RULES_MAX: usize = 128;

impl Table {
    pub(super) fn new() -> Self {
        let mut words: Vec<&'static str> = Vec::new();
        let rules: Vec<Rule> = signs()
            .map(|sign| Rule {
                sign,
                words: sign.words.iter().map(|all| bits(all, &mut words)).collect(),
                without: bits(sign.without, &mut words),
            })
            .collect();
        let rules_of = words.iter().map(|word| rules_of(word, &rules)).collect();
        Self {
            needles: Grams::new(NEEDLES, Step::Four),
            words: Grams::new(words, Step::Two),
            rules_of,
            rules,
        }
    }

    /// Where the first line of interest may be: anywhere in it.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.needles.find(text).map(|(_, at)| at)
    }

    /// The kinds that a line may be of, by their numbers, the first of which is meant.
    pub(super) fn kinds(&self, line: &[u8]) -> impl Iterator<Item = (usize, &'static Sign)> {
        let (mut found, mut left) = (Bits::default(), 0);
        self.words.hits(line).for_each(|(word, _)| {
            found.add(word);
            left |= self.rules_of.get(word).copied().unwrap_or(0);
        });
        let next = move || {
            let number = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.rules.get(number).map(|rule| (number, rule))
        };
        let is = move |(_, rule): &(usize, &Rule)| {
            !found.has_any(&rule.without) && rule.words.iter().any(|all| found.has_all(all))
        };
        std::iter::from_fn(next).filter(is).map(|(number, rule)| (number, rule.sign))
    }

    pub(super) fn sign(&self, number: usize) -> Option<&'static Sign> {
        self.rules.get(number).map(|rule| rule.sign)
    }
}

fn rules_of(word: &str, rules: &[Rule]) -> u128 {
    let has = |rule: &Rule| rule.sign.words.iter().any(|all| all.contains(&word));
    rules.iter().enumerate().filter(|(_, rule)| has(rule)).fold(0, |all, (number, _)| all | 1 << number)
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

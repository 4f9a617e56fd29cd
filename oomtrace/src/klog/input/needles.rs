//! Words of which every line has one that can begin or end a report, or tells of a program that kills.

use aho_corasick::{AhoCorasick, MatchKind};

/// None of them holds a byte that a wrapper writes in another way.
const NEEDLES: [&str; 24] = [
    "oom-kill",
    "oom_reaper: ",
    "Killed process ",
    "ill process ",
    "ut of memory",
    "Memory cgroup stats for ",
    "emory.oom.group",
    "killed as a result of limit of ",
    "Memory limit reached of cgroup ",
    "OOM request ignored",
    "deadlocked on memory",
    " due to memory pressure for ",
    " due to memory used (",
    " due to swap used (",
    "systemd-oomd killed ",
    "ending SIG",
    "illing process ",
    "mem avail: ",
    "low memory! at or below",
    ", badness: ",
    "oomd kill: ",
    "vict pod(s) to reclaim",
    "is evicted successfully",
    ", object size: ",
];

/// The journal writes a message that can't be shown as an array of bytes, which no word is found in.
const ARRAYS: [&str; 2] = ["\"MESSAGE\":[", "\"MESSAGE\" : ["];

/// Looks for them.
#[derive(Debug)]
pub(super) struct Needles {
    searcher: Option<AhoCorasick>,
}

impl Needles {
    pub(super) fn new() -> Self {
        // Building it can fail only by exceeding sizes that these are far below; then every line is read.
        // Only leftmost matches are looked for many bytes at a time.
        let all = NEEDLES.iter().chain(&ARRAYS);
        Self { searcher: AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(all).ok() }
    }

    /// Where the first is.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        match &self.searcher {
            Some(searcher) => searcher.find(text).map(|found| found.start()),
            None => (!text.is_empty()).then_some(0),
        }
    }
}

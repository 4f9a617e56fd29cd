//! What was written, and what was not.

use crate::pen::Count;

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Kills, before filters.
    pub kills: u64,
    /// Kills that filters kept out.
    pub filtered: u64,
    /// Processes killed in those that only the kernel's log told of.
    pub logged: Option<u64>,
    /// Kills that were not worked on any more when the trace was told to end.
    pub skipped: u64,
    /// The same of other records.
    pub skipped_others: u64,
    /// What was left out for want of room in the output, and said in the stream.
    pub said: Count,
    /// Kills before the last new file, and those of them that filters kept out.
    pub before: (u64, u64),
}

impl Tally {
    /// What was not worked on any more, in words.
    pub(super) fn skipped(&self) -> Option<String> {
        let Self { skipped: kills, skipped_others: others, .. } = self;
        (kills + others > 0).then(|| {
            format!(
                "{kills} kills and {others} other records are not reported: the trace was told to end while they waited"
            )
        })
    }
}

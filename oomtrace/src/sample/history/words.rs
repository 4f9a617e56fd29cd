//! Samples as words of 32 bits.
//!
//! Word 0 is the time in ms on `CLOCK_BOOTTIME` (it wraps after 49 days, and the history reaches back about an hour), word
//! 1 the lowest size of the point's time. Sizes count 4 KiB, whatever the machine's page size: 16 TiB fit, more is kept as
//! that. Events count from the first sample of the entity.

use crate::model::{CounterKind, PartKind};
use crate::sample::{CgroupSample, ProcessSample, SystemSample};

/// Bytes that a word counts.
const UNIT: u64 = 4096;
/// A value that is not known.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// Where the time is.
pub(super) const TIME: usize = 0;
/// Where the lowest size is.
pub(super) const LOW: usize = 1;

/// What a point is made of.
pub(super) trait Shape {
    /// Words of a point.
    const WIDTH: usize;
    /// Blocks that each level may take at the most.
    const BLOCKS: [u16; 4];
    /// Where parts are.
    const PARTS: &'static [(PartKind, usize)];
    /// Where counts of events are.
    const COUNTERS: &'static [(CounterKind, usize)];
    /// The point's size.
    fn size(point: &[u32]) -> u32;
}

/// A process or a family: 8 words, 32 bytes. All five parts at every level: without them growth that is older than the fine
/// points could not be told apart by kind. With 63 points at each of the four levels, a process that changes all the time
/// takes 8.2 KiB, one that never does 228 bytes.
#[derive(Debug)]
pub(super) struct OfProcess;

impl Shape for OfProcess {
    const WIDTH: usize = 8;
    const BLOCKS: [u16; 4] = [9, 9, 9, 9];
    const PARTS: &'static [(PartKind, usize)] = &[
        (PartKind::Anon, 2),
        (PartKind::File, 3),
        (PartKind::Shmem, 4),
        (PartKind::Swap, 5),
        (PartKind::PageTables, 6),
    ];
    const COUNTERS: &'static [(CounterKind, usize)] = &[(CounterKind::MajorFaults, 7)];

    fn size(point: &[u32]) -> u32 {
        point[2..7].iter().fold(0, |sum, part| sum.saturating_add(*part))
    }
}

/// A cgroup or the machine: 14 words, 56 bytes. 100 points as they come (10 s), 60 at each of the other levels: 16 KiB for
/// one that changes all the time.
#[derive(Debug)]
pub(super) struct OfCgroup;

impl Shape for OfCgroup {
    const WIDTH: usize = 14;
    const BLOCKS: [u16; 4] = [25, 15, 15, 15];
    const PARTS: &'static [(PartKind, usize)] = &[
        (PartKind::Swap, 3),
        (PartKind::Anon, 4),
        (PartKind::File, 5),
        (PartKind::Shmem, 6),
        (PartKind::Kernel, 7),
        (PartKind::Slab, 8),
        (PartKind::Sock, 9),
        (PartKind::PageTables, 10),
    ];
    const COUNTERS: &'static [(CounterKind, usize)] =
        &[(CounterKind::Refaults, 11), (CounterKind::LimitHits, 12), (CounterKind::HighHits, 13)];

    fn size(point: &[u32]) -> u32 {
        point[2]
    }
}

/// Time in ms as a word.
pub(super) fn ms(time_ns: u64) -> u32 {
    u32::try_from((time_ns / 1_000_000) & u64::from(u32::MAX)).unwrap_or(0)
}

/// Bytes as a word.
pub(super) fn pages(bytes: u64) -> u32 {
    u32::try_from(bytes / UNIT).unwrap_or(UNKNOWN).min(UNKNOWN - 1)
}

/// A word as bytes.
pub(super) fn bytes(pages: u32) -> u64 {
    u64::from(pages) * UNIT
}

fn count(value: u64, base: u64) -> u32 {
    u32::try_from(value.saturating_sub(base)).unwrap_or(UNKNOWN).min(UNKNOWN - 1)
}

/// A process's sample; its major faults count from `faults`.
pub(super) fn process(sample: &ProcessSample, time: u32, faults: u64) -> [u32; OfProcess::WIDTH] {
    let ProcessSample { anon, file, shmem, swap, page_tables, major_faults, .. } = *sample;
    let mut point = [time, 0, pages(anon), pages(file), pages(shmem), pages(swap), pages(page_tables), 0];
    point[LOW] = OfProcess::size(&point);
    point[7] = count(major_faults, faults);
    point
}

/// What is known of a cgroup beside its usage; kept from one sample to the next, because not every one has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    words: [u32; 11],
    base: [u64; 3],
}

impl Default for Held {
    fn default() -> Self {
        Self { words: [UNKNOWN; 11], base: [u64::MAX; 3] }
    }
}

impl Held {
    /// A cgroup's sample. What it lacks is as it was last.
    pub(super) fn cgroup(&mut self, sample: &CgroupSample, time: u32) -> [u32; OfCgroup::WIDTH] {
        let CgroupSample { swap, anon, file, shmem, kernel, slab, sock, page_tables, .. } = *sample;
        let sizes = [swap, anon, file, shmem, kernel, slab, sock, page_tables];
        for (word, size) in self.words.iter_mut().zip(sizes) {
            *word = size.map_or(*word, pages);
        }
        let events = [sample.refaults, sample.limit_hits, sample.high_hits];
        for ((word, base), events) in self.words[8..].iter_mut().zip(&mut self.base).zip(events) {
            let Some(events) = events else { continue };
            if *base == u64::MAX {
                *base = events;
            }
            *word = count(events, *base);
        }
        self.point(time, pages(sample.usage))
    }

    fn point(&self, time: u32, usage: u32) -> [u32; OfCgroup::WIDTH] {
        let mut point = [time; OfCgroup::WIDTH];
        point[LOW] = usage;
        point[2] = usage;
        point[3..].copy_from_slice(&self.words);
        point
    }

    /// Counts of events that points count from, in the order of the shape's counters.
    pub(super) fn base(&self) -> [u64; 3] {
        self.base.map(|base| if base == u64::MAX { 0 } else { base })
    }

    /// Page cache, as far as it is known.
    pub(super) fn file(&self) -> Option<u64> {
        Some(self.words[2]).filter(|word| *word != UNKNOWN).map(bytes)
    }
}

/// The machine's sample.
pub(super) fn system(sample: &SystemSample, time: u32) -> [u32; OfCgroup::WIDTH] {
    let SystemSample { anon, file, shmem, kernel, slab, page_tables, .. } = *sample;
    let swap = sample.swap_total.saturating_sub(sample.swap_free);
    let sizes = [swap, anon, file, shmem, kernel, slab].map(pages);
    let mut held = Held::default();
    held.words[..6].copy_from_slice(&sizes);
    held.words[7] = pages(page_tables);
    held.point(time, pages(sample.used()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_values_are_kept_as_the_largest_and_never_as_unknown() {
        let huge = ProcessSample { anon: u64::MAX, major_faults: u64::MAX, ..ProcessSample::default() };
        let point = process(&huge, 1, 0);
        assert_eq!((point[2], point[7], OfProcess::size(&point)), (UNKNOWN - 1, UNKNOWN - 1, UNKNOWN - 1));
        let both = ProcessSample { anon: 1 << 60, file: 1 << 60, ..ProcessSample::default() };
        assert_eq!(OfProcess::size(&process(&both, 1, 0)), UNKNOWN);
    }

    #[test]
    fn what_a_sample_lacks_is_as_it_was_last_and_unknown_before() {
        let mut held = Held::default();
        let usage_only = CgroupSample { usage: 8192, ..CgroupSample::default() };
        assert_eq!(held.cgroup(&usage_only, 5)[..5], [5, 2, 2, UNKNOWN, UNKNOWN]);
        let full =
            CgroupSample { usage: 8192, anon: Some(4096), limit_hits: Some(10), ..CgroupSample::default() };
        assert_eq!(held.cgroup(&full, 6)[4], 1);
        let later = CgroupSample { usage: 8192, limit_hits: Some(13), ..CgroupSample::default() };
        let point = held.cgroup(&later, 7);
        assert_eq!((point[4], point[11], point[12]), (1, UNKNOWN, 3));
    }
}

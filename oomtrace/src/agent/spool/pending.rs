//! What waits to be written, within bounds.

use std::collections::{BTreeMap, VecDeque};

use super::tables::KILL;

/// Bytes of packed records that may wait while the disk takes nothing.
const ROOM: usize = 8 << 20;
/// Peaks that may wait.
const PEAKS: usize = 4096;

/// The highest memory of a cgroup, or of the machine, in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Bytes.
    pub bytes: u64,
    /// The effective limit, 0 for none.
    pub limit: u64,
}

/// A record that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) seq: u64,
    pub(super) kind: u8,
    pub(super) time_ms: i64,
    pub(super) packed: Vec<u8>,
}

/// All that waits.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) records: VecDeque<Waiting>,
    bytes: usize,
    pub(super) peaks: BTreeMap<(u32, Vec<u8>), Peak>,
    pub(super) values: BTreeMap<&'static str, String>,
    /// Records for sinks: true to be queued, false to be taken from the queue.
    pub(super) queue: BTreeMap<(String, u64), bool>,
    /// What gave way here.
    pub(super) dropped: (u64, u64),
}

impl Pending {
    /// Whether something waits.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.peaks.is_empty()
            && self.values.is_empty()
            && self.queue.is_empty()
            && self.dropped == (0, 0)
    }

    /// Adds a record, or replaces the one with this number that still waits. The oldest give way.
    pub(super) fn push(&mut self, record: Waiting) {
        self.bytes += record.packed.len();
        match self.records.iter_mut().find(|known| known.seq == record.seq) {
            Some(known) => {
                self.bytes -= known.packed.len();
                *known = record;
            }
            None => self.records.push_back(record),
        }
        while self.bytes > ROOM && self.records.len() > 1 {
            // Kills are the last to go.
            let at = self.records.iter().position(|record| record.kind != KILL).unwrap_or(0);
            let Some(gone) = self.records.remove(at) else { break };
            self.bytes -= gone.packed.len();
            match gone.kind {
                KILL => self.dropped.0 += 1,
                _ => self.dropped.1 += 1,
            }
        }
    }

    /// Takes a peak of an hour.
    pub(super) fn peak(&mut self, hour: u32, path: &[u8], peak: Peak) {
        let key = (hour, path.to_vec());
        if self.peaks.len() >= PEAKS && !self.peaks.contains_key(&key) {
            self.peaks.pop_first();
        }
        let known = self.peaks.entry(key).or_default();
        if peak.bytes >= known.bytes {
            *known = peak;
        }
    }

    /// All of it is on the disk.
    pub(super) fn done(&mut self) {
        *self = Self::default();
    }
}

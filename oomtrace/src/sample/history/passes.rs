//! When samples were taken, and what stood in the way.

use std::collections::VecDeque;

/// Times that are remembered.
const KEPT: usize = 128;

/// The last times of one kind of pass.
#[derive(Debug, Default)]
pub(super) struct Passes {
    times: VecDeque<u64>,
}

impl Passes {
    /// A pass was taken at `time_ns`.
    pub(super) fn taken(&mut self, time_ns: u64) {
        if self.times.len() == KEPT {
            self.times.pop_front();
        }
        self.times.push_back(time_ns);
    }

    /// Median time between the passes from `awake_ns` to `kill_ns`, in ms; `None` with fewer than two of them.
    pub(super) fn interval_ms(&self, awake_ns: u64, kill_ns: u64) -> Option<u64> {
        let times = self.times.iter().copied();
        let before: Vec<u64> = times.filter(|time| (awake_ns..kill_ns).contains(time)).collect();
        let mut gaps: Vec<u64> = before.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).map(|gap| (gap + 500_000) / 1_000_000)
    }

    /// The last pass before `kill_ns`.
    pub(super) fn last_before(&self, kill_ns: u64) -> Option<u64> {
        self.times.iter().rev().copied().find(|time| *time < kill_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_median_of_what_was_before_the_kill() {
        let mut passes = Passes::default();
        assert_eq!(passes.interval_ms(0, 1), None);
        for ms in [0, 100, 200, 900, 1000, 9000] {
            passes.taken(ms * 1_000_000);
        }
        assert_eq!(passes.interval_ms(0, 2_000_000_000), Some(100));
        assert_eq!(passes.interval_ms(900_000_001, 10_000_000_000), Some(8000));
        assert_eq!(passes.interval_ms(1_000_000_001, 10_000_000_000), None);
        assert_eq!(passes.last_before(2_000_000_000), Some(1_000_000_000));
        assert_eq!(passes.last_before(0), None);
    }
}

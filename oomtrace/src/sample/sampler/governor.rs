//! Keeps the sampler's own CPU time small: what passes cost decides how often they are taken.

use std::time::Duration;

/// Kinds of passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All cgroups and the machine.
    Cgroups,
    /// All processes.
    Processes,
    /// Processes of scopes that are close to their limit.
    Close,
}

/// Share of one CPU that is aimed at, below the 1 % that is promised.
const SHARE: f64 = 0.009;
/// Intervals are not stretched further than this.
const MOST: f64 = 50.0;
/// Weight of a cost that is higher than usual, and of one that is lower: one dear pass is not to slow down the next ones for
/// long, with which it would take all the longer to be forgotten.
const HIGHER: f64 = 0.2;
const LOWER: f64 = 0.5;

#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Usual CPU time of a pass, in s.
    usual: f64,
    /// Time between passes that is wished for, in s; 0 while there are none.
    interval: f64,
    /// Passes so far. The first one opens files and finds everybody new, and says nothing about the others.
    passes: u64,
}

/// The governor.
#[derive(Clone, Debug)]
pub(super) struct Governor {
    costs: [Cost; 3],
    stretch: f64,
}

impl Default for Governor {
    fn default() -> Self {
        Self { costs: [Cost::default(); 3], stretch: 1.0 }
    }
}

impl Governor {
    /// A pass has taken `cpu_ns` of CPU time; more are wished for every `interval`.
    pub(super) fn took(&mut self, kind: Kind, cpu_ns: u64, interval: Duration) {
        let cost = &mut self.costs[kind as usize];
        let seconds = Duration::from_nanos(cpu_ns).as_secs_f64();
        let weight = match cost.passes {
            0 => 0.0,
            1 => 1.0,
            _ if seconds > cost.usual => HIGHER,
            _ => LOWER,
        };
        cost.usual += weight * (seconds - cost.usual);
        cost.passes = cost.passes.saturating_add(1);
        cost.interval = interval.as_secs_f64();
        self.weigh();
    }

    /// No more passes of this kind for now.
    pub(super) fn rests(&mut self, kind: Kind) {
        self.costs[kind as usize].interval = 0.0;
        self.weigh();
    }

    fn weigh(&mut self) {
        let taken = self.costs.iter().filter(|cost| cost.interval > 0.0);
        let share: f64 = taken.map(|cost| cost.usual / cost.interval).sum();
        self.stretch = (share / SHARE).clamp(1.0, MOST);
    }

    /// How many times longer than wished for intervals are.
    pub(super) fn stretch(&self) -> f64 {
        self.stretch
    }

    /// The interval to keep where `interval` is wished for.
    pub(super) fn interval(&self, interval: Duration) -> Duration {
        interval.mul_f64(self.stretch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn cheap_passes_are_taken_as_often_as_wished_for() {
        let mut governor = Governor::default();
        governor.took(Kind::Cgroups, 300_000, TENTH);
        governor.took(Kind::Processes, 580_000, Duration::from_secs(1));
        assert_eq!(governor.interval(TENTH), TENTH);
    }

    #[test]
    fn all_kinds_together_stay_below_one_percent() {
        let mut governor = Governor::default();
        for _ in 0..50 {
            governor.took(Kind::Cgroups, 7_500_000, TENTH);
            governor.took(Kind::Processes, 57_000_000, Duration::from_secs(1));
        }
        let share = 0.0075 / governor.interval(TENTH).as_secs_f64()
            + 0.057 / governor.interval(Duration::from_secs(1)).as_secs_f64();
        assert!(share < 0.01 && share > 0.008, "{share}");
        governor.rests(Kind::Processes);
        assert!(governor.interval(TENTH) < Duration::from_millis(900));
    }

    #[test]
    fn there_is_an_end_to_stretching() {
        let mut governor = Governor::default();
        for _ in 0..2 {
            governor.took(Kind::Close, u64::MAX, TENTH);
        }
        assert_eq!(governor.interval(TENTH), Duration::from_secs(5));
    }

    #[test]
    fn the_first_pass_and_a_single_dear_one_do_not_slow_it_down_for_long() {
        let mut governor = Governor::default();
        governor.took(Kind::Cgroups, 500_000_000, TENTH);
        assert_eq!(governor.interval(TENTH), TENTH, "the first one finds everybody new");
        governor.took(Kind::Cgroups, 300_000, TENTH);
        governor.took(Kind::Cgroups, 50_000_000, TENTH);
        assert!(governor.interval(TENTH) > Duration::from_secs(1));
        for _ in 0..8 {
            governor.took(Kind::Cgroups, 300_000, TENTH);
        }
        assert_eq!(governor.interval(TENTH), TENTH);
    }
}

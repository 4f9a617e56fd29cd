//! How much is due when.

use std::time::Duration;

use super::spec::{Shape, Spec};
use crate::oombench::random::Random;

/// Not more often than this, and not more seldom than that.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(250);

/// The pace of one generator.
#[derive(Debug)]
pub(super) struct Pace {
    shape: Shape,
    rate: f64,
    jitter: f64,
    random: Random,
    /// Due so far, for shapes with jitter.
    sum: f64,
    at: Duration,
}

impl Pace {
    pub(super) fn new(spec: &Spec) -> Self {
        Self {
            shape: spec.shape,
            rate: spec.rate,
            jitter: spec.jitter,
            random: Random::new(spec.seed, "pace"),
            sum: 0.0,
            at: Duration::ZERO,
        }
    }

    /// Bytes that are to be held so long after the onset; `elapsed` never goes back.
    pub(super) fn due(&mut self, elapsed: Duration) -> u64 {
        let due = match self.shape {
            Shape::Linear => self.linear(elapsed),
            Shape::Portions { period } => {
                let whole = (elapsed.as_secs_f64() / period.as_secs_f64()).floor();
                self.linear(period.mul_f64(whole))
            }
            Shape::Saturating { top, tau } => {
                top * (1.0 - (-elapsed.as_secs_f64() / tau.as_secs_f64()).exp())
            }
            Shape::Sawtooth { top, period } => {
                let turns = elapsed.as_secs_f64() / period.as_secs_f64();
                top * (turns - turns.floor())
            }
        };
        due as u64
    }

    fn linear(&mut self, until: Duration) -> f64 {
        let step = until.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(until);
        self.sum += self.rate * step * (1.0 + self.jitter * self.random.between(-1.0, 1.0));
        self.sum
    }

    /// Time to the next look: about a page's worth, within reason.
    pub(super) fn pause(&self) -> Duration {
        match self.shape {
            Shape::Linear if self.rate > 0.0 => {
                Duration::from_secs_f64(4096.0 / self.rate).clamp(SHORTEST, LONGEST)
            }
            Shape::Portions { period } => (period / 10).clamp(SHORTEST, LONGEST),
            Shape::Saturating { tau, .. } => (tau / 200).clamp(SHORTEST, Duration::from_millis(50)),
            Shape::Sawtooth { period, .. } => (period / 20).clamp(SHORTEST, Duration::from_millis(50)),
            Shape::Linear => LONGEST,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(shape: Shape, jitter: f64) -> Pace {
        Pace::new(&Spec { shape, jitter, rate: 1e6, ..Spec::default() })
    }

    fn at(pace: &mut Pace, ms: u64) -> u64 {
        pace.due(Duration::from_millis(ms))
    }

    #[test]
    fn an_even_rate_is_kept_and_jitter_evens_out() {
        let mut even = pace(Shape::Linear, 0.0);
        assert_eq!(at(&mut even, 500), 500_000);
        let mut uneven = pace(Shape::Linear, 0.5);
        let mut last = 0;
        for step in 1..=10_000 {
            let due = at(&mut uneven, step);
            assert!(due >= last);
            last = due;
        }
        assert!((9_800_000..10_200_000).contains(&last), "{last}");
    }

    #[test]
    fn shapes_are_what_their_names_say() {
        let mut portions = pace(Shape::Portions { period: Duration::from_secs(1) }, 0.0);
        assert_eq!(at(&mut portions, 900), 0);
        assert_eq!(at(&mut portions, 1_100), 1_000_000);
        let mut warm = pace(Shape::Saturating { top: 1e6, tau: Duration::from_secs(1) }, 0.0);
        assert_eq!(at(&mut warm, 1_000), 632_120);
        let mut teeth = pace(Shape::Sawtooth { top: 1e6, period: Duration::from_secs(1) }, 0.0);
        assert_eq!(at(&mut teeth, 750), 750_000);
        assert_eq!(at(&mut teeth, 1_250), 250_000);
    }
}

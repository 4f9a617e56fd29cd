//! When a limit will be hit, from how memory has grown.

use std::collections::VecDeque;

const SECOND: f64 = 1e9;
/// Points are at least so far apart, and reach back so far, ns.
const APART_NS: u64 = 4_500_000_000;
const REACH_NS: u64 = 120_000_000_000;
/// Fewer points, over a shorter time, say nothing: a program that starts grows, too.
const POINTS: usize = 7;
const SPAN_S: f64 = 45.0;
/// Growth that has fallen to this share of what it was is about to end.
const SLOWER: f64 = 0.6;
/// Growth by less in the time looked at is none, bytes.
const LEAST: f64 = 1_048_576.0;

/// Memory over the last two minutes.
#[derive(Clone, Debug, Default)]
pub struct Track {
    points: VecDeque<(u64, u64)>,
}

/// Steady growth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Bytes in a second.
    pub rate: f64,
    /// The slowest and the fastest that the samples allow.
    pub range: [f64; 2],
}

impl Track {
    /// Adds a sample, unless it follows the last one too closely.
    pub fn push(&mut self, time_ns: u64, used: u64) {
        if self.points.back().is_some_and(|(last, _)| time_ns < last.saturating_add(APART_NS)) {
            return;
        }
        self.points.push_back((time_ns, used));
        while self.points.front().is_some_and(|(first, _)| first.saturating_add(REACH_NS) < time_ns) {
            self.points.pop_front();
        }
    }

    /// Whether nothing was added for as long as it reaches back.
    #[must_use]
    pub fn is_stale(&self, now_ns: u64) -> bool {
        self.points.back().is_none_or(|(last, _)| last.saturating_add(REACH_NS) < now_ns)
    }

    /// Its growth, where that is steady.
    #[must_use]
    pub fn forecast(&self) -> Option<Forecast> {
        let points: Vec<(u64, u64)> = self.points.iter().copied().collect();
        forecast(&points)
    }
}

impl Forecast {
    /// Seconds until `headroom` bytes are used up: likely, and the earliest and the latest.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a forecast is not exact to the byte")]
    pub fn time_to(&self, headroom: u64) -> (f64, [f64; 2]) {
        let headroom = headroom as f64;
        (headroom / self.rate, [headroom / self.range[1], headroom / self.range[0]])
    }
}

/// The growth of `points` (ns, bytes); `None` when they are too few, do not grow, or grow more and more slowly.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "bytes and ns of a few minutes fit")]
pub fn forecast(points: &[(u64, u64)]) -> Option<Forecast> {
    let first = points.first()?;
    let points: Vec<(f64, f64)> = points
        .iter()
        .map(|(time, used)| (time.saturating_sub(first.0) as f64 / SECOND, *used as f64))
        .collect();
    let span = points.last()?.0;
    if points.len() < POINTS || span < SPAN_S {
        return None;
    }
    let (rate, error) = slope(&points)?;
    let (before, after) = points.split_at(points.len() / 2);
    let (earlier, later) = (slope(before)?.0, slope(after)?.0);
    let is_slowing = later <= 0.0 || later < earlier * SLOWER;
    let slowest = rate.min(later) - 2.0 * error;
    if is_slowing || slowest <= 0.0 || rate * span < LEAST {
        return None;
    }
    Some(Forecast { rate, range: [slowest, rate.max(later) + 2.0 * error] })
}

/// Least squares: bytes in a second, and the standard error of that.
#[expect(clippy::cast_precision_loss, reason = "a few dozen points")]
fn slope(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (time, used) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - time).powi(2)).sum();
    let common: f64 = points.iter().map(|point| (point.0 - time) * (point.1 - used)).sum();
    if spread <= 0.0 {
        return None;
    }
    let rate = common / spread;
    let rest: f64 = points.iter().map(|point| (point.1 - used - rate * (point.0 - time)).powi(2)).sum();
    Some((rate, (rest / (count - 2.0) / spread).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const S: u64 = 1_000_000_000;

    fn course(used: impl Fn(u64) -> u64) -> Vec<(u64, u64)> {
        (0..=24).map(|step| (step * 5 * S, used(step * 5))).collect()
    }

    #[test]
    fn steady_growth_has_a_time_and_a_range() {
        let found = forecast(&course(|second| (100 + 2 * second + second % 3) * MIB)).unwrap();
        let (time, [earliest, latest]) = found.time_to(480 * MIB);
        assert!((220.0..260.0).contains(&time), "{time}");
        assert!(earliest < time && time < latest && latest < 400.0, "{earliest} {latest}");
    }

    #[test]
    fn silent_without_growth_while_it_slows_down_and_at_start_up() {
        assert_eq!(forecast(&course(|_| 100 * MIB)), None);
        assert_eq!(forecast(&course(|second| (500 - second) * MIB)), None);
        // Fills a cache: fast, then slower and slower.
        assert_eq!(forecast(&course(|second| 400 * MIB - 300 * MIB / (1 + second / 20))), None);
        assert_eq!(forecast(&course(|second| second * 2 * MIB)[..6]), None, "30 s are too short");
        // Up and down around a mean.
        assert_eq!(forecast(&course(|second| (100 + second % 20 * 5) * MIB)), None);
        assert_eq!(forecast(&[]), None);
    }

    #[test]
    fn points_are_apart_and_do_not_reach_back_for_ever() {
        let mut track = Track::default();
        (0..600).for_each(|second| track.push(second * S, second * MIB));
        assert!(track.points.len() < 30);
        assert!(track.forecast().is_some());
        assert!(track.is_stale(800 * S) && !track.is_stale(610 * S));
    }
}

//! Memory over the time of a run, in bounded space.

/// Points kept: when there are more, two become one.
const POINTS: usize = 600;
/// Points that a rate needs.
const ENOUGH: usize = 8;

/// Values at growing distances in time; each keeps the highest of those it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Milliseconds since the start, bytes.
    points: Vec<(u64, u64)>,
    /// Values that a point stands for.
    per_point: u32,
    /// Values that the last point stands for so far.
    filled: u32,
}

impl Default for Series {
    fn default() -> Self {
        Self { points: Vec::with_capacity(POINTS), per_point: 1, filled: 1 }
    }
}

impl Series {
    /// Takes a value.
    pub(super) fn push(&mut self, ms: u64, bytes: u64) {
        if self.filled < self.per_point
            && let Some(last) = self.points.last_mut()
        {
            *last = (ms, last.1.max(bytes));
            self.filled += 1;
            return;
        }
        if self.points.len() == POINTS {
            self.points = self.points.chunks(2).map(|two| two[0].max_of(two.get(1))).collect();
            self.per_point *= 2;
        }
        self.points.push((ms, bytes));
        self.filled = 1;
    }

    /// The points.
    pub(super) fn points(&self) -> &[(u64, u64)] {
        &self.points
    }

    /// The highest value.
    pub(super) fn highest(&self) -> Option<u64> {
        self.points.iter().map(|(_, bytes)| *bytes).max()
    }

    /// The last value.
    pub(super) fn last(&self) -> Option<u64> {
        self.points.last().map(|(_, bytes)| *bytes)
    }

    /// Bytes a second over the second half, by least squares; `None` with too few points.
    pub(super) fn rate(&self) -> Option<f64> {
        let half = &self.points[self.points.len() / 2..];
        if half.len() < ENOUGH {
            return None;
        }
        #[allow(clippy::cast_precision_loss)] // of a tenth of a byte
        let points: Vec<(f64, f64)> =
            half.iter().map(|(ms, bytes)| (*ms as f64 / 1e3, *bytes as f64)).collect();
        #[allow(clippy::cast_precision_loss)] // a few hundred
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (middle, level) = (mean(|p| p.0), mean(|p| p.1));
        let spread: f64 = points.iter().map(|(x, _)| (x - middle).powi(2)).sum();
        let slope: f64 = points.iter().map(|(x, y)| (x - middle) * (y - level)).sum();
        (spread > 0.0).then(|| slope / spread)
    }

    /// A picture in one line of at most `width` characters, up to `full` (the limit) or the highest value.
    pub(super) fn sparkline(&self, width: usize, full: Option<u64>) -> String {
        const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let full = full.or(self.highest()).unwrap_or(0).max(1);
        let columns = width.min(self.points.len());
        let bar = |column: usize| {
            let range = self.points.len() * column / columns..self.points.len() * (column + 1) / columns;
            let highest = self.points[range].iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
            let eighth = u128::from(highest) * 8 / u128::from(full);
            BARS[usize::try_from(eighth).unwrap_or(7).min(7)]
        };
        (0..columns).map(bar).collect()
    }
}

/// Joins two points.
trait MaxOf {
    fn max_of(&self, other: Option<&Self>) -> Self;
}

impl MaxOf for (u64, u64) {
    fn max_of(&self, other: Option<&Self>) -> Self {
        other.map_or(*self, |other| (other.0, self.1.max(other.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_never_loses_the_peak() {
        let mut series = Series::default();
        for at in 0..10_000_u64 {
            series.push(at * 100, if at == 4321 { 9_999 } else { at % 50 });
        }
        assert!(series.points().len() <= POINTS);
        assert_eq!(series.highest(), Some(9_999));
        assert!(series.points().is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(series.points().last().unwrap().0, 999_900);
    }

    #[test]
    fn the_rate_is_of_the_second_half() {
        let mut series = Series::default();
        for at in 0..100_u64 {
            // Flat, then 10 bytes every 100 ms.
            series.push(at * 100, 1000 + at.saturating_sub(50) * 10);
        }
        let rate = series.rate().unwrap();
        assert!((rate - 100.0).abs() < 1.0, "{rate}");
        let mut short = Series::default();
        (0..5).for_each(|at| short.push(at, at));
        assert_eq!(short.rate(), None);
    }

    #[test]
    fn a_picture_against_the_limit() {
        let mut series = Series::default();
        for (at, bytes) in [0, 25, 50, 75, 100].into_iter().enumerate() {
            series.push(at as u64, bytes);
        }
        assert_eq!(series.sparkline(40, Some(100)), "▁▃▅▇█");
        assert_eq!(series.sparkline(2, Some(200)), "▂▅");
        assert_eq!(Series::default().sparkline(10, None), "");
    }
}

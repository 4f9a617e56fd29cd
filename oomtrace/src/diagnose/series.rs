//! Memory over time as the diagnosis uses it: in order, without what came after the kill, in numbers that can't overflow.

/// Values are cut here (8 PiB), so that sums of a thousand of them fit and `f64` holds each exactly.
const MOST: u64 = 1 << 53;

/// Times are cut here: a hundred years before the kill.
const OLDEST_MS: i64 = -100 * 366 * 86_400_000;

/// One point, which may stand for some time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// ms from the kill, not above 0.
    pub t: i64,
    /// Highest value of its time.
    pub high: i64,
    /// Lowest value of its time.
    pub low: i64,
}

impl Point {
    /// In the middle of what its time saw.
    pub(super) fn mid(self) -> i64 {
        self.low + (self.high - self.low) / 2
    }
}

/// Points in order of time, one for each time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Series {
    points: Vec<Point>,
}

/// A value within what is reckoned with.
pub(super) fn cut(bytes: u64) -> i64 {
    i64::try_from(bytes.min(MOST)).unwrap_or(i64::MAX)
}

impl Series {
    /// From what a record holds, whatever that is: points after the kill are left out, the order is restored.
    pub(super) fn new(points: &[(i64, u64)], low: &[u64]) -> Self {
        let low_of = |at: usize, high: i64| low.get(at).map_or(high, |low| cut(*low).min(high));
        let kept = points.iter().enumerate().filter(|(_, (t, _))| *t <= 0);
        let made = kept.map(|(at, (t, bytes))| {
            let high = cut(*bytes);
            Point { t: (*t).max(OLDEST_MS), high, low: low_of(at, high) }
        });
        Self::from_points(made.collect())
    }

    /// From points in any order; of several at one time the last counts.
    pub(super) fn from_points(mut points: Vec<Point>) -> Self {
        if !points.is_sorted_by_key(|point| point.t) {
            points.sort_by_key(|point| point.t);
        }
        points.reverse();
        points.dedup_by_key(|point| point.t);
        points.reverse();
        Self { points }
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    pub(super) fn first(&self) -> Option<Point> {
        self.points.first().copied()
    }

    pub(super) fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }

    /// Points at and after `from`.
    pub(super) fn since(&self, from: i64) -> &[Point] {
        &self.points[self.points.partition_point(|point| point.t < from)..]
    }

    /// The value at `t`, on the line between its neighbours; the first before the first point, the last after the last.
    pub(super) fn at(&self, t: i64) -> Option<i64> {
        let after = self.points.partition_point(|point| point.t <= t);
        let right = self.points.get(after);
        let Some(left) = after.checked_sub(1).and_then(|at| self.points.get(at)) else {
            return right.map(|point| point.mid());
        };
        let Some(right) = right.filter(|_| left.t != t) else {
            return Some(left.mid());
        };
        let part = (t - left.t) as f64 / (right.t - left.t) as f64;
        Some(left.mid() + ((right.mid() - left.mid()) as f64 * part) as i64)
    }

    /// Lowest and highest value that its samples allow at `t`.
    pub(super) fn around(&self, t: i64) -> Option<(i64, i64)> {
        let after = self.points.partition_point(|point| point.t <= t);
        let left = after.checked_sub(1).map(|at| self.points[at]);
        let right = self.points.get(after).copied().filter(|_| left.is_none_or(|left| left.t < t));
        let both = [left, right].into_iter().flatten();
        Some((both.clone().map(|point| point.low).min()?, both.map(|point| point.high).max()?))
    }

    /// Adds the value at the kill, unless there is one.
    pub(super) fn at_kill(&mut self, bytes: i64) {
        if self.last().is_none_or(|last| last.t < 0) {
            self.points.push(Point { t: 0, high: bytes, low: bytes });
        }
    }

    /// Sets the value at the kill, which is more certain than a sample of the same time.
    pub(super) fn correct_at_kill(&mut self, bytes: i64) {
        self.points.retain(|point| point.t < 0);
        self.at_kill(bytes);
    }

    /// Adds a point before all others.
    pub(super) fn begin(&mut self, t: i64, bytes: i64) {
        let t = t.clamp(OLDEST_MS, 0);
        if self.first().is_none_or(|first| t < first.t) {
            self.points.insert(0, Point { t, high: bytes, low: bytes });
        }
    }

    /// Several together, at no more than [`SLOPE_POINTS`](super::thresholds::SLOPE_POINTS) of their times. Each counts from its
    /// first point to its last, and after that as long as it has not exited.
    pub(super) fn sum<'s>(all: impl Iterator<Item = (&'s Self, Option<i64>)>) -> Self {
        let all: Vec<_> = all.collect();
        let mut times: Vec<_> =
            all.iter().flat_map(|(series, _)| series.points.iter().map(|p| p.t)).collect();
        times.sort_unstable();
        times.dedup();
        let step = times.len().div_ceil(super::thresholds::SLOPE_POINTS).max(1);
        let last = times.last().copied();
        let kept = times.iter().copied().step_by(step).chain(last);
        let sum_at = |t: i64| -> i64 { all.iter().map(|(series, exited)| series.alive_at(t, *exited)).sum() };
        let sums = kept.map(|t| (t, sum_at(t))).map(|(t, sum)| Point { t, high: sum, low: sum });
        Self::from_points(sums.collect())
    }

    /// This without several others, each as long as it was there.
    pub(super) fn without<'s>(&self, others: impl Iterator<Item = (&'s Self, Option<i64>)>) -> Self {
        let others: Vec<_> = others.collect();
        let points = self.points.iter().map(|point| {
            let theirs: i64 = others.iter().map(|(series, exited)| series.alive_at(point.t, *exited)).sum();
            Point { t: point.t, high: (point.high - theirs).max(0), low: (point.low - theirs).max(0) }
        });
        Self { points: points.collect() }
    }

    /// Time between the samples that show the growth, ms: each step counts as much as it rose.
    pub(super) fn mean_step(&self) -> Option<f64> {
        let steps = self
            .points
            .windows(2)
            .map(|pair| ((pair[1].t - pair[0].t) as f64, (pair[1].high - pair[0].high).max(0) as f64));
        let (sum, rise) = steps.fold((0.0, 0.0), |(sum, all), (ms, rise)| (sum + ms * rise, all + rise));
        (rise > 0.0).then(|| sum / rise)
    }

    fn alive_at(&self, t: i64, exited: Option<i64>) -> i64 {
        let begun = self.first().is_some_and(|first| first.t <= t);
        let gone = exited.is_some_and(|exited| t >= exited);
        if begun && !gone { self.at(t).unwrap_or(0) } else { 0 }
    }

    /// Fewer points for costly work: of each stretch of equal number the one with the lowest value, which keeps the floor of
    /// a sawtooth, and the last point.
    pub(super) fn floor(points: &[Point], most: usize) -> Vec<(i64, i64)> {
        let most = most.max(2);
        if points.len() <= most {
            return points.iter().map(|point| (point.t, point.low)).collect();
        }
        let step = points.len().div_ceil(most - 1);
        let lowest = |stretch: &[Point]| stretch.iter().min_by_key(|point| point.low).copied();
        let mut out: Vec<_> =
            points.chunks(step).filter_map(lowest).map(|point| (point.t, point.low)).collect();
        if let Some(last) = points.last().filter(|last| out.last().is_none_or(|(t, _)| *t < last.t)) {
            out.push((last.t, last.low));
        }
        out
    }
}

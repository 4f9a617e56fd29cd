//! How fast something grew, and since when.

use super::series::{Point, Series};
use super::thresholds::SLOPE_POINTS;

/// Median of the slopes between all pairs of points, each pair counting as much as its time is long, in bytes a second.
///
/// Half of the time could be covered by outliers without changing it much; short distances, where batches of the counters and
/// ripple are large beside the growth, count little. `None` with fewer than two times.
pub(super) fn rate(points: &[(i64, i64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (at, (t, bytes)) in points.iter().enumerate() {
        for (later, more) in &points[at + 1..] {
            let ms = (later - t) as f64;
            if ms > 0.0 {
                slopes.push(((more - bytes) as f64 * 1000.0 / ms, ms));
            }
        }
    }
    slopes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = slopes.iter().map(|(_, ms)| ms).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    slopes.iter().find_map(|(slope, ms)| {
        sum += ms;
        (sum >= half).then_some(*slope)
    })
}

/// The rate of what `points` show, by their floor.
pub(super) fn rate_of(points: &[Point]) -> Option<f64> {
    rate(&Series::floor(points, SLOPE_POINTS))
}

/// Since when it grows: the time that makes "level until then, straight up from there" fit best, each point counting as much
/// as the time that it stands for. The first point where it grew all along.
pub(super) fn onset(points: &[Point]) -> Option<i64> {
    let floor = Series::floor(points, SLOPE_POINTS);
    let weights = weights(&floor);
    let error_from = |at: usize| hinge_error(&floor, &weights, floor[at].0);
    let candidates = 0..floor.len().saturating_sub(1);
    candidates.map(|at| (error_from(at), floor[at].0)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, t)| t)
}

/// Half of the time to both neighbours.
fn weights(floor: &[(i64, i64)]) -> Vec<f64> {
    let gap = |a: usize, b: usize| floor.get(b).zip(floor.get(a)).map_or(0, |(b, a)| b.0 - a.0) as f64;
    (0..floor.len())
        .map(|at| (at.checked_sub(1).map_or(0.0, |before| gap(before, at)) + gap(at, at + 1)) / 2.0)
        .collect()
}

/// What is left of the squares after the best fit of `level + slope * max(0, t - from)`.
fn hinge_error(floor: &[(i64, i64)], weights: &[f64], from: i64) -> f64 {
    let rows = || floor.iter().zip(weights).map(|((t, y), w)| ((t - from).max(0) as f64, *y as f64, *w));
    let total: f64 = rows().map(|(_, _, w)| w).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let mean = |f: &dyn Fn(f64, f64) -> f64| rows().map(|(x, y, w)| w * f(x, y)).sum::<f64>() / total;
    let (x, y) = (mean(&|x, _| x), mean(&|_, y| y));
    let spread = mean(&|a, _| (a - x) * (a - x));
    let both = mean(&|a, b| (a - x) * (b - y));
    let whole = mean(&|_, b| (b - y) * (b - y));
    // A slope downwards is no onset of growth.
    if spread <= 0.0 || both <= 0.0 { whole } else { (whole - both * both / spread).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(i64, i64)]) -> Vec<Point> {
        values.iter().map(|(t, bytes)| Point { t: *t, high: *bytes, low: *bytes }).collect()
    }

    #[test]
    fn rate_of_a_line_whatever_the_intervals() {
        let line = [(-60_000, 0), (-59_900, 100), (-30_000, 30_000), (-100, 59_900), (0, 60_000)];
        assert_eq!(rate(&line), Some(1000.0));
        assert_eq!(rate(&line[..1]), None);
        assert_eq!(rate(&[(-5, 1), (-5, 9)]), None);
    }

    #[test]
    fn rate_does_not_mind_a_few_outliers() {
        let mut line: Vec<_> = (0..50).map(|at| (-50_000 + at * 1000, at * 1_000_000)).collect();
        for at in [5, 17, 30, 44] {
            line[at].1 += 400_000_000;
        }
        let found = rate(&line).unwrap();
        assert!((found - 1e6).abs() < 5e4, "{found}");
    }

    #[test]
    fn onset_is_where_the_level_ends() {
        let course: Vec<_> = (0..100)
            .map(|at| (-100_000 + at * 1000, 50_000 + (at % 3) * 200 + (at - 60).max(0) * 1000))
            .collect();
        let found = onset(&points(&course)).unwrap();
        assert!((-42_000..=-38_000).contains(&found), "{found}");
        let all_along: Vec<_> = (0..100).map(|at| (-100_000 + at * 1000, at * 1000)).collect();
        assert_eq!(onset(&points(&all_along)), Some(-100_000));
        assert_eq!(onset(&[]), None);
    }

    #[test]
    fn onset_after_a_gap() {
        // Suspended for an hour in the middle of a level, then growing.
        let mut course: Vec<_> = (0..20).map(|at| (-3_700_000 + at * 1000, 1000)).collect();
        course.extend((0..20).map(|at| (-20_000 + at * 1000, 1000 + at * 5_000)));
        let found = onset(&points(&course)).unwrap();
        assert!((-21_000..=-18_000).contains(&found), "{found}");
    }
}

//! The course of a growth: at once, steady, slowing down, up and down.

use super::series::{Point, Series};
use super::slope;
use super::thresholds::{
    AT_LIMIT, AT_ONCE_MS, BEFORE_LIMIT, BURST_END, BURST_SHARE, BURST_TIME, COURSE_POINTS, EVEN, FLOOR_RISES,
    GROWN, RATE_OFF, SAME_RATE, SAWTOOTH_FALLS, SAWTOOTH_TROUGHS, SLOPE_POINTS, ZIGZAG,
};

/// What a series shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shape {
    /// ms from the kill: when the growth began.
    pub onset: i64,
    /// The samples begin no earlier than that, so it may have begun before.
    pub onset_at_begin: bool,
    /// By how much it grew since then.
    pub bytes: i64,
    /// Of the whole followed life, ms.
    pub life: i64,
    /// Samples since the onset.
    pub samples: usize,
    /// Bytes a second since the onset, until then.
    pub rate: Option<f64>,
    /// The growth lies between two samples: it was as fast as that or faster.
    pub rate_at_least: bool,
    /// Up to when rates are measured, ms from the kill: when the scope came to its limit, where what grew then could still be
    /// measured before; else 0.
    pub until: i64,
    /// Most of it at once, and not long before the kill.
    pub burst: Option<Burst>,
    /// Rates of the earlier and of the later half, bytes a second; the earlier one is above 0.
    pub early_late: Option<(f64, f64)>,
    /// It goes up and down.
    pub sawtooth: Option<Sawtooth>,
    /// Growth and time that the rate is of: one divided by the other is the rate, or nearly.
    pub paced: Option<Paced>,
}

/// Growth within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paced {
    pub bytes: i64,
    pub ms: i64,
}

/// Growth at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    pub from: i64,
    pub to: i64,
    pub bytes: i64,
}

/// Ups and downs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sawtooth {
    pub troughs: usize,
    /// Between the first low point after the start and the last.
    pub floor_rise: i64,
    /// Time between these, ms.
    pub over: i64,
    /// The floor rises by so much that it would have reached the limit.
    pub rises: bool,
}

/// The shape of a series up to the kill. `crowded` is when the scope came to its limit: what slows down after that may be
/// slowed by reclaim.
pub(super) fn of(series: &Series, crowded: Option<i64>) -> Shape {
    let points = series.points();
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return Shape::default() };
    let onset = slope::onset(points).unwrap_or(first.t);
    let since = series.since(onset);
    let begin = since.first().copied().unwrap_or(first);
    let sawtooth = sawtooth(points);
    let (until, early_late) = early_late(series, onset, crowded);
    let measured = &since[..since.partition_point(|point| point.t <= until)];
    let mut shape = Shape {
        onset,
        onset_at_begin: onset == first.t,
        bytes: (last.high - begin.low).max(0),
        life: last.t - first.t,
        samples: since.len(),
        rate: slope::rate_of(measured),
        rate_at_least: measured.len() <= 2,
        until,
        burst: burst(points, since, first, last).filter(|burst| sawtooth.is_none() || !usual(points, burst)),
        early_late: early_late.filter(|_| since.len() >= COURSE_POINTS),
        sawtooth,
        paced: None,
    };
    pace(&mut shape, measured);
    agree(&mut shape, measured);
    if let Some(burst) = shape.burst {
        (shape.onset, shape.onset_at_begin) = (burst.from, burst.from == first.t);
        shape.bytes = (last.high - series.at(burst.from).unwrap_or(0)).max(0);
        shape.samples = series.since(burst.from).len();
        shape.rate = Some(burst.bytes as f64 * 1000.0 / (burst.to - burst.from).max(1) as f64);
        shape.rate_at_least =
            points.iter().filter(|point| (burst.from..=burst.to).contains(&point.t)).count() <= 2;
        shape.until = 0;
        shape.paced = Some(Paced { bytes: burst.bytes, ms: (burst.to - burst.from).max(1) });
    }
    shape
}

/// What the rate is of. The median of the slopes is that of most of the time. Where the growth was over long before the end,
/// the time until then is what counts; where the two still differ, growth by time does.
fn pace(shape: &mut Shape, measured: &[Point]) {
    let (Some(first), Some(last)) = (measured.first(), measured.last()) else { return };
    let (Some(rate), true) = (shape.rate, last.t > first.t) else { return };
    if shape.sawtooth.is_some() {
        // The floor is what grows; the last tooth is not growth.
        let ms = last.t - first.t;
        let bytes = (rate * ms as f64 / 1000.0) as i64;
        shape.paced = (bytes > 0).then_some(Paced { bytes, ms });
        return;
    }
    let all = Paced { bytes: last.high - first.low, ms: last.t - first.t };
    if all.fits(rate) {
        shape.paced = Some(all);
        return;
    }
    // A jump at one end is no part of the steady growth between.
    let inner = [&measured[..measured.len() - 1], &measured[1..]];
    let steady = inner.into_iter().filter_map(Paced::of).find(|part| part.fits(rate));
    let grew = until_it_stood_still(measured);
    let reached = Paced::of(grew).unwrap_or(all);
    let again = slope::rate_of(grew).filter(|rate| reached.fits(*rate));
    match (steady, again) {
        (Some(steady), _) => shape.paced = Some(steady),
        (None, Some(again)) => (shape.rate, shape.paced) = (Some(again), Some(reached)),
        (None, None) => {
            (shape.rate, shape.rate_at_least) = (reached.rate(), true);
            shape.paced = (reached.bytes > 0).then_some(reached);
        }
    }
}

/// Makes growth by time the rate itself: of the pairs of points that have its slope the one that is longest apart, or, where
/// these are short, the mean.
fn agree(shape: &mut Shape, measured: &[Point]) {
    let (Some(rate), Some(paced)) = (shape.rate, shape.paced) else { return };
    if paced.is(rate) {
        return;
    }
    let floor = Series::floor(measured, SLOPE_POINTS);
    let pairs = floor.iter().enumerate().flat_map(|(at, (t, bytes))| {
        let later = floor[at + 1..].iter();
        later.map(move |(later, more)| Paced { bytes: more - bytes, ms: later - t })
    });
    match pairs.filter(|pair| pair.is(rate)).max_by_key(|pair| pair.ms) {
        Some(pair) if pair.ms * 4 >= paced.ms => shape.paced = Some(pair),
        _ => shape.rate = paced.rate(),
    }
}

/// Up to the point where nearly all of the growth was made.
fn until_it_stood_still(points: &[Point]) -> &[Point] {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return points };
    let level = first.low as f64 + GROWN * (last.high - first.low) as f64;
    match points.iter().position(|point| point.high as f64 >= level) {
        Some(at) if at > 0 => &points[..=at],
        _ => points,
    }
}

impl Paced {
    fn of(points: &[Point]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        Some(Self { bytes: last.high - first.low, ms: last.t - first.t }).filter(|found| found.ms > 0)
    }

    /// Growth by time, bytes a second.
    fn rate(self) -> Option<f64> {
        (self.ms > 0 && self.bytes > 0).then(|| self.bytes as f64 * 1000.0 / self.ms as f64)
    }

    /// It is that rate, within 1 %.
    fn is(self, rate: f64) -> bool {
        self.rate().is_some_and(|mean| (mean / rate - 1.0).abs() <= SAME_RATE)
    }

    fn fits(self, rate: f64) -> bool {
        self.rate().is_some_and(|mean| rate <= RATE_OFF * mean && rate * RATE_OFF >= mean)
    }
}

/// The shortest time in which the series made at least half of what it grew by `since` its onset, if that is short, near its end
/// and led to where it had not been before.
fn burst(points: &[Point], since: &[Point], first: Point, last: Point) -> Option<Burst> {
    let growth = last.high - since.first()?.low;
    let life = (last.t - first.t) as f64;
    let shortest = shortest_rise(since, ((growth as f64 * BURST_SHARE) as i64).max(1))?;
    let span = (shortest.to - shortest.from) as f64;
    let near_end = (last.t - shortest.to) as f64 <= (life * BURST_END).max(AT_ONCE_MS as f64);
    let at_once = span <= (life * BURST_TIME).max(AT_ONCE_MS as f64);
    let before = points.iter().take_while(|point| point.t <= shortest.from).map(|point| point.high).max()?;
    let new_ground = (last.high - before) as f64 >= BURST_SHARE * shortest.bytes as f64;
    (near_end && at_once && new_ground).then_some(shortest)
}

/// It had taken as much as fast before, and given it back: it is one more tooth.
fn usual(points: &[Point], burst: &Burst) -> bool {
    let before = &points[..points.partition_point(|point| point.t <= burst.from)];
    let tooth = shortest_rise(before, (burst.bytes / 2).max(1));
    tooth.is_some_and(|tooth| tooth.to - tooth.from <= burst.to - burst.from)
}

/// The shortest time between two points that differ by at least `wanted`; of equal ones the one that rises most.
fn shortest_rise(points: &[Point], wanted: i64) -> Option<Burst> {
    // For each end the latest begin that is low enough: a stack of begins, each lower than those after it.
    let mut begins: Vec<Point> = Vec::new();
    let mut best: Option<Burst> = None;
    for end in points {
        let low_enough = begins.partition_point(|begin| end.high - begin.low >= wanted);
        if let Some(begin) = low_enough.checked_sub(1).map(|at| begins[at]) {
            let found = Burst { from: begin.t, to: end.t, bytes: end.high - begin.low };
            let key = |burst: &Burst| (burst.from - burst.to, burst.bytes);
            if best.as_ref().is_none_or(|best| key(&found) >= key(best)) {
                best = Some(found);
            }
        }
        while begins.last().is_some_and(|begin| begin.low >= end.low) {
            begins.pop();
        }
        begins.push(*end);
    }
    best
}

/// Rates of the earlier and the later half of the growth, before the scope was at its limit; and up to when that is.
fn early_late(series: &Series, onset: i64, crowded: Option<i64>) -> (i64, Option<(f64, f64)>) {
    let begin = series.at(onset).unwrap_or(0);
    let grown = |t: i64| (series.at(t).unwrap_or(begin) - begin) as f64;
    let most = |t: &i64| *t > onset && grown(*t) >= BEFORE_LIMIT * grown(0);
    let even = |(early, late): &(f64, f64)| *late >= EVEN * early;
    let before = crowded.filter(most).and_then(|end| Some((end, halves(series, onset, end).filter(even)?)));
    match before {
        Some((end, found)) => (end, Some(found)),
        None => (0, halves(series, onset, 0)),
    }
}

fn halves(series: &Series, onset: i64, end: i64) -> Option<(f64, f64)> {
    let all: Vec<_> = series.since(onset).iter().copied().filter(|point| point.t <= end).collect();
    let floor = Series::floor(&all, SLOPE_POINTS);
    let (first, last) = (floor.first()?, floor.last()?);
    let middle = first.0 + (last.0 - first.0) / 2;
    let split = floor.partition_point(|(t, _)| *t <= middle);
    let (mut early, mut late) = (floor[..split].to_vec(), floor[split..].to_vec());
    // A half of one or two points needs its end.
    let value = (middle, series.at(middle)?);
    if early.len() < 3 && early.last().is_some_and(|(t, _)| *t < middle) {
        early.push(value);
    }
    if late.len() < 3 {
        late.insert(0, value);
    }
    let (early, late) = (slope::rate(&early)?, slope::rate(&late)?);
    (early > 0.0).then_some((early, late))
}

/// When the scope came to its limit to stay there; `None` when it never did before its last point.
pub(super) fn crowded(load: &Series, limit: Option<i64>) -> Option<i64> {
    let level = AT_LIMIT * limit? as f64;
    let points = load.points();
    let below = points.iter().rposition(|point| (point.high as f64) < level)?;
    points.get(below + 1).map(|point| point.t).filter(|t| *t < 0)
}

/// Low points of a series that falls a good part of what it rises.
fn sawtooth(points: &[Point]) -> Option<Sawtooth> {
    let highest = points.iter().map(|point| point.high).max()?;
    let lowest = points.iter().map(|point| point.low).min()?;
    let step = ((highest - lowest) as f64 * ZIGZAG) as i64;
    let (troughs, rises, falls) = zigzag(points, step.max(1));
    if troughs.len() < SAWTOOTH_TROUGHS || (falls as f64) < SAWTOOTH_FALLS * rises as f64 {
        return None;
    }
    // The first low point may be the start, before anything was loaded.
    let settled = if troughs.len() > SAWTOOTH_TROUGHS { &troughs[1..] } else { &troughs[..] };
    let per_second = slope::rate(&thinned(settled))?;
    let over = settled.last()?.0 - settled.first()?.0;
    let floor_rise = (per_second * over as f64 / 1000.0) as i64;
    let rises = floor_rise as f64 >= FLOOR_RISES * highest as f64;
    Some(Sawtooth { troughs: troughs.len(), floor_rise, over, rises })
}

fn thinned(points: &[(i64, i64)]) -> Vec<(i64, i64)> {
    points.iter().step_by(points.len().div_ceil(SLOPE_POINTS).max(1)).copied().collect()
}

/// Low points between changes of direction of at least `step`, and the sums of what it rose and fell.
fn zigzag(points: &[Point], step: i64) -> (Vec<(i64, i64)>, i64, i64) {
    let (mut troughs, mut rises, mut falls) = (Vec::new(), 0_i64, 0_i64);
    let values = points.iter().flat_map(|point| [(point.t, point.low), (point.t, point.high)]);
    let mut values = values.peekable();
    let Some(&start) = values.peek() else { return (troughs, 0, 0) };
    let (mut up, mut turn) = (true, start);
    let mut from = start;
    for value in values {
        if up {
            if value.1 >= turn.1 {
                turn = value;
            } else if turn.1 - value.1 >= step {
                rises += turn.1 - from.1;
                (from, turn, up) = (turn, value, false);
            }
        } else if value.1 <= turn.1 {
            turn = value;
        } else if value.1 - turn.1 >= step {
            falls += from.1 - turn.1;
            troughs.push(turn);
            (from, turn, up) = (turn, value, true);
        }
    }
    if up {
        rises += turn.1 - from.1;
    } else {
        falls += from.1 - turn.1;
    }
    (troughs, rises, falls)
}

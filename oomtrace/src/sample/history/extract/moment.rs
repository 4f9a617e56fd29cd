//! The kill as the point that all times count from.

use super::super::pool::Pool;
use super::super::series::{Point, Series};
use super::super::words::{self, LOW, Shape, TIME, UNKNOWN};
use super::row::Row;

/// How far back points are given, in ms: what the coarsest level holds.
const REACH_MS: u32 = 75 * 60_000;

/// When the kill was, and what of the past counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) kill_ns: u64,
    /// When the machine last woke up before the kill; 0 when it has not slept.
    awake_ns: u64,
    /// Older points are left out, in ms before the kill.
    reach_ms: u32,
}

impl Moment {
    /// `slept_until` is when the machine last woke up, which may have been after the kill.
    pub(super) fn new(kill_ns: u64, slept_until: Option<u64>) -> Self {
        let awake_ns = slept_until.filter(|until| *until <= kill_ns).unwrap_or(0);
        let awake_ms = if awake_ns == 0 { u64::MAX } else { (kill_ns - awake_ns) / 1_000_000 };
        Self { kill_ns, awake_ns, reach_ms: u32::try_from(awake_ms).unwrap_or(REACH_MS).min(REACH_MS) }
    }

    /// When the machine last woke up before the kill; 0 when it has not slept.
    pub(super) fn awake_ns(&self) -> u64 {
        self.awake_ns
    }

    /// Whether the machine has been awake from `time_ns` to the kill, so that times since then say something about rates.
    pub(super) fn is_awake_since(&self, time_ns: u64) -> bool {
        time_ns >= self.awake_ns
    }

    /// How far back points are given, in ms.
    pub(super) fn reach_ms(&self) -> u32 {
        self.reach_ms
    }

    /// A time from the kill, in ms.
    pub(super) fn ms(&self, time_ns: u64) -> i64 {
        let ms = i128::from(time_ns) - i128::from(self.kill_ns);
        i64::try_from(ms / 1_000_000).unwrap_or(i64::MIN)
    }

    /// How long before the kill, in ms; `None` for what was not certainly before it, or too long.
    fn age(&self, time: u32) -> Option<u32> {
        // The ms of the kill itself may hold a sample from after it.
        let age = words::ms(self.kill_ns).wrapping_sub(time);
        (1..=self.reach_ms).contains(&age).then_some(age)
    }

    /// The points before the kill, with their age in ms.
    pub(super) fn points<'a, S: Shape + 'a>(
        self,
        series: &Series<S>,
        pool: &'a Pool,
    ) -> impl Iterator<Item = (u32, Point<'a>)> {
        series.points(pool).filter_map(move |point| Some((self.age(point.words[TIME])?, point)))
    }

    /// The points before the kill as rows.
    pub(super) fn rows<S: Shape>(self, series: &Series<S>, pool: &Pool) -> Vec<Row> {
        self.points(series, pool).map(|(age, point)| self.row::<S>(age, point)).collect()
    }

    fn row<S: Shape>(self, age: u32, point: Point<'_>) -> Row {
        let size = S::size(point.words);
        let time = point.words[TIME];
        // The lowest size of a time that reaches past the kill may be from after it.
        let end = (time / point.step_ms + 1).checked_mul(point.step_ms);
        let whole = point.step_ms == 1 || end.is_some_and(|end| self.age(end).is_some());
        let low = if whole { point.words[LOW] } else { size };
        let at = |at: usize| Some(point.words[at]).filter(|word| *word != UNKNOWN);
        let mut row =
            Row { t: -i64::from(age), size: words::bytes(size), low: words::bytes(low), ..Row::default() };
        for (part, (_, place)) in row.parts.iter_mut().zip(S::PARTS) {
            *part = at(*place).map(words::bytes);
        }
        for (counter, (_, place)) in row.counters.iter_mut().zip(S::COUNTERS) {
            *counter = at(*place).map(u64::from);
        }
        row
    }
}

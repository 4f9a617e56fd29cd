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
    /// Older points are left out, in ms before the kill.
    reach_ms: u32,
}

impl Moment {
    /// `slept_until` is when the machine last woke up.
    pub(super) fn new(kill_ns: u64, slept_until: Option<u64>) -> Self {
        let awake = slept_until.and_then(|until| kill_ns.checked_sub(until));
        let awake_ms = awake.map_or(u32::MAX, |ns| u32::try_from(ns / 1_000_000).unwrap_or(u32::MAX));
        Self { kill_ns, reach_ms: REACH_MS.min(awake_ms) }
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

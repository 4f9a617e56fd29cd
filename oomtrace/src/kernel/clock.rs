//! Wall-clock times of instants on `CLOCK_BOOTTIME`, which is what the kernel side stamps its records with.

use jiff::Timestamp;

/// Readings per measurement; the one that was interrupted the least is taken.
const TRIES: usize = 3;

/// How far `CLOCK_REALTIME` is ahead of `CLOCK_BOOTTIME` at the time it was measured.
///
/// Measure anew for each use: the wall clock can be set, and both drift against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    offset_ns: i128,
}

/// Nanoseconds on `CLOCK_BOOTTIME`: since boot, time asleep included.
#[must_use]
pub fn boottime_ns() -> u64 {
    read(libc::CLOCK_BOOTTIME)
}

/// Nanoseconds on `CLOCK_MONOTONIC`: since boot, without time asleep.
#[must_use]
pub fn monotonic_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds asleep since boot.
#[must_use]
pub fn asleep_ns() -> u64 {
    let awake = monotonic_ns();
    boottime_ns().saturating_sub(awake)
}

/// CPU time of the calling thread in ns.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Wall-clock time of an instant on `CLOCK_BOOTTIME` by the clocks as they are now: RFC 3339, UTC, nanoseconds.
#[must_use]
pub fn rfc3339(boottime_ns: u64) -> String {
    Clock::now().rfc3339(boottime_ns)
}

impl Clock {
    /// Measures the offset.
    #[must_use]
    pub fn now() -> Self {
        let best = std::array::from_fn::<_, TRIES, _>(|_| {
            let before = boottime_ns();
            let real = read(libc::CLOCK_REALTIME);
            let after = boottime_ns();
            (after.saturating_sub(before), i128::from(real) - i128::from(before.midpoint(after)))
        });
        let offset_ns = best.into_iter().min_by_key(|(gap, _)| *gap).map_or(0, |(_, offset)| offset);
        Self { offset_ns }
    }

    /// RFC 3339 in UTC with nanoseconds, e.g. `2026-03-04T05:06:07.000000008Z`.
    #[must_use]
    pub fn rfc3339(&self, boottime_ns: u64) -> String {
        // Both are within 600 years of 1970, far inside of what a timestamp holds.
        let time =
            Timestamp::from_nanosecond(i128::from(boottime_ns) + self.offset_ns).unwrap_or(Timestamp::MAX);
        format!("{time:.9}")
    }
}

/// Nanoseconds of a clock that exists on every kernel since 2.6.39.
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` has room for the answer; a failure, which these clocks do not have, leaves zeros.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    u64::try_from(i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_nine_digits() {
        let clock = Clock { offset_ns: 1_700_000_000_000_000_000 };
        assert_eq!(clock.rfc3339(0), "2023-11-14T22:13:20.000000000Z");
        assert_eq!(clock.rfc3339(1_000_000_001), "2023-11-14T22:13:21.000000001Z");
    }

    #[test]
    fn no_input_is_out_of_range() {
        for offset_ns in [-i128::from(u64::MAX), 0, i128::from(u64::MAX)] {
            assert!(Clock { offset_ns }.rfc3339(u64::MAX).ends_with('Z'));
        }
    }

    #[test]
    fn now_agrees_with_the_wall_clock() {
        let wall = Timestamp::now();
        let ours: Timestamp = rfc3339(boottime_ns()).parse().unwrap();
        assert!(ours.duration_since(wall).as_millis().abs() < 1000, "{ours} against {wall}");
    }
}

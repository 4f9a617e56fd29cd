//! The kernel's rate limit of reports, followed from outside: 10 in 5 s (`DEFAULT_RATELIMIT_BURST` and `_INTERVAL`).
//!
//! The last line of a report, "Killed process", is not limited, so that kills without a report follow when it is used up.

const BURST: u32 = 10;
const INTERVAL_USEC: u64 = 5_000_000;

/// How far the limit is used up.
#[derive(Debug, Default)]
pub(super) struct RateLimit {
    begun_usec: Option<u64>,
    printed: u32,
    suppressed: bool,
}

impl RateLimit {
    /// A kill with its report. Reports of runs without a kill are not limited and do not count.
    pub(super) fn printed(&mut self, usec: Option<u64>) {
        let elapsed = usec.zip(self.begun_usec).map(|(now, begun)| now.saturating_sub(begun));
        // That a report follows a suppressed one, or an eleventh the tenth, shows that another interval has begun.
        let same = elapsed.is_some_and(|elapsed| elapsed <= INTERVAL_USEC)
            && !self.suppressed
            && self.printed < BURST;
        if same {
            self.printed += 1;
        } else {
            (self.begun_usec, self.printed, self.suppressed) = (usec, 1, false);
        }
    }

    /// A kill without its report.
    pub(super) fn suppressed(&mut self) {
        self.suppressed = true;
    }

    /// Whether no report was seen so far, so that nothing is known about it.
    pub(super) fn is_unknown(&self) -> bool {
        self.begun_usec.is_none()
    }

    /// Whether the next report may be suppressed.
    pub(super) fn is_used_up(&self) -> bool {
        self.suppressed || self.printed >= BURST || self.begun_usec.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_in_five_seconds() {
        let mut limit = RateLimit::default();
        for at in 0..10 {
            assert_eq!(limit.is_used_up(), at == 0, "{at}");
            limit.printed(Some(at * 100_000));
        }
        assert!(limit.is_used_up());
        limit.suppressed();
        limit.printed(Some(4_000_000));
        assert!(!limit.is_used_up(), "a report after a suppressed one begins another interval");
        limit.printed(Some(10_000_000));
        assert_eq!(limit.printed, 1);
    }

    #[test]
    fn without_times_nothing_is_sure() {
        let mut limit = RateLimit::default();
        limit.printed(None);
        assert!(limit.is_used_up());
    }
}

//! Counting what passed, failed and could not run.

use std::fmt;
use std::ops::AddAssign;

/// Counts of tests, scenarios and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    /// Of those that passed, the ones that had failed the first time.
    pub(crate) second: u32,
}

impl Tally {
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0, second: 0 };
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0, second: 0 };
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1, second: 0 };
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.second += other.second;
    }
}

/// The last line of a run.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)?;
        match self.second {
            0 => Ok(()),
            second => write!(f, " ({second} passed the second time only)"),
        }
    }
}

//! The scenarios: each a real kill, compared field by field with the kernel's report of it.

mod exit;
mod explained;
mod global;
mod history;
mod hung;
mod iterators;
mod judge;
mod ladder;
mod log_time;
mod memcg;
mod names;
mod numa;
mod record;
mod run;
mod selection;
mod stage;
mod storm;
mod suspend;
mod swap;
mod table;
mod threads;
mod worker;

pub use stage::{NO_REPORT, PREFIX, Stage};
pub use table::SCENARIOS;

use std::fmt;
use std::time::Duration;

use anyhow::Result;

use crate::protocol::Verdict;

/// The machine a scenario needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Memory controller on cgroup v1.
    V1,
    /// Memory controller on cgroup v2.
    V2,
    /// As `V2`, with two memory nodes.
    V2Numa,
    /// As `V2`, with more memory.
    V2Large,
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V2Numa => "v2-numa",
            Self::V2Large => "v2-large",
        })
    }
}

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Unique.
    pub name: &'static str,
    /// What it needs.
    pub boot: Boot,
    /// It kills inside its own memory cgroup only and changes nothing else: it may run on a development machine.
    pub contained: bool,
    /// Guests can run it; their kernels lack what the others need.
    pub in_guests: bool,
    /// It has failed when it takes longer.
    pub limit: Duration,
    /// What happens.
    pub about: &'static str,
    /// Does it.
    pub run: fn(&Stage) -> Result<Verdict>,
}

/// The scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

const MIB: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::SCENARIOS;

    #[test]
    fn names_are_unique_and_plain() {
        for (at, scenario) in SCENARIOS.iter().enumerate() {
            assert!(scenario.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            assert!(!SCENARIOS[..at].iter().any(|other| other.name == scenario.name), "{}", scenario.name);
        }
    }
}

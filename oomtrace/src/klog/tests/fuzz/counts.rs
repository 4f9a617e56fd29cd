//! How often each parser was called.

use std::collections::BTreeMap;
use std::fmt;

/// Calls, by parser, and what came of them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    calls: BTreeMap<&'static str, u64>,
    pub(super) victims: u64,
}

/// Every parser.
const PARSERS: [&str; 17] = [
    "beginning of a line",
    "kind of a line",
    "constraint",
    "row of a table",
    "header of a table",
    "state of the machine",
    "statistics of a cgroup",
    "names of cgroups",
    "processor",
    "record of the device",
    "line of a program",
    "signs",
    "report of lines",
    "whole log",
    "whole capture",
    "watched log",
    "compressed log",
];

impl Counts {
    pub(super) fn add(&mut self, parser: &'static str) {
        debug_assert!(PARSERS.contains(&parser), "{parser}");
        *self.calls.entry(parser).or_default() += 1;
    }

    pub(super) fn all_were_called(&self) -> bool {
        PARSERS.iter().all(|parser| self.calls.contains_key(parser))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} executions, {} victims read", self.calls.values().sum::<u64>(), self.victims)?;
        self.calls.iter().try_for_each(|(parser, calls)| write!(f, "; {parser} {calls}"))
    }
}

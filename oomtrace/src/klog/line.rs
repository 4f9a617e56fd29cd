//! Which kind of line of an OOM report a text is.

use super::parse::invoked;
use super::parse::killed;
use super::parse::memcg::{self, Which};
use super::parse::outcome::{self, NoKill};
use super::parse::tasks;
use super::report::{Chosen, Counter, Killed, Reaped, TaskName, Trigger};

/// A line that tells something by itself.
#[derive(Debug)]
pub(super) enum Line {
    Invoked(Trigger, Option<String>),
    Counter(Which, Counter),
    Protection((u64, u64)),
    TableTitle,
    TableHeader(tasks::Columns),
    Chosen(Chosen),
    Killed(Killed),
    Skipped(TaskName),
    NoKill(NoKill),
    Reaped(Reaped),
}

impl Line {
    /// Reads a line that was printed in one piece.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if let Some((trigger, nodemask)) = invoked::parse(text) {
            return Some(Self::Invoked(trigger, nodemask));
        }
        if let Some(killed) = killed::parse(text) {
            return Some(Self::Killed(killed));
        }
        if let Some((which, counter)) = memcg::counter(text) {
            return Some(Self::Counter(which, counter));
        }
        if text == tasks::TITLE {
            return Some(Self::TableTitle);
        }
        tasks::header(text)
            .map(Self::TableHeader)
            .or_else(|| killed::chosen(text).map(Self::Chosen))
            .or_else(|| killed::skipped(text).map(Self::Skipped))
            .or_else(|| outcome::no_kill(text).map(Self::NoKill))
            .or_else(|| outcome::reaped(text).map(Self::Reaped))
            .or_else(|| memcg::protection(text).map(Self::Protection))
    }
}

//! Pass, fail or unknown: each rule for itself, and the exit code that follows.
//!
//! "No kill seen" is a pass only when one would have been seen: when the hooks were attached throughout and nothing was lost,
//! or when the kernel's own counters did not move.

use std::time::Duration;

use super::args::{FailOn, RunArgs, ScopeKind};
use super::meter::Measured;
use super::supervise::{End, Ended};
use super::watch::Seen;
use crate::words::{bytes, escape};

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// It holds.
    Pass,
    /// It can't be told.
    Unknown,
    /// It was hit.
    Fail,
}

impl Outcome {
    /// One word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// A rule and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// What is asked.
    pub(super) name: String,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Why, in one line. Names in it are escaped.
    pub(super) why: String,
    /// Whether OOM kills violate it.
    pub(super) is_about_kills: bool,
}

/// All rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// In the order of their weight.
    pub(super) rules: Vec<Rule>,
}

impl Verdict {
    /// The worst of all.
    pub(super) fn outcome(&self) -> Outcome {
        self.rules.iter().map(|rule| rule.outcome).max().unwrap_or(Outcome::Pass)
    }
}

/// How kills could be learned of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Witness {
    /// Kernel hooks.
    pub(super) ebpf: bool,
    /// By how much the machine's counter of kills rose.
    pub(super) vmstat: Option<u64>,
    /// By how much that of the command's cgroup did, with all below it.
    pub(super) own: Option<u64>,
    /// What is missing, and why.
    pub(super) notes: Vec<String>,
}

/// All that a verdict rests on.
pub(super) struct Case<'a> {
    pub(super) args: &'a RunArgs,
    pub(super) seen: &'a Seen,
    pub(super) measured: &'a Measured,
    pub(super) witness: &'a Witness,
    pub(super) ended: &'a Ended,
}

impl Case<'_> {
    /// Judges.
    pub(super) fn judge(&self) -> Verdict {
        let mut rules = Vec::new();
        if self.args.fail_on != FailOn::None {
            rules.push(self.kills());
        }
        if self.args.fail_on == FailOn::Any && self.args.scope != ScopeKind::System {
            rules.push(self.kills_of_others());
        }
        rules.extend(self.args.fail_above.map(|percent| self.below(percent)));
        rules.extend(self.args.timeout.map(|timeout| self.in_time(timeout)));
        rules.push(self.observed());
        Verdict { rules }
    }

    /// Kills of the command that its cgroup counted and nobody saw.
    fn unseen(&self) -> u64 {
        self.witness.own.unwrap_or(0).saturating_sub(self.seen.victims)
    }

    /// Whether a kill of the command would have been noticed.
    fn is_certain(&self) -> bool {
        self.seen.is_complete() || self.witness.vmstat == Some(0) || self.witness.own == Some(0)
    }

    fn kills(&self) -> Rule {
        let whose = if self.args.scope == ScopeKind::System { "on this machine" } else { "of the command" };
        let (outcome, why) = match (self.seen.count, self.unseen()) {
            (0, 0) if self.is_certain() => (Outcome::Pass, "there was none".to_owned()),
            (0, 0) => (Outcome::Unknown, format!("none was seen, but {}", self.gap())),
            (0, unseen) => {
                let why =
                    format!("the kernel counted {unseen} in the command's cgroup; who died was not seen");
                (Outcome::Fail, why)
            }
            (count, _) => (Outcome::Fail, self.victims(count)),
        };
        Rule { name: format!("no OOM kill {whose}"), outcome, why, is_about_kills: true }
    }

    /// `worker (pid 12) and 2 more were killed`.
    fn victims(&self, count: u64) -> String {
        let chosen = self.seen.kills.first().and_then(|incident| incident.victims.first());
        let first = chosen.map_or("a process".into(), |victim| {
            format!("{} (pid {})", escape::bytes(victim.comm.as_bytes()), victim.pid)
        });
        match self.seen.victims.max(count) {
            0 | 1 => format!("{first} was killed"),
            more => format!("{first} and {} more were killed", more - 1),
        }
    }

    fn kills_of_others(&self) -> Rule {
        let all = self.seen.count + self.seen.count_elsewhere;
        let (outcome, why) = match (all.max(self.witness.vmstat.unwrap_or(0)), self.seen.count_elsewhere) {
            (0, _) if self.seen.is_complete() || self.witness.vmstat == Some(0) => {
                (Outcome::Pass, "there was none".to_owned())
            }
            (0, _) => (Outcome::Unknown, format!("none was seen, but {}", self.gap())),
            (count, others) => (
                Outcome::Fail,
                format!("{count} on this machine, {others} of them seen outside of the command"),
            ),
        };
        Rule { name: "no OOM kill on this machine".into(), outcome, why, is_about_kills: true }
    }

    fn below(&self, percent: u8) -> Rule {
        let (outcome, why) = match &self.measured.near {
            None => (Outcome::Unknown, "no limit and no memory use could be read".to_owned()),
            Some(near) => {
                let hit = near.permille() >= u64::from(percent) * 10;
                let (peak, limit) = (bytes::size(near.peak), bytes::size(near.limit));
                let tenths = near.permille();
                let why = format!("peak {peak} of {limit} ({}.{} %)", tenths / 10, tenths % 10);
                (if hit { Outcome::Fail } else { Outcome::Pass }, why)
            }
        };
        Rule { name: format!("memory below {percent} % of the limit"), outcome, why, is_about_kills: false }
    }

    fn in_time(&self, timeout: Duration) -> Rule {
        let took = bytes::duration(u64::try_from(self.ended.took.as_nanos()).unwrap_or(u64::MAX));
        let limit = bytes::duration(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        let (outcome, why) = match self.ended.timed_out {
            true => (Outcome::Fail, format!("it timed out after {took}")),
            false => (Outcome::Pass, format!("it took {took}")),
        };
        Rule { name: format!("ended within {limit}"), outcome, why, is_about_kills: false }
    }

    fn observed(&self) -> Rule {
        let (outcome, why) = match () {
            () if self.seen.is_complete() => {
                (Outcome::Pass, "the hooks stayed attached and nothing was lost".to_owned())
            }
            () if self.witness.vmstat == Some(0) => {
                (Outcome::Pass, "the kernel counted no OOM kill on this machine".to_owned())
            }
            () if self.witness.own == Some(0) => {
                (Outcome::Pass, "the kernel counted no OOM kill in the command's cgroup".to_owned())
            }
            () => (Outcome::Unknown, self.gap()),
        };
        Rule { name: "observation complete".into(), outcome, why, is_about_kills: false }
    }

    /// Why something may have been missed.
    pub(super) fn gap(&self) -> String {
        let footer = self.seen.footer.iter().flat_map(|footer| &footer.notes);
        let known = self.seen.lost.iter().chain(footer).chain(&self.witness.notes).next();
        known.cloned().unwrap_or_else(|| "the trace did not end well".to_owned())
    }
}

/// How oomtrace ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// With this code.
    Code(u8),
    /// By the signal that ended the command.
    Signal(i32),
}

impl Exit {
    /// As a shell would give it.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => End::Signalled(signal).code(),
        }
    }
}

/// Exit codes of oomtrace itself.
pub(super) const TIMED_OUT: u8 = 124;
pub(super) const FAILED: u8 = 125;
pub(super) const NOT_EXECUTABLE: u8 = 126;
pub(super) const NOT_FOUND: u8 = 127;

/// The exit that follows: the command's own failure goes before ours, ours before a rule.
pub(super) fn exit(ended: &Ended, verdict: Outcome, failed: bool, rule_hit: u8) -> Exit {
    match ended.end {
        _ if ended.timed_out => Exit::Code(TIMED_OUT),
        End::Signalled(signal) => Exit::Signal(signal),
        End::Exited(0) if failed => Exit::Code(FAILED),
        End::Exited(0) if verdict == Outcome::Fail => Exit::Code(rule_hit),
        End::Exited(code) => Exit::Code(code),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;

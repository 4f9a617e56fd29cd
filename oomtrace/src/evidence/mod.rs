//! Evidence: what a trace left behind, read again, also by another version, compressed, or after its writer died.

mod compare;
pub(crate) mod fold;
mod group;
pub(crate) mod keep;
mod narrow;
mod pass;
mod read;
pub mod ring;
mod verdict;

use std::collections::BTreeMap;

pub use compare::{Subject, Use, at, compare};
pub use group::{Group, groups};
pub use narrow::{count, is_since};
pub use verdict::{LOGS, Verdict, matched};

use crate::model::{Alert, Footer, Header, Incident, Lost, NoKill, Sample, Sigkill, UserspaceKill};

/// All of a stream (docs/events.md), with each `update` folded into its incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// What to call it: the file's name.
    pub name: String,
    /// The first line; of several streams in one file the first one's.
    pub header: Option<Header>,
    /// Kills, in the order in which they became known.
    pub incidents: Vec<Incident>,
    /// Kills that are not of the command, in a recording of `run`; empty until they are [set apart](Self::set_apart).
    pub elsewhere: Vec<Incident>,
    /// Times that the OOM killer ran and killed nothing.
    pub no_kills: Vec<NoKill>,
    /// Processes that were sent SIGKILL by others than the OOM killer.
    pub sigkills: Vec<Sigkill>,
    /// Kills for memory by programs, as their own logs tell them.
    pub userspace_kills: Vec<UserspaceKill>,
    /// Who held how much memory, in order of time.
    pub samples: Vec<Sample>,
    /// Rules of the agent's that began or ceased to hold.
    pub alerts: Vec<Alert>,
    /// Gaps.
    pub losses: Vec<Lost>,
    /// The last line, summed over several streams in one file; absent when one of them has none.
    pub footer: Option<Footer>,
    /// What could not be read or is not known to this version.
    pub unread: Unread,
}

/// What a reader left out, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Lines of a type that this version does not know, by type.
    pub types: BTreeMap<String, u64>,
    /// Fields that this version does not know, by their path.
    pub fields: BTreeMap<String, u64>,
    /// Lines that are no records.
    pub lines: u64,
    /// What the first of them is wrong about.
    pub first_error: Option<String>,
    /// Updates of incidents that are not in the file.
    pub orphans: u64,
    /// Why the file ends before its last line does.
    pub cut: Option<String>,
    /// Kills of which only the journal beside the file, or in it, tells: in short.
    pub recovered: u64,
    /// The schema that the file names, where it is another than ours.
    pub schema: Option<String>,
    /// What there was no room for.
    pub left_out: LeftOut,
    /// Of how many samples one is kept, where not all are.
    pub thinned: Option<u64>,
}

/// Records that there was no room for, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Kills.
    pub kills: u64,
    /// Kills of which only the main facts are kept.
    pub details: u64,
    /// Records of other kinds.
    pub others: u64,
}

impl LeftOut {
    fn notes(self) -> impl Iterator<Item = String> {
        let Self { kills, details, others } = self;
        let all = "`oomtrace report -f json` writes all of them";
        let kills = (kills > 0).then(|| format!("{kills} more kills are left out here: {all}"));
        let details = (details > 0).then(|| {
            format!("{details} kills are shown without details, the recording is too large to be held in memory: {all}")
        });
        let others =
            (others > 0).then(|| format!("{others} more records of other kinds are left out here: {all}"));
        [kills, details, others].into_iter().flatten()
    }
}

impl Unread {
    /// The same in sentences, for a reader of the report.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(schema) = &self.schema {
            notes.push(format!("the file says it is {schema}; this version reads {}", crate::model::SCHEMA));
        }
        notes.extend(
            self.cut
                .as_ref()
                .map(|why| format!("the file was not read to its end ({why}); the lines before are valid")),
        );
        notes.extend(self.left_out.notes());
        notes.extend(self.thinned.map(|stride| {
            format!("one in {stride} of the samples is used: the recording is too large to be held in memory")
        }));
        if self.lines > 0 {
            let first = self.first_error.as_deref().unwrap_or("not known");
            notes.push(format!("{} lines are no records (the first: {first})", self.lines));
        }
        let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
        let names =
            |counts: &BTreeMap<String, u64>| counts.keys().take(8).cloned().collect::<Vec<_>>().join(", ");
        if !self.types.is_empty() {
            notes.push(format!(
                "{} lines of types unknown to this version: {}",
                sum(&self.types),
                names(&self.types)
            ));
        }
        if !self.fields.is_empty() {
            notes.push(format!(
                "{} fields unknown to this version: {}",
                sum(&self.fields),
                names(&self.fields)
            ));
        }
        if self.recovered > 0 {
            notes.push(format!(
                "{} kills are from the journal, in short: the rest was not written before the recorder died, or was overwritten",
                self.recovered
            ));
        }
        if self.orphans > 0 {
            notes.push(format!("{} updates belong to kills that are not in the file", self.orphans));
        }
        notes
    }
}

//! The records of a stream.

use serde::{Deserialize, Serialize};

use super::{Alert, Host, Incident, Runtime, Sample, Sigkill, Sign, Text, UserspaceKill, Victim};

/// One line of NDJSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// First line of a stream.
    Header(Header),
    /// A kill.
    OomKill(Box<Incident>),
    /// More about an earlier kill.
    Update(Update),
    /// The OOM killer ran and killed nothing.
    OomNoKill(NoKill),
    /// A SIGKILL that was not the OOM killer's; only when it was asked for.
    Sigkill(Box<Sigkill>),
    /// A program killed for memory, by its own log.
    UserspaceKill(Box<UserspaceKill>),
    /// Who held how much memory, now and then.
    Sample(Sample),
    /// A rule of the agent's that began or ceased to hold.
    Alert(Box<Alert>),
    /// Events that could not be kept.
    Lost(Lost),
    /// Last line of a stream that ended well.
    Footer(Footer),
}

/// Who speaks, and what it can see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Header {
    /// [`super::SCHEMA`].
    pub schema: String,
    /// oomtrace's version.
    pub version: String,
    /// When the stream began, RFC 3339 UTC.
    pub time: String,
    /// The same on `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// Where.
    pub host: Host,
    /// Attached probes.
    pub probes: Vec<String>,
    /// What could not be attached or read, and the remedy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The command that `run` runs; absent in other streams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<RunCommand>,
}

/// The command of `run`, so that a reader can tell its kills from others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunCommand {
    /// Name of the program.
    pub name: String,
    /// The memory cgroup that was made for it: kills of processes in it or below, and at its limit, are the command's. Absent
    /// where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Text>,
}

/// What became known after the kill was reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Update {
    /// The incident's id.
    pub id: String,
    /// Exits of its victims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<VictimExit>,
    /// Further victims of a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub victims: Vec<Victim>,
    /// More notes, e.g. a difference to the kernel's counters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A victim's exit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VictimExit {
    /// Process id.
    pub pid: u32,
    /// From SIGKILL to the exit of its last thread.
    pub kill_to_exit_ns: u64,
    /// Its arguments as they were when it died, where that was told after the report; instead of the victim's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cmdline: Vec<Text>,
    /// What manages its memory and how that was set, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
}

/// The OOM killer ran without a kill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoKill {
    /// RFC 3339 UTC; as it stands in a log that does not tell its zone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// `CLOCK_BOOTTIME`. 0 and left out where a log does not tell it.
    #[serde(default, skip_serializing_if = "super::incident::is_zero")]
    pub boottime_ns: u64,
    /// Why not.
    pub reason: NoKillReason,
    /// Process id of the task concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
    /// From the kernel's log: what was printed of this run, as of a kill, but without victims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Incident>>,
}

/// Why the OOM killer killed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoKillReason {
    /// The task was exiting anyway and was only given access to the reserves.
    #[default]
    AlreadyDying,
    /// The chosen task had no memory any more when it was to be killed.
    AlreadyExited,
    /// No task may be killed.
    NoneKillable,
    /// The kernel panicked instead (`vm.panic_on_oom`, or nothing left to kill).
    Panic,
    /// The log ends, or was cut, before it says what came of it: something may have been killed.
    Unknown,
}

/// A gap in the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lost {
    /// RFC 3339 UTC.
    pub time: String,
    /// Kills of which no record arrived at all.
    pub kills: u64,
    /// Records that did not fit into the ring buffer, since the last such event.
    pub records: u64,
    /// Cause and remedy.
    pub why: String,
}

/// The end of a stream, with the sums to check it by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Footer {
    /// RFC 3339 UTC.
    pub time: String,
    /// Incidents in this stream (before filters).
    pub kills: u64,
    /// Incidents that filters kept out.
    pub filtered: u64,
    /// The filters, as options: `--cgroup /shop`; empty where there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<String>,
    /// Kills known to be lost.
    pub lost_kills: u64,
    /// By how much `oom_kill` of /proc/vmstat rose during the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vmstat_oom_kill: Option<u64>,
    /// True when nothing was lost and the probes stayed attached: only then does "no kill" mean that there was none.
    pub complete: bool,
    /// Differences and what they mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Of logs: lines about memory that are no report of the OOM killer, each kind counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
}

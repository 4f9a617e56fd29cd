//! One OOM kill.

use serde::{Deserialize, Serialize};

use super::{Candidate, Diagnosis, History, Scope, System, Text, Trigger, Victim};

/// One kill by the OOM killer with all it took along (`"type": "oom_kill"`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incident {
    /// [`super::SCHEMA`].
    pub schema: String,
    /// Unique on this host and boot; later `update` records name it.
    pub id: String,
    /// When the kernel marked the victim, RFC 3339 UTC.
    ///
    /// Empty and left out where a log does not tell it: see `source.log.time`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// The same instant on `CLOCK_BOOTTIME`. 0 and left out where a log does not tell it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub boottime_ns: u64,
    /// Where it happened.
    pub host: Host,
    /// How oomtrace knows.
    pub source: Source,
    /// Whose limit was hit.
    pub scope: Scope,
    /// In whose context the kernel ran out of memory; it need not be the victim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// What was killed; the chosen one first.
    pub victims: Vec<Victim>,
    /// The tasks the kernel chose from, highest badness first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// How many tasks were scored; `candidates` holds the highest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates_scored: Option<u32>,
    /// The machine's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// How memory was used before the kill; absent when nothing was sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Who ate the memory, what kind of failure it was, what to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// The machine. Text that is empty and a page size of 0 are left out: an old log does not tell them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Host {
    /// Host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `/proc/sys/kernel/random/boot_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// `uname -r`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel: String,
    /// `uname -m`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub machine: String,
    /// Bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub page_size: u64,
    /// The version of the hierarchy that holds the memory controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_version: Option<u8>,
}

/// What the record rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The main witness.
    pub kind: SourceKind,
    /// Every probe or file that contributed, e.g. `fentry:oom_kill_process`.
    pub probes: Vec<String>,
    /// Events known to be lost since the start of the stream.
    pub lost_events: u64,
    /// What a reader must know: differences between counters, values that are inferred, parts that are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The log, when the incident was read from one that had been written before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogSource>,
}

/// A log that an incident was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogSource {
    /// File, or what else was read.
    pub name: Text,
    /// How its lines are wrapped: `dmesg`, `syslog (RFC 3164)`, `journal`, ...
    pub format: String,
    /// The time of the kill as it stands there, in the log's own zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// The main witness of an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Kernel hooks.
    #[default]
    Ebpf,
    /// The kernel's log.
    KernelLog,
    /// Only the `oom_kill` counters moved.
    Counters,
}

//! A kill for memory by a program, as that program's own log tells it.

use serde::{Deserialize, Serialize};

use super::{CgroupRef, Container, Host, LogSource, Sender, Text};

/// A program outside of the kernel killed for memory (`"type": "userspace_kill"`), by its own log. It is no kill of the
/// kernel's OOM killer, whatever the program calls itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserspaceKill {
    /// When it was logged, RFC 3339 UTC; left out where the log does not tell the zone, which `log.time` has as it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// Where.
    pub host: Host,
    /// Who killed, and by what that is known.
    pub sender: Sender,
    /// What it sent; absent where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<KillSignal>,
    /// Who was killed.
    pub target: KillTarget,
    /// Why, by the program's own figures.
    pub reason: KillReason,
    /// From the signal to the end of the process, where the program waited for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_to_exit_ns: Option<u64>,
    /// The log.
    pub log: LogSource,
    /// What a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The signal of a [`UserspaceKill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum KillSignal {
    /// It asked the process to end.
    #[serde(rename = "SIGTERM")]
    Term,
    /// It ended it.
    #[serde(rename = "SIGKILL")]
    Kill,
}

/// Who was killed: a process, or all of a cgroup or pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KillTarget {
    /// Process id; absent when a cgroup or pod was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
    /// Its user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// `oom_score` of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score: Option<i32>,
    /// `oom_score_adj` of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
    /// Resident memory of the process, or use of the cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The cgroup that was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupRef>,
    /// The container or pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// The systemd unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How many processes got the signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
}

/// Why a program killed: what it measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KillReason {
    /// In a word.
    pub kind: KillReasonKind,
    /// Memory pressure (PSI) in percent of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_percent: Option<f64>,
    /// The limit of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_limit_percent: Option<f64>,
    /// For how long it has to be above the limit, in the program's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_for: Option<String>,
    /// The cgroup whose pressure it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_cgroup: Option<Text>,
    /// Memory of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_total_bytes: Option<u64>,
    /// Memory that was available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_available_bytes: Option<u64>,
    /// Swap of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_total_bytes: Option<u64>,
    /// Swap that was free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_free_bytes: Option<u64>,
    /// The limits that were crossed, in the program's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<String>,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KillReasonKind {
    /// The program does not say, or the log does not have the line that did.
    #[default]
    NotTold,
    /// Too much time was lost waiting for memory.
    MemoryPressure,
    /// Too much memory, or memory and swap, was in use.
    MemoryUsed,
    /// Swap ran out.
    SwapUsed,
    /// The node's memory ran low, so that a pod was evicted.
    Eviction,
}

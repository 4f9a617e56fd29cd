//! Who ate the memory, what kind of failure it was, what to change.

use serde::{Deserialize, Serialize};

use super::{PartKind, Text};

/// What follows from the record and its history (docs/diagnosis.md).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// Kind of failure.
    pub verdict: VerdictKind,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// One sentence.
    pub summary: String,
    /// What the verdict rests on, each with its figures; the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The time that growth was measured over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// What grew within the window by kind of memory, largest first; negative when it shrank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<Growth>,
    /// Who it was; absent when it can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culprit: Option<Culprit>,
    /// Others who grew within the window, largest growth first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Culprit>,
    /// The same workload was OOM-killed before, again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Growth of the scope that no process accounts for: kernel memory, page cache, unmapped shared memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unattributed_bytes: Option<u64>,
    /// What to change, the most useful first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// What would have become of this kill with one thing changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if: Vec<WhatIf>,
}

/// Kills of the victim's workload (the same program in a cgroup of the same path) in a row. Time, memory and rate are those
/// of the run in the middle, by time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recurrence {
    /// Kills, this one included.
    pub kills: u32,
    /// There may have been more: so many are remembered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// From the start of the first of these runs to this kill.
    pub span_ms: u64,
    /// How long a run lasted until it was killed.
    pub run_ms: u64,
    /// What it held then.
    pub run_bytes: u64,
    /// What it held by how long it lasted.
    pub rate_bytes_per_s: f64,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// Grew steadily and gave nothing back.
    Leak,
    /// Took most of its memory at once.
    Burst,
    /// The machine ran out because nothing limited the one that grew.
    NoLimit,
    /// The limit is smaller than what the workload needs.
    LimitTooLow,
    /// The machine is smaller than what runs on it.
    HostTooSmall,
    /// tmpfs or shared memory grew.
    Shmem,
    /// Kernel memory grew: slab, sockets, pipes, page tables.
    KernelMemory,
    /// Page cache that could not be given back (dirty, locked) grew.
    PageCache,
    /// Many processes, each of them small.
    ForkSwarm,
    /// Another one than the victim grew.
    Neighbour,
    /// The figures do not tell.
    #[default]
    Undetermined,
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// One of several that fit.
    #[default]
    Low,
    /// The figures fit, and some are missing or few.
    Medium,
    /// The figures fit and exclude the others.
    High,
}

/// A span of time before the kill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// How it was chosen.
    pub kind: WindowKind,
    /// Its begin, from the kill (negative).
    pub from_ms: i64,
    /// Its begin, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// By how much the scope grew within it.
    pub growth_bytes: i64,
}

/// How a [`Window`] was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// Since the scope was last below 75 % of its limit.
    #[default]
    Marginal,
    /// The last 60 s.
    LastMinute,
    /// All that was sampled.
    Lifetime,
}

/// Growth of one kind of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Growth {
    /// Which.
    pub kind: PartKind,
    /// By how much.
    pub bytes: i64,
}

/// One that grew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Culprit {
    /// What it is.
    pub kind: CulpritKind,
    /// Process: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Process or family: name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
    /// Process or family: executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<Text>,
    /// Its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Text>,
    /// Family: how many processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// It is one that was killed.
    #[serde(default)]
    pub is_victim: bool,
    /// Of the scope's growth within the window, 0 to 1.
    pub share_of_growth: f64,
    /// By how much it grew within the window.
    pub growth_bytes: u64,
    /// How fast, since `since`: the median of the slopes between its points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_bytes_per_s: Option<f64>,
    /// Growth that `rate_bytes_per_s` is of: this much ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_growth_bytes: Option<u64>,
    /// ... in so many ms. One by the other is the rate, within 1 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ms: Option<u64>,
    /// The growth lies between two samples: it was as fast as that or faster.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rate_at_least: bool,
    /// When the growth began, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The same, from the kill (negative).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// What it held at the kill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// It is likely and not proven: e.g. the task in whose context unattributed memory was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub likely: bool,
}

/// What a [`Culprit`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CulpritKind {
    /// One process.
    #[default]
    Process,
    /// Processes of one executable in one cgroup.
    Family,
    /// A cgroup, where no single process or family stands out in it.
    Cgroup,
    /// Memory of the kernel.
    KernelMemory,
    /// tmpfs and shared memory.
    Shmem,
    /// Page cache.
    PageCache,
}

/// Something to change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Advice {
    /// What to do, in words.
    pub action: String,
    /// A command, setting or option that does it, with the value filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_bytes: Option<u64>,
    /// Why, with the figures it was worked out from.
    pub why: String,
}

/// One thing changed, and what would have become of this kill, computed over the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhatIf {
    /// What is changed.
    pub kind: WhatIfKind,
    /// The change and its effect, one or two sentences.
    pub text: String,
    /// More memory: how much more. A limit: its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_bytes: Option<u64>,
    /// More memory: how long it would have lasted at the measured rate. A limit: how long before the kill it would have been
    /// hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// The highest value, to the next ten below, with which the victim would have been spared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
}

/// What a [`WhatIf`] changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhatIfKind {
    /// The limit that was hit, or the machine's memory, is larger.
    #[default]
    MoreMemory,
    /// The one that grew has a limit of its own.
    CulpritLimit,
    /// The victim has another `oom_score_adj`.
    OomScoreAdj,
}

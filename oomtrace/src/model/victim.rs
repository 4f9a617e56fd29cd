//! What was killed, and what it was chosen from.

use serde::{Deserialize, Serialize};

use super::{Runtime, Text};

/// A killed process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Victim {
    /// Why it died.
    pub role: Role,
    /// Process id (thread group) in the initial pid namespace.
    pub pid: u32,
    /// The thread that was marked; differs from `pid` when the leader had exited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Process id in its own pid namespace, when that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ns_pid: Option<u32>,
    /// Name of the marked thread.
    pub comm: Text,
    /// Arguments, with values that look like secrets redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cmdline: Vec<Text>,
    /// Path of the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<Text>,
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Parent's process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// When it started, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// -1000 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
    /// Its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badness: Option<Badness>,
    /// Its memory when it was killed.
    pub memory: Memory,
    /// Its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupRef>,
    /// The container its cgroup belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// The systemd unit its cgroup belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What manages its memory; absent when neither executable nor arguments are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// From SIGKILL to the exit of its last thread; later `update` records bring it when it took long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_to_exit_ns: Option<u64>,
}

/// Why a process died in an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The kernel chose it.
    #[default]
    Chosen,
    /// Its memory cgroup has `memory.oom.group` set.
    GroupMember,
    /// It shared the chosen one's memory.
    SharedMm,
    /// Somebody sent it SIGKILL; no OOM kill.
    Signalled,
}

/// The kernel's score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Badness {
    /// `oc->chosen_points` as the kernel had it, in pages since 5.3. Absent where the kernel does not score
    /// (`oom_kill_allocating_task`) or it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// The scope's size in pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<u64>,
    /// `points` in thousandths of `total_pages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permille: Option<i64>,
    /// The formula applied to `parts`; a difference to `points` is noted in `source.notes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recomputed: Option<i64>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<BadnessParts>,
}

/// The summands of the badness, in pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BadnessParts {
    /// Resident: file, anonymous and shared memory.
    pub rss_pages: i64,
    /// Swap entries.
    pub swap_pages: i64,
    /// Page tables.
    pub page_table_pages: i64,
    /// What `oom_score_adj` added: `adj * (total_pages / 1000)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adj_pages: Option<i64>,
}

/// Memory of a process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// Address space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_vm_bytes: Option<u64>,
    /// Anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anon_bytes: Option<u64>,
    /// File-backed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// tmpfs and shared anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shmem_bytes: Option<u64>,
    /// Swapped out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
    /// Page tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_table_bytes: Option<u64>,
    /// Whether the parts are exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// The parts as the kernel's cheap counters had them, where they differ: these are what its log shows and, before
    /// 7.0, what it ranked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_view: Option<KernelView>,
}

/// How exact [`Memory`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// Summed over all CPUs.
    Exact,
    /// The central part of per-CPU counters (6.2 and later): off by up to
    /// `(max(32, 2 * CPUs) - 1) * CPUs` pages a counter.
    Approximate,
}

/// Memory by the kernel's cheap counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KernelView {
    /// Anonymous.
    pub anon_bytes: u64,
    /// File-backed.
    pub file_bytes: u64,
    /// Shared.
    pub shmem_bytes: u64,
    /// Swapped out.
    pub swap_bytes: u64,
}

/// A cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CgroupRef {
    /// From the root of the hierarchy.
    pub path: Text,
    /// kernfs id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A container, found from the shape of the cgroup's path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Container {
    /// `docker`, `containerd`, `crio`, `podman`, ...; absent when the path does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Absent for a limit of the whole pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Pod's uid with dashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_uid: Option<String>,
    /// Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_name: Option<String>,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The user in whose own part of the cgroup tree it is: a container without root, or a cgroup that this user has named like
    /// one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_uid: Option<u32>,
}

/// A task the kernel scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// Process id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
    /// Badness in pages; absent for one that may not be killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// Resident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Swapped out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
    /// Page tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_table_bytes: Option<u64>,
    /// -1000 to 1000; -1000 may not be killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
}

//! Memory of the machine now and then, whether or not something is killed.

use serde::{Deserialize, Serialize};

use super::Text;

/// Who held how much at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sample {
    /// RFC 3339 UTC.
    pub time: String,
    /// `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// The machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemUse>,
    /// The memory cgroups that use most, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cgroups: Vec<CgroupUse>,
    /// The processes that use most, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<ProcessUse>,
}

/// /proc/meminfo, the part that tells how much is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SystemUse {
    /// MemTotal.
    pub mem_total_bytes: u64,
    /// MemAvailable.
    pub mem_available_bytes: u64,
    /// SwapTotal.
    pub swap_total_bytes: u64,
    /// SwapFree.
    pub swap_free_bytes: u64,
}

/// A memory cgroup with all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CgroupUse {
    /// From the root of the hierarchy.
    pub path: Text,
    /// Usage.
    pub usage_bytes: u64,
    /// Absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcessUse {
    /// Process id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
    /// Resident memory, swap and page tables together.
    pub bytes: u64,
    /// Its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Text>,
}

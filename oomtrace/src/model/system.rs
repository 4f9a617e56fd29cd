//! The machine's memory around the kill.

use serde::{Deserialize, Serialize};

use super::Text;

/// The scene.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct System {
    /// When it was taken.
    pub captured: Captured,
    /// How long after the kill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ns: Option<u64>,
    /// MemTotal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_total_bytes: Option<u64>,
    /// MemFree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_free_bytes: Option<u64>,
    /// MemAvailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_available_bytes: Option<u64>,
    /// SwapTotal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_total_bytes: Option<u64>,
    /// SwapFree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_free_bytes: Option<u64>,
    /// Shmem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shmem_bytes: Option<u64>,
    /// Slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slab_bytes: Option<u64>,
    /// Of it: what can't be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_unreclaimable_bytes: Option<u64>,
    /// Anonymous memory of processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anon_bytes: Option<u64>,
    /// Page cache, without shmem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Page tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_table_bytes: Option<u64>,
    /// Huge pages set aside, used or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hugetlb_bytes: Option<u64>,
    /// Locked in memory, or else not reclaimable by nature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unevictable_bytes: Option<u64>,
    /// What memory was used for, by the kernel's own names: `active_anon`, `slab_unreclaimable`, `bounce`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<MemoryItem>,
    /// Pressure stall information of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi: Option<Psi>,
    /// Zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// The largest processes by resident memory; victims with what the kernel had counted for them at the kill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_processes: Vec<TopProcess>,
}

/// When the scene was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Captured {
    /// By the kernel, with the kill.
    AtKill,
    /// From /proc, `age_ns` later.
    #[default]
    AfterKill,
}

/// /proc/pressure/memory, percent of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Psi {
    /// Some tasks stalled, last 10 s.
    pub some_avg10: f64,
    /// All tasks stalled, last 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_avg10: Option<f64>,
}

/// A zone of memory (/proc/zoneinfo).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Zone {
    /// NUMA node.
    pub node: u32,
    /// `DMA32`, `Normal`, ...
    pub name: String,
    /// Free.
    pub free_bytes: u64,
    /// Below it allocations fail or kill.
    pub min_bytes: u64,
    /// Managed by the page allocator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_bytes: Option<u64>,
    /// Below it the kernel begins to reclaim in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_bytes: Option<u64>,
    /// Up to it the kernel then reclaims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_bytes: Option<u64>,
    /// Kept back, beside `min_bytes`, from the allocation that failed, because it may use a higher zone as well
    /// (`lowmem_reserve`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_bytes: Option<u64>,
    /// The largest free block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_block_bytes: Option<u64>,
    /// Free, but in an area that only movable memory may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cma_free_bytes: Option<u64>,
    /// Kept for atomic allocations of an order above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highatomic_bytes: Option<u64>,
    /// Pages that exist, managed by the page allocator or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present_bytes: Option<u64>,
    /// Whether the allocation that failed could have come from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable: Option<bool>,
    /// How much more would have had to be free for it; absent where nothing lacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks_bytes: Option<u64>,
}

/// One use of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemoryItem {
    /// The kernel's name for it.
    pub name: String,
    /// How much.
    pub bytes: u64,
}

/// A large process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopProcess {
    /// Process id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
    /// Resident.
    pub rss_bytes: u64,
    /// Swapped out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
}

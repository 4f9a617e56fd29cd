//! What the tasks of the domain held at the kill: one moment, by the kernel's own table.

use serde::{Deserialize, Serialize};

use super::Text;

/// The task table, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holders {
    /// Processes in the table.
    pub processes: u64,
    /// What all of them held: resident, swapped out and page tables. Pages that several share are counted in each, but for
    /// shared memory where the table has it apart.
    pub bytes: u64,
    /// Sums by name, largest first; the ten largest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_name: Vec<Holder>,
    /// The rows, largest first; the 64 largest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<HeldBy>,
}

/// All processes of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holder {
    /// Name.
    pub comm: Text,
    /// How many.
    pub processes: u32,
    /// What they held together: resident, swapped out and page tables.
    pub bytes: u64,
    /// Of it swapped out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
    /// What the largest of them held.
    pub largest_bytes: u64,
    /// Its process id.
    pub largest_pid: u32,
}

/// A row of the task table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldBy {
    /// Process id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
    /// User id.
    pub uid: u32,
    /// Address space.
    pub total_vm_bytes: u64,
    /// Resident.
    pub rss_bytes: u64,
    /// Of it anonymous (6.8 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anon_bytes: Option<u64>,
    /// Of it pages of files (6.8 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Of it shared memory (6.8 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shmem_bytes: Option<u64>,
    /// Swapped out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
    /// Page tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_table_bytes: Option<u64>,
    /// -1000 to 1000.
    pub oom_score_adj: i32,
}

impl HeldBy {
    /// Resident, swapped out and page tables: what the kernel's badness counts.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let more = [self.swap_bytes, self.page_table_bytes].into_iter().flatten();
        more.fold(self.rss_bytes, u64::saturating_add)
    }
}

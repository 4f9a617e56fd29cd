//! The tables of the file.

use redb::TableDefinition;

/// Records by number: kind, ms since 1970, the packed record.
pub(super) const EVENTS: TableDefinition<'_, u64, (u8, i64, &[u8])> = TableDefinition::new("events");
/// Peaks of memory: hour since 1970 and path of the cgroup (empty: the machine) lead to peak and effective limit, bytes (0: none).
pub(super) const PEAKS: TableDefinition<'_, (u32, &[u8]), (u64, u64)> = TableDefinition::new("peaks");
/// Records that wait for a sink: its name and the number of the record.
pub(super) const QUEUE: TableDefinition<'_, (&str, u64), ()> = TableDefinition::new("queue");
/// Single values by name.
pub(super) const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// What a record is, for counts that need not unpack it.
pub(super) const KILL: u8 = 1;
/// Everything else.
pub(super) const OTHER: u8 = 2;

/// Names of single values.
pub(super) mod name {
    /// Bytes of packed records.
    pub(in super::super) const BYTES: &str = "bytes";
    /// Kills that gave way.
    pub(in super::super) const DROPPED_KILLS: &str = "dropped_kills";
    /// Other records that gave way.
    pub(in super::super) const DROPPED_OTHERS: &str = "dropped_others";
    /// How far the kernel's counters and log were followed.
    pub(in super::super) const MARK: &str = "mark";
    /// When the last kill was, seconds since 1970.
    pub(in super::super) const LAST_KILL: &str = "last_kill";
}

//! The spool: what the agent remembers on disk, bounded by size and age, whole after a crash at any point.
//!
//! One file holds everything (redb: a copy-on-write B-tree). It is open only while something is written or read, so that
//! `list`, `report` and `why` can read beside a running agent, and so that a disk that was full is simply tried again.
//! What can't be written waits in memory, within bounds; what gives way is counted.

mod lock;
mod pack;
mod pending;
mod read;
mod store;
mod tables;
mod trouble;
mod writer;

pub use pending::Peak;
pub use read::{PeakOf, Stored, exists, read};
pub use trouble::Trouble;
pub use writer::{Flushed, Mark, Policy, Spool};

/// The file's name in the state directory.
pub const FILE: &str = "spool.redb";

#[cfg(test)]
mod tests;

//! Memory cgroups that we make: for `demo`, which has a process killed in one, and for `run`, which runs a command in one.
//!
//! Each has a janitor: a child of ours whose pipe to us ends however we end, and which then removes the cgroup.

mod explain;
mod held;
mod janitor;
mod stale;
mod tree;

pub use janitor::{CHILD_COMMAND, child_main};

pub(super) use explain::explain;
pub(super) use janitor::{Janitor, Leftover};
#[cfg(test)]
pub(super) use stale::namespace;
pub(super) use stale::{name, remove_stale};
pub(super) use tree::{Kernel, Tree};

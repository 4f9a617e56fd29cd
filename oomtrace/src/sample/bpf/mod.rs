//! Samples from BPF programs: iterators that are run for each pass, the exits between passes, and the allocation hook.

mod allocations;
mod cgroups;
mod exits;
mod identities;
mod loss;
mod map;
mod tasks;

use std::os::fd::{AsFd as _, OwnedFd};

use aya::{Ebpf, programs::Program};

pub use allocations::{AllocHook, AllocKind, EmptyHook, Step};
pub(crate) use cgroups::IterCgroups;
pub(crate) use exits::Exits;
pub(crate) use identities::Identities;
pub(crate) use tasks::IterTasks;

/// A page counter in bytes; counters are approximate and may be below zero for a moment.
fn bytes(pages: i64, page_size: u64) -> u64 {
    u64::try_from(pages).unwrap_or(0).saturating_mul(page_size)
}

/// A descriptor of our own for a loaded program; `None` when it was not loaded.
fn program(ebpf: &Ebpf, name: &str) -> Option<OwnedFd> {
    let fd = match ebpf.program(name)? {
        Program::Iter(program) => program.fd().ok()?,
        Program::RawTracePoint(program) => program.fd().ok()?,
        _ => return None,
    };
    fd.as_fd().try_clone_to_owned().ok()
}

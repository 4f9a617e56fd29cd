//! Memory over time: samples of processes, cgroups and the machine, and the bounded history that they are kept in.
//!
//! Data flows one way: a source ([`Sample`]s by BPF iterators or files) → sampler thread → history → the record's
//! `history` of one incident. No hook is on the allocation path unless it is asked for.

mod bpf;
mod combined;
mod exe;
mod files;
pub mod history;
mod paths;
pub mod sampler;
mod source;
mod types;

pub use bpf::{AllocHook, AllocKind, EmptyHook, Step};
pub use combined::{files, open};
pub use source::*;
pub use types::*;

//! Kernel hooks: which there are, which can be had on this kernel, and the object that holds them.

mod attach;
pub(crate) mod bpf;
mod ladder;
mod load;
mod outcome;

pub use attach::{attach_all, attach_sampling, try_all};
pub use ladder::{Fact, LADDERS, Rung, SAMPLING};
pub use load::{LoadOptions, Loaded, ids, load, own_types, parse};
pub use outcome::{Outcome, State, serving, shortfalls};

//! Kernel hooks: which there are, which can be had on this kernel, and the object that holds them.

mod attach;
pub(crate) mod bpf;
mod ladder;
mod load;
mod outcome;
mod types;

pub use attach::{attach_all, attach_sampling, try_all};
pub use ladder::{Fact, LADDERS, Rung, SAMPLING};
pub use load::{LoadOptions, load};
pub use outcome::{Outcome, State, serving, shortfalls};
pub use types::Types;

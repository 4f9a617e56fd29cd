//! Kernel hooks: which there are, which can be had on this kernel, and the object that holds them.

mod attach;
mod ladder;
mod load;
mod outcome;

pub use attach::{attach_all, try_all};
pub use ladder::{Fact, LADDERS, Rung};
pub use load::{LoadOptions, Loaded, load, own_types};
pub use outcome::{Outcome, State, serving, shortfalls};

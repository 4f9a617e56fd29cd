//! `oomtrace explain`: the kills in kernel logs that are there already.

mod collect;
mod document;
mod machine;
mod overview;
mod run;
mod sink;

pub(in crate::command) use machine::{read as read_machine, read_ring};
pub use run::run;
pub(in crate::command) use run::{read_files, zone};
pub(in crate::command) use sink::{Sink, place};

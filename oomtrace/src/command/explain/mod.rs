//! `oomtrace explain`: the kills in kernel logs that are there already.

mod args;
mod choice;
mod collect;
mod document;
mod held;
mod machine;
mod overview;
mod progress;
mod run;
mod sink;

pub use args::ExplainArgs;
pub(in crate::command) use progress::Progress;

pub(in crate::command) use machine::{read as read_machine, read_ring};
pub use run::run;
pub(in crate::command) use run::{read_files, zone};
pub(in crate::command) use sink::Sink;

//! `oomtrace explain`: the kills in kernel logs that are there already.

mod collect;
mod machine;
mod overview;
mod run;

pub use run::run;

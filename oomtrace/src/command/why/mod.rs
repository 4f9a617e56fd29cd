//! `oomtrace why`: what killed it?

mod args;
mod counters;
mod decide;
mod existence;
mod gather;
mod logs;
mod mentions;
mod processes;
mod proof;
mod run;
mod target;

pub use args::WhyArgs;
pub use run::run;

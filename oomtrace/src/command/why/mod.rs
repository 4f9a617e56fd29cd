//! `oomtrace why`: what killed it?

mod args;
mod counters;
mod decide;
mod gather;
mod logs;
mod processes;
mod proof;
mod run;
mod target;

pub use args::WhyArgs;
pub use run::run;

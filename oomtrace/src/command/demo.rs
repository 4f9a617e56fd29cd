//! `oomtrace demo`: a real OOM kill in a throw-away memory cgroup.
//!
//! A [`Sandbox`] is the cgroup; [`victims::Victims`] are two children in it, a small one and one that leaks until the kernel
//! kills it. The children are this very program, started again with the hidden subcommand [`CHILD_COMMAND`].

mod args;
mod child;
mod run;
mod sandbox;
mod victims;

pub use args::DemoArgs;
pub use child::child_main;
pub use run::run;
pub use sandbox::{LIMIT, Sandbox};

/// The hidden subcommand of the children; the rest of its command line goes to [`child_main`].
pub const CHILD_COMMAND: &str = "demo-child";

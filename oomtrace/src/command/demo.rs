//! `oomtrace demo`: a real OOM kill in a throw-away memory cgroup.
//!
//! A [`Sandbox`] is the cgroup; [`Victims`] are two children in it, a small one and one that leaks until the kernel
//! kills it. The children are this very program, started again with the hidden subcommand [`CHILD_COMMAND`]. One more
//! such child, the janitor, removes the cgroup when we can't: its pipe to us ends however we end.

mod child;
mod hierarchy;
mod janitor;
mod run;
mod sandbox;
mod tree;
mod victims;

pub use child::child_main;
pub use hierarchy::{Hierarchy, Version};
pub use run::run;
pub use sandbox::{LIMIT, Sandbox};
pub use victims::{Killed, Victims};

/// The hidden subcommand of the children; the rest of its command line goes to [`child_main`].
pub const CHILD_COMMAND: &str = "demo-child";

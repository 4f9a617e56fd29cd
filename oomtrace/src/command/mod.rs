//! The `oomtrace` command: one file per subcommand, and what they share.

pub mod cli;
pub mod demo;
pub mod filter;
pub mod output;
pub mod size;
pub mod terminal;
pub mod trace;

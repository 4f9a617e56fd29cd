//! The `oomtrace` command: one file per subcommand, and what they share.

pub mod demo;
pub mod filter;
pub mod output;
pub mod terminal;

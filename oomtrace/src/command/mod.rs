//! The `oomtrace` command: one file per subcommand, and what they share.

pub(crate) mod agent;
pub(crate) mod cli;
pub(crate) mod demo;
pub(crate) mod diagnose_record;
pub(crate) mod doctor;
mod examples;
pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod logging;
pub(crate) mod manual;
pub(crate) mod memcg;
pub(crate) mod options;
mod overwrite;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod schema;
mod spooled;
mod start;
pub(crate) mod terminal;
pub(crate) mod trace;
mod when;
pub(crate) mod why;

pub use start::main;

//! The `oomtrace` command: one file per subcommand, and what they share.

pub mod agent;
pub mod cli;
pub mod demo;
pub mod diagnose_record;
pub mod doctor;
pub mod explain;
pub mod list;
pub mod logging;
pub mod manual;
pub mod memcg;
pub mod options;
mod overwrite;
pub mod record;
pub mod report;
pub mod run;
pub mod sample;
pub mod schema;
mod spooled;
pub mod terminal;
pub mod trace;
pub(in crate::command) mod when;
pub mod why;

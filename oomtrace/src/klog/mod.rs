//! The kernel's own report of an OOM kill, read from its log.
//!
//! `/dev/kmsg` → [`KmsgReader`] → [`KmsgRecord`] → [`Parser`] → [`Report`] → [`to_model`]. Nothing is made up: what the log does not
//! say is absent and named in [`Report::missing`], what it says in two ways is left out and named in [`Report::doubts`].

pub mod badness;
mod building;
#[cfg(test)]
mod captures;
mod complete;
mod gfp;
mod holders;
pub mod incident;
pub mod input;
pub mod instead;
mod kmsg;
mod line;
mod memcg_stats;
pub mod page_size;
mod parse;
mod parser;
mod pieces;
mod rate_limit;
mod reader;
mod report;
mod same;
pub mod scene;
mod scope_of_words;
mod settle;
mod shortage;
mod stamp;
pub mod to_model;
pub mod userspace;
mod why;

pub use badness::Facts;
#[cfg(test)]
pub(crate) use captures::{read_all, read_file, records};
pub use complete::complete;
pub use kmsg::{Caller, KmsgLine, KmsgRecord};
pub use parser::{Item, Parser};
pub use reader::{KmsgReader, Next, Start};
#[cfg(test)]
pub use report::{Chosen, Domain, Machine, MemcgUsage, Trigger};
pub use report::{Counter, Killed, Outcome, Reaped, Report, TaskRow, ZoneReport};
pub use same::{Same, same};
#[cfg(test)]
pub use settle::AMBIGUOUS_NAMES;
pub use settle::GROUP_MEMBERS;
pub use stamp::Stamp;

#[cfg(test)]
mod tests;

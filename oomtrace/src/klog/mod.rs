//! The kernel's own report of an OOM kill, read from its log.
//!
//! `/dev/kmsg` → [`KmsgReader`] → [`KmsgRecord`] → [`Parser`] → [`Report`] → [`to_model`]. Nothing is made up: what the log does not
//! say is absent and named in [`Report::missing`], what it says in two ways is left out and named in [`Report::doubts`].

pub mod badness;
mod building;
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

use std::io;
use std::path::Path;

pub use badness::Facts;
pub use building::TASKS_MAX;
pub use complete::complete;
pub use kmsg::{Caller, KmsgLine, KmsgRecord, records};
pub use parser::{Item, Parser};
pub use reader::{KmsgReader, Next, Start};
pub use report::{
    Chosen, Counter, Domain, FailedCache, FreeBlocks, Killed, Machine, MemcgUsage, Outcome, Reaped, Report,
    TaskName, TaskRow, Trigger, UNLIMITED_KB, ZoneReport,
};
pub use same::{Same, same};
pub use settle::{AMBIGUOUS_NAMES, GROUP_MEMBERS, GUESSED_PIECES, LONG_PATH, TOO_MANY_KILLED};
pub use stamp::Stamp;

/// Every report in a capture of `/dev/kmsg` (`cat /dev/kmsg`), in order.
///
/// A last record without its line end was cut and is left out: its numbers may be cut, too.
#[must_use]
pub fn read_all(capture: &[u8]) -> Vec<Report> {
    let whole = capture.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let mut parser = Parser::new();
    let mut reports = Vec::new();
    for record in records(&capture[..whole]) {
        parser.push(&record.line());
        collect(&mut parser, &mut reports);
    }
    parser.finish();
    collect(&mut parser, &mut reports);
    reports
}

/// The same for a file.
///
/// # Errors
/// Those of reading it.
pub fn read_file(path: &Path) -> io::Result<Vec<Report>> {
    Ok(read_all(&std::fs::read(path)?))
}

/// Moves what is complete; a late line of the reaper goes to the last report about its task.
fn collect(parser: &mut Parser, reports: &mut Vec<Report>) {
    while let Some(item) = parser.pop() {
        match item {
            Item::Report(report) => reports.push(*report),
            Item::Reaped(reaped) => {
                let pid = reaped.task.pid;
                let about = |report: &&mut Report| report.killed.iter().any(|killed| killed.pid == pid);
                if let Some(report) = reports.iter_mut().rev().find(about) {
                    report.reaped.push(reaped);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

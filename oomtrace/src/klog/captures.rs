//! Captures of `/dev/kmsg` (`cat /dev/kmsg`), for tests.

use std::io;
use std::path::Path;

use super::{Item, KmsgRecord, Parser, Report};

/// Splits a capture of `/dev/kmsg` into records: a line that begins with a space belongs to the one before it.
pub(crate) fn records(capture: &[u8]) -> impl Iterator<Item = KmsgRecord> + '_ {
    capture
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty() && line[0] != b' ')
        .filter_map(KmsgRecord::parse)
}

/// Every report in a capture of `/dev/kmsg` (`cat /dev/kmsg`), in order.
///
/// A last record without its line end was cut and is left out: its numbers may be cut, too.
pub(crate) fn read_all(capture: &[u8]) -> Vec<Report> {
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
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<Report>> {
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

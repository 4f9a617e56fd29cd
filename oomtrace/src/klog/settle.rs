//! What can be said only when more of a report is known: lines in pieces, and what is missing.

use super::parse::CUT_FROM;
use super::parse::constraint::{self, Hints};
use super::parse::memcg;
use super::pieces::Pieces;
use super::report::{Outcome, Report};
use crate::model::{Constraint, Text};

/// The names in the constraint line can be read in more than one way and were left out.
pub const AMBIGUOUS_NAMES: &str = "names in the constraint line";
/// A line was put together from pieces that do not say which task printed them.
pub const GUESSED_PIECES: &str = "a line in pieces whose printer is not known";
/// A path is so long that the kernel may have cut it, and was left out.
pub const LONG_PATH: &str = "a path of about 1000 bytes, which the kernel may have cut";
/// A group kill had more members than are kept.
pub const TOO_MANY_KILLED: &str = "more killed processes than are kept";

/// The kernel was suppressing reports, so a later kill may have been taken for a member of the group, or the reverse.
pub const GROUP_MEMBERS: &str = "which of the killed processes belong to the group";

/// The line that names the domain was cut; what is whole of it is used.
pub(super) const CUT_CONSTRAINT: &str = "the constraint line, which is cut";
/// The header of the task table is missing.
pub(super) const GUESSED_COLUMNS: &str = "the columns of the task table, whose header is missing";
/// Nothing but the reaper's line names the victim.
pub(super) const BY_REAPER: &str =
    "the victim: the line of the kill is missing, and the OOM reaper's names it";

/// Notes a doubt once.
pub(super) fn doubt(report: &mut Report, about: &'static str) {
    if !report.doubts.contains(&about) {
        report.doubts.push(about);
    }
}

/// Reads a line that came in pieces into the report.
pub(super) fn pieces(report: &mut Report, pieces: &Pieces) {
    if !line(report, &pieces.text) {
        return;
    }
    if pieces.guessed > 0 {
        doubt(report, GUESSED_PIECES);
    }
    if pieces.maybe_cut {
        drop_cut_paths(report);
    }
    if pieces.guessed_cpuset && report.domain.cpuset.as_ref().is_some_and(|name| name.as_bytes().is_empty()) {
        report.domain.cpuset = None;
    }
}

/// A path that the kernel may have cut is another cgroup's path.
fn drop_cut_paths(report: &mut Report) {
    let domain = &mut report.domain;
    let paths = [&mut domain.oom_memcg, &mut domain.task_memcg, &mut report.memcg.path, &mut report.group];
    let mut dropped = false;
    for path in paths {
        if path.as_ref().is_some_and(|path| path.as_bytes().len() >= CUT_FROM) {
            *path = None;
            dropped = true;
        }
    }
    if dropped {
        doubt(report, LONG_PATH);
    }
}

/// Reads a whole line; false when it is not whole.
fn line(report: &mut Report, text: &[u8]) -> bool {
    if text.starts_with(constraint::START) {
        return constraint_line(report, text);
    }
    if let Some((path, stats)) = memcg::stats_header(text) {
        // Up to 4.19 there is one for each cgroup below, too; the limit's comes first.
        if report.memcg.path.is_none() {
            report.memcg.path = Some(Text::new(path));
            report.memcg.stats.splice(0..0, stats);
        }
        return true;
    }
    if let Some((task, limit)) = memcg::task_in(text) {
        report.domain.constraint = Some(Constraint::Memcg);
        report.domain.task_memcg = Some(Text::new(task));
        report.domain.oom_memcg = Some(Text::new(limit));
        return true;
    }
    if let Some(limit) = memcg::limit_reached(text) {
        report.domain.constraint = Some(Constraint::Memcg);
        report.domain.oom_memcg = Some(Text::new(limit));
        return true;
    }
    if let Some(path) = memcg::group(text) {
        report.group = Some(Text::new(path));
        return true;
    }
    false
}

fn constraint_line(report: &mut Report, text: &[u8]) -> bool {
    let oom_memcg = report.memcg.path.as_ref().map(Text::as_bytes);
    let Some((domain, ambiguous)) = constraint::parse(text, Hints { oom_memcg, tasks: &report.tasks }) else {
        if let Some(domain) = constraint::cut(text) {
            report.domain = domain;
        }
        doubt(report, CUT_CONSTRAINT);
        return true;
    };
    report.domain = domain;
    if ambiguous {
        doubt(report, AMBIGUOUS_NAMES);
    }
    true
}

/// Lists what one would expect and what is not there.
pub(super) fn missing(report: &mut Report) {
    let memcg = report.domain.constraint == Some(Constraint::Memcg)
        || report
            .killed
            .iter()
            .filter_map(|killed| killed.message.as_deref())
            .any(|m| m.starts_with("Memory cgroup"));
    let killed = report.outcome == Outcome::Killed;
    let checks = [
        (report.trigger.is_none(), "invoked line"),
        (report.trigger.as_ref().is_none_or(|trigger| trigger.pid.is_none()), "trigger's pid"),
        (report.trigger.as_ref().is_some_and(|trigger| trigger.order.is_none()), "allocation's order"),
        (memcg && report.memcg.memory.is_none(), "memory cgroup's usage"),
        (memcg && report.domain.oom_memcg.is_none() && report.memcg.path.is_none(), "memory cgroup's path"),
        (!report.has_task_table, "task table"),
        (report.tasks_dropped > 0, "rows of the task table"),
        // Before 5.0 there was none.
        (killed && report.domain.constraint.is_none() && !is_old(report), "constraint line"),
        (report.outcome == Outcome::Unknown, "killed line"),
        (killed && report.killed.iter().any(|one| one.comm.is_none()), "victim's name"),
        (killed && report.killed.iter().any(|one| one.file_kb.is_none()), "victim's sizes"),
        (report.lost_records > 0, "overwritten records"),
    ];
    report.missing.extend(checks.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| *what));
}

/// The words are those of 5.0 and older, which choose in a line of its own.
pub(super) fn is_old(report: &Report) -> bool {
    report.chosen.is_some() && report.killed.iter().all(|killed| killed.message.is_none())
}

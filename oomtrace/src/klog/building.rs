//! A report while it is being read.

use std::collections::VecDeque;

use super::kmsg::Caller;
use super::line::Line;
use super::parse::memcg::Which;
use super::parse::outcome::NoKill;
use super::parse::{constraint, cpu, killed, machine, memcg, tasks};
use super::pieces::Pieces;
use super::report::{FailedCache, Killed, Outcome, Reaped, Report};
use super::{KmsgLine, gfp, settle};
use crate::model::Text;

/// Rows kept of a task table.
pub const TASKS_MAX: usize = 1 << 16;
/// Statistics kept of a memory cgroup; 7.3 has about 70.
const STATS_MAX: usize = 256;
/// Lines of the reaper and skips kept of a report.
const NAMES_MAX: usize = 1024;
/// Processes of one kill that are kept.
const KILLED_MAX: usize = 1 << 16;

/// Between members of a group 0.05 to 5 ms were seen (33 ms in a starved guest), between one kill and the next 80 ms. Used only
/// while reports may be suppressed.
const MEMBER_GAP_USEC: u64 = 10_000;
/// The same where nothing shows that reports are suppressed: the log is an excerpt that begins at a kill.
const EXCERPT_GAP_USEC: u64 = 50_000;

/// What became of a line that is only part of something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// It is not about an OOM kill, or not about this one.
    No,
    /// It shows that another report has begun.
    OfAnother,
}

/// A report while it is being read.
#[derive(Debug, Default)]
pub(super) struct Building {
    report: Report,
    columns: Option<tasks::Columns>,
    in_stats: bool,
    pieces: Option<Pieces>,
    caller: Option<Caller>,
    last_usec: Option<u64>,
    /// The next report may be suppressed, so that a kill without one need not be of this group.
    suppressing: bool,
    /// Nothing shows that they are: no report was seen so far.
    excerpt: bool,
    /// A kill was not taken for a member of the group because it came late.
    split: bool,
    /// A line of the reaper about a task that this report has not named.
    stray: Option<Reaped>,
}

impl Building {
    /// A report of which the beginning is lost or suppressed.
    pub(super) fn without_beginning(lost_records: u64) -> Self {
        let report = Report { lost_records, ..Report::default() };
        Self { report, ..Self::default() }
    }

    /// Says whether the kernel's rate limit is used up by now.
    pub(super) fn suppresses(&mut self, suppressing: bool, excerpt: bool) {
        (self.suppressing, self.excerpt) = (suppressing, excerpt);
    }

    /// Rows of a task table of which the beginning is lost.
    pub(super) fn adopt(&mut self, rows: Vec<Vec<u8>>) {
        for row in rows {
            self.row(&row);
        }
    }

    /// The reaper names a task; it may be the victim, if the line of the kill is missing.
    pub(super) fn stray(&mut self, reaped: Reaped) {
        self.stray = self.stray.take().or(Some(reaped));
    }

    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    pub(super) fn last_usec(&self) -> Option<u64> {
        self.last_usec
    }

    pub(super) fn is_decided(&self) -> bool {
        self.report.outcome != Outcome::Unknown
    }

    pub(super) fn lost(&mut self, records: u64) {
        self.report.lost_records = self.report.lost_records.saturating_add(records);
    }

    /// Notes a cache of kernel objects that could not be extended before.
    pub(super) fn failed_cache(&mut self, cache: FailedCache) {
        self.report.failed_cache = Some(cache);
    }

    pub(super) fn reaped(&mut self, reaped: Reaped) {
        if self.report.reaped.len() < NAMES_MAX {
            self.report.reaped.push(reaped);
        }
    }

    /// Whether a report can begin with this line of which the beginning is lost.
    pub(super) fn begins(line: &KmsgLine<'_>) -> bool {
        line.text.starts_with(constraint::START)
            || line.text.starts_with(memcg::STATS_START)
            || memcg::group(line.text).is_some()
            || memcg::task_in(line.text).is_some()
    }

    /// Another task prints this line.
    fn is_foreign(&self, line: &KmsgLine<'_>) -> bool {
        matches!((self.caller, line.caller), (Some(mine), Some(other)) if mine != other)
    }

    /// Whether a line of this kind can be this report's.
    pub(super) fn takes(&mut self, line: &KmsgLine<'_>, kind: &Line) -> bool {
        self.settle();
        let report = &self.report;
        if self.is_foreign(line) {
            return false;
        }
        match kind {
            Line::Invoked(..) => false,
            Line::Counter(which, _) => !self.is_decided() && self.counter(*which).is_none(),
            Line::Protection(_) | Line::Chosen(_) => !self.is_decided(),
            Line::TableTitle | Line::TableHeader(_) => !self.is_decided() && report.tasks.is_empty(),
            Line::Killed(killed) => self.takes_kill(killed, line.usec),
            Line::Skipped(_) => !self.is_decided() || report.group.is_some(),
            Line::NoKill(_) => report.killed.is_empty() && report.skipped.is_empty(),
            Line::Reaped(_) => true,
        }
    }

    fn takes_kill(&mut self, killed: &Killed, usec: Option<u64>) -> bool {
        let report = &self.report;
        if report.killed.iter().any(|other| other.message != killed.message) {
            return false;
        }
        if report.killed.iter().any(|other| other.pid == killed.pid) {
            return true;
        }
        if self.is_decided() {
            let group = report.group.is_some();
            // Up to 5.0 another kill begins with a line of the choice.
            self.split = group && killed.message.is_some() && !self.follows(usec);
            return group && !self.split;
        }
        match report.domain.pid {
            // A child may be killed instead (5.0 and older), and a thread that is not the leader.
            Some(leader) if leader != killed.pid && report.chosen.is_none() => {
                match report.tasks.iter().find(|row| row.pid == killed.pid) {
                    Some(row) => row.tgid == leader,
                    None => report.lost_records == 0,
                }
            }
            _ => true,
        }
    }

    /// Whether the kill that was not taken may be of this group all the same.
    pub(super) fn has_split(&self) -> bool {
        self.split
    }

    /// Notes that this may be of the group before it.
    pub(super) fn doubt_members(&mut self) {
        settle::doubt(&mut self.report, settle::GROUP_MEMBERS);
    }

    /// Whether a kill at `usec` can be of the same group: its members are killed in one go.
    fn follows(&self, usec: Option<u64>) -> bool {
        let gap = usec.zip(self.last_usec).map(|(now, last)| now.saturating_sub(last));
        let most = if self.excerpt { EXCERPT_GAP_USEC } else { MEMBER_GAP_USEC };
        !(self.suppressing && gap.is_some_and(|gap| gap > most))
    }

    fn counter(&mut self, which: Which) -> &mut Option<super::report::Counter> {
        let memcg = &mut self.report.memcg;
        match which {
            Which::Memory => &mut memcg.memory,
            Which::Swap => &mut memcg.swap,
            Which::MemorySwap => &mut memcg.memory_swap,
            Which::Kmem => &mut memcg.kmem,
        }
    }

    fn touch(&mut self, line: &KmsgLine<'_>) {
        self.caller = self.caller.or(line.caller);
        self.report.begin_usec = self.report.begin_usec.or(line.usec);
        self.last_usec = line.usec.or(self.last_usec);
    }

    fn decide(&mut self, outcome: Outcome, usec: Option<u64>) {
        if self.report.outcome != outcome {
            self.report.outcome = outcome;
            self.report.outcome_usec = usec;
        }
    }

    /// Takes a line that tells its kind.
    pub(super) fn take(&mut self, line: &KmsgLine<'_>, kind: Line) {
        self.settle();
        self.touch(line);
        self.in_stats = false;
        match kind {
            Line::Invoked(trigger, nodemask) => {
                self.report.trigger = Some(trigger);
                self.report.domain.nodemask = nodemask;
            }
            Line::Counter(which, counter) => *self.counter(which) = Some(counter),
            Line::Protection(protection) => self.report.memcg.protection_kb = Some(protection),
            Line::TableTitle => {}
            Line::TableHeader(columns) => {
                self.report.unknown_columns.clone_from(&columns.unknown);
                self.columns = Some(columns);
                self.report.has_task_table = true;
            }
            Line::Chosen(chosen) => self.report.chosen = Some(chosen),
            Line::Killed(killed) => self.kill(killed, line.usec),
            Line::Skipped(task) => {
                if self.report.skipped.len() < NAMES_MAX {
                    self.report.skipped.push(task);
                }
                if !self.is_decided() {
                    self.decide(Outcome::Skipped, line.usec);
                }
            }
            Line::NoKill(why) => self.no_kill(why, line.usec),
            Line::Reaped(reaped) => self.reaped(reaped),
        }
    }

    fn kill(&mut self, killed: Killed, usec: Option<u64>) {
        self.columns = None;
        self.decide(Outcome::Killed, usec);
        let room = self.report.killed.len() < KILLED_MAX;
        match self.report.killed.iter_mut().find(|other| other.pid == killed.pid) {
            Some(same) => same.lines += 1,
            None if room => {
                self.report.killed.push(Killed { usec, ..killed });
            }
            None => settle::doubt(&mut self.report, settle::TOO_MANY_KILLED),
        }
    }

    fn no_kill(&mut self, why: NoKill, usec: Option<u64>) {
        match why {
            NoKill::NoKillable => self.decide(Outcome::NoKillable, usec),
            NoKill::Panic => self.decide(Outcome::Panic, usec),
            NoKill::RequestIgnored => {
                self.report.request_ignored = true;
                if !self.is_decided() {
                    self.decide(Outcome::NoKillable, usec);
                }
            }
        }
    }

    /// Takes a line that means something only inside a report.
    pub(super) fn part(&mut self, line: &KmsgLine<'_>) -> Taken {
        if let Some(pieces) = Pieces::begin(line) {
            return self.begin_pieces(line, pieces);
        }
        if self.is_foreign(line) {
            return Taken::No;
        }
        let taken = self.row(line.text)
            || self.bare_kill(line)
            || self.stack_header(line.text)
            || self.stats(line.text)
            || self.scene(line.text);
        if taken {
            self.touch(line);
            return Taken::Yes;
        }
        Taken::No
    }

    fn begin_pieces(&mut self, line: &KmsgLine<'_>, pieces: Pieces) -> Taken {
        self.settle();
        let group = line.text.starts_with(memcg::GROUP_START);
        let again = line.text.starts_with(constraint::START) && self.report.domain.pid.is_some();
        if self.is_foreign(line) || again || (self.is_decided() && !group) {
            return if Self::begins(line) { Taken::OfAnother } else { Taken::No };
        }
        self.touch(line);
        self.in_stats = line.text.starts_with(memcg::STATS_START);
        self.pieces = Some(pieces);
        Taken::Yes
    }

    /// Takes the rest of a record of several lines.
    pub(super) fn rest(&mut self, text: &[u8]) -> bool {
        self.stats(text) || self.scene(text)
    }

    /// Adds a fragment to the line that waits for one; false when it does not belong there.
    pub(super) fn fragment(&mut self, line: &KmsgLine<'_>) -> bool {
        let added = self.pieces.as_mut().is_some_and(|pieces| pieces.add(line));
        if added {
            self.touch(line);
        }
        added
    }

    /// A fragment may be the name of a cpuset, whatever it looks like.
    pub(super) fn awaits_name(&self) -> bool {
        self.pieces.as_ref().is_some_and(Pieces::is_constraint) && !self.is_decided()
    }

    fn settle(&mut self) {
        if let Some(pieces) = self.pieces.take() {
            settle::pieces(&mut self.report, &pieces);
        }
    }

    /// A kill without sizes, behind the line of the choice.
    fn bare_kill(&mut self, line: &KmsgLine<'_>) -> bool {
        if self.is_decided() || self.report.chosen.is_none() {
            return false;
        }
        let Some(killed) = killed::bare(line.text) else { return false };
        self.kill(killed, line.usec);
        true
    }

    fn row(&mut self, text: &[u8]) -> bool {
        if !tasks::is_row(text) {
            return false;
        }
        if self.columns.is_none() && !self.report.has_task_table && !self.is_decided() {
            self.columns = tasks::guess(text);
            if self.columns.is_some() {
                settle::doubt(&mut self.report, settle::GUESSED_COLUMNS);
            }
        }
        let Some(columns) = &self.columns else { return false };
        match tasks::row(text, columns) {
            Some(row) if self.report.tasks.len() < TASKS_MAX => self.report.tasks.push(row),
            _ => self.report.tasks_dropped += 1,
        }
        true
    }

    /// The stack dump's header tells the trigger's pid.
    fn stack_header(&mut self, text: &[u8]) -> bool {
        let Some(trigger) = self.report.trigger.as_mut().filter(|trigger| trigger.pid.is_none()) else {
            return false;
        };
        let Some(cpu) = cpu::parse(text, trigger.comm.as_bytes()) else {
            return false;
        };
        trigger.pid = Some(cpu.pid);
        trigger.comm = Text::new(cpu.comm);
        self.report.kernel_release = cpu.release;
        true
    }

    fn stats(&mut self, text: &[u8]) -> bool {
        if !self.in_stats {
            return false;
        }
        let before = self.report.memcg.stats.len();
        for stat in memcg::stats(text) {
            if self.report.memcg.stats.len() < STATS_MAX {
                self.report.memcg.stats.push(stat);
            }
        }
        self.report.memcg.stats.len() > before
    }

    /// The machine's size and, up to 4.19, the trigger's cpuset.
    fn scene(&mut self, text: &[u8]) -> bool {
        if self.is_decided() {
            return false;
        }
        if let Some(trigger) = &self.report.trigger
            && let Some((cpuset, allowed)) = constraint::old_cpuset(text, trigger.comm.as_bytes())
        {
            self.report.domain.cpuset = Some(Text::new(cpuset));
            self.report.domain.mems_allowed = Some(allowed);
            return true;
        }
        machine::take(text, &mut self.report.machine)
    }

    /// The report as far as it got.
    pub(super) fn finish(mut self, known: &VecDeque<u32>) -> Report {
        self.settle();
        if let Some(reaped) =
            self.stray.take().filter(|reaped| !self.is_decided() && !known.contains(&reaped.task.pid))
        {
            self.by_reaper(reaped);
        }
        gfp::name(&mut self.report);
        if self.report.group.is_some() && self.suppressing {
            self.doubt_members();
        }
        settle::missing(&mut self.report);
        self.report
    }

    /// The line of the kill is missing, and this is the one that it was about: the reaper works for nothing else.
    fn by_reaper(&mut self, reaped: Reaped) {
        let other = self.report.domain.pid.is_some_and(|pid| pid != reaped.task.pid);
        if !other {
            settle::doubt(&mut self.report, settle::BY_REAPER);
            self.kill(
                Killed {
                    pid: reaped.task.pid,
                    comm: Some(reaped.task.comm.clone()),
                    lines: 1,
                    ..Killed::default()
                },
                None,
            );
            self.reaped(reaped);
        }
    }
}

//! Puts the lines of a log together to reports, line by line, in bounded memory.
//!
//! The kernel holds `oom_lock` from the first line to the last, so reports do not overlap; lines of other tasks may come
//! between, and any line may be lost or suppressed (the report is rate-limited to 10 in 5 s, its last line is not).

use std::collections::VecDeque;

use super::KmsgLine;
use super::building::{Building, Taken};
use super::line::Line;
use super::parse::{lost, slub, tasks};
use super::rate_limit::RateLimit;
use super::report::{FailedCache, Reaped, Report};

/// A finished report is closed when nothing more of it came for so long: members of a group are killed without a pause.
const QUIET_AFTER_OUTCOME_USEC: u64 = 1_000_000;
/// An unfinished one is given up after so long: a starving machine is slow, a console on a serial line slower.
const QUIET_BEFORE_OUTCOME_USEC: u64 = 30_000_000;
/// Rows kept of a task table of which the beginning is lost, and lines between them that are of something else.
const LOOSE_ROWS: usize = 4096;
const LOOSE_LINES: u32 = 64;
/// Ids of killed tasks kept, to tell whose line a line of the reaper is.
const RECENT: usize = 256;

/// A cache that could not be extended is taken to be about the report that begins within this time.
const FAILED_CACHE_USEC: u64 = 10_000_000;

/// What the parser gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A run of the OOM killer.
    Report(Box<Report>),
    /// The reaper was done with a victim (or gave up) after its report was closed; since 5.18 it starts 2 s late.
    Reaped(Reaped),
}

/// Reads a kernel log line by line.
#[derive(Debug, Default)]
pub struct Parser {
    open: Option<Building>,
    done: VecDeque<Item>,
    last_seq: Option<u64>,
    /// Records lost since the last report was closed.
    gap: u64,
    limit: RateLimit,
    /// A cache of kernel objects that could not be extended, with its time: the next report may be about it.
    failed_cache: Option<(Option<u64>, FailedCache)>,
    /// Lines since the last one that was part of a report.
    idle: u32,
    /// Rows that came while no report was open.
    loose: Vec<Vec<u8>>,
    loose_idle: u32,
    /// The last that were killed.
    recent: VecDeque<u32>,
}

impl Parser {
    /// A parser that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a line. Lines of processes are to be pushed, too: they hold numbers of the sequence.
    pub fn push(&mut self, line: &KmsgLine<'_>) {
        self.count_gap(line.seq);
        self.idle = self.idle.saturating_add(1);
        if !line.from_kernel {
            return;
        }
        if let Some(now) = line.usec {
            self.tick(now);
        }
        if let Some(lost) = lost::count(line.text) {
            return self.lost(lost);
        }
        if line.fragment {
            return self.fragment(line);
        }
        match Line::parse(line.text) {
            Some(Line::Reaped(reaped)) => self.reaped(reaped),
            Some(kind) => self.whole(line, kind),
            None => self.part(line),
        }
    }

    /// Takes a line that can only be the rest of the one before it: of statistics that were printed in one record.
    pub fn push_rest(&mut self, text: &[u8]) {
        if let Some(open) = &mut self.open
            && open.rest(text)
        {
            self.idle = 0;
        }
    }

    /// Lines pushed since one that was part of the open report.
    #[must_use]
    pub fn idle_lines(&self) -> u32 {
        self.idle
    }

    /// Says that lines were left out here that are of no report: a gap in their numbers is none.
    pub fn skipped(&mut self) {
        (self.last_seq, self.gap) = (None, 0);
    }

    /// Lines are known to be missing here.
    fn lost(&mut self, lines: u64) {
        match &mut self.open {
            Some(open) if !open.is_decided() => open.lost(lines),
            _ => self.gap = self.gap.saturating_add(lines),
        }
    }

    /// The next item that is complete.
    pub fn pop(&mut self) -> Option<Item> {
        self.done.pop_front()
    }

    /// The report that is being read, as far as it got.
    #[must_use]
    pub fn current(&self) -> Option<&Report> {
        self.open.as_ref().map(Building::report)
    }

    /// Closes the open report when it has been quiet for long enough at `now_usec` of printk's clock. For a live log
    /// that stays quiet; `push` does it by itself.
    pub fn tick(&mut self, now_usec: u64) {
        let Some(open) = &self.open else { return };
        let limit = if open.is_decided() { QUIET_AFTER_OUTCOME_USEC } else { QUIET_BEFORE_OUTCOME_USEC };
        if open.last_usec().is_some_and(|last| now_usec.saturating_sub(last) > limit) {
            self.close();
        }
    }

    /// Closes the open report: the log has ended.
    pub fn finish(&mut self) {
        self.close();
    }

    fn close(&mut self) {
        self.idle = 0;
        if let Some(open) = self.open.take() {
            self.gap = 0;
            let report = open.finish(&self.recent);
            self.recent.extend(report.killed.iter().map(|killed| killed.pid));
            self.recent.drain(..self.recent.len().saturating_sub(RECENT));
            self.done.push_back(Item::Report(Box::new(report)));
        }
    }

    fn reaped(&mut self, reaped: Reaped) {
        match &mut self.open {
            Some(open) if open.report().killed.iter().any(|killed| killed.pid == reaped.task.pid) => {
                open.reaped(reaped);
            }
            other => {
                if let Some(open) = other.as_mut().filter(|open| !open.is_decided()) {
                    open.stray(reaped.clone());
                }
                self.done.push_back(Item::Reaped(reaped));
            }
        }
    }

    /// A fragment may be nothing but a name that a process chose, so it is only added to what waits for one. A process
    /// whose name begins with `\x01c` makes printk take its first line for a fragment, so that one is read all the same.
    fn fragment(&mut self, line: &KmsgLine<'_>) {
        if self.open.as_mut().is_some_and(|open| open.fragment(line) || open.awaits_name()) {
            self.idle = 0;
            return;
        }
        if let Some(kind @ Line::Invoked(..)) = Line::parse(line.text) {
            self.whole(line, kind);
        }
    }

    /// A line that tells its kind: it goes into the open report, or shows that another one has begun.
    fn whole(&mut self, line: &KmsgLine<'_>, kind: Line) {
        let mut split = false;
        if let Some(open) = &mut self.open
            && !open.takes(line, &kind)
        {
            split = open.has_split();
            self.close();
        }
        let begins = matches!(kind, Line::Invoked(..));
        if begins {
            self.gap = 0;
            self.loose.clear();
        }
        let kills = matches!(kind, Line::Killed(_) | Line::Skipped(_));
        self.idle = 0;
        let open = self.opened();
        let first = kills && !open.is_decided();
        open.take(line, kind);
        if begins && let Some(cache) = self.failed_before(line.usec) {
            self.opened().failed_cache(cache);
        }
        let open = self.opened();
        if split {
            open.doubt_members();
        }
        if first {
            self.follow_limit();
        }
    }

    /// The cache that could not be extended right before a report that began at `usec`.
    fn failed_before(&mut self, usec: Option<u64>) -> Option<FailedCache> {
        let (then, cache) = self.failed_cache.take()?;
        let apart = usec.zip(then).map(|(now, then)| now.saturating_sub(then));
        apart.is_none_or(|apart| apart <= FAILED_CACHE_USEC).then_some(cache)
    }

    /// Counts the report of a kill, or the lack of it.
    fn follow_limit(&mut self) {
        let Some(open) = &mut self.open else { return };
        if open.report().trigger.is_some() {
            self.limit.printed(open.report().begin_usec);
        } else {
            self.limit.suppressed();
        }
        open.suppresses(self.limit.is_used_up(), self.limit.is_unknown());
    }

    /// The open report; a new one, if there is none, may have lost its beginning.
    fn opened(&mut self) -> &mut Building {
        let (gap, loose) = (self.gap, &mut self.loose);
        self.open.get_or_insert_with(|| {
            let mut building = Building::without_beginning(gap);
            building.adopt(std::mem::take(loose));
            building
        })
    }

    /// Lines that mean something only inside a report, or that come in pieces.
    fn part(&mut self, line: &KmsgLine<'_>) {
        if let Some(open) = &mut self.open {
            match open.part(line) {
                Taken::Yes => {
                    self.idle = 0;
                    return;
                }
                Taken::No => {}
                Taken::OfAnother => self.close(),
            }
        }
        if Building::begins(line) {
            let _ = self.opened().part(line);
            self.idle = 0;
        } else if let Some(cache) = slub::cache(line.text) {
            self.failed_cache = Some((line.usec, cache));
        } else if self.open.is_none() {
            self.loose_row(line);
        }
    }

    /// Keeps rows of a table, for the report of which the beginning is lost.
    fn loose_row(&mut self, line: &KmsgLine<'_>) {
        if tasks::guess(line.text).is_none() {
            self.loose_idle = self.loose_idle.saturating_add(1);
            if self.loose_idle > LOOSE_LINES {
                self.loose.clear();
            }
        } else if self.loose.len() < LOOSE_ROWS {
            self.loose_idle = 0;
            self.loose.push(line.text.to_vec());
        }
    }

    fn count_gap(&mut self, seq: Option<u64>) {
        let Some(seq) = seq else { return };
        if let Some(last) = self.last_seq {
            if seq <= last {
                // Another boot, or the log from its beginning again.
                self.close();
            } else if let Some(open) = &mut self.open {
                open.lost(seq - last - 1);
            } else {
                self.gap += seq - last - 1;
            }
        }
        self.last_seq = Some(seq);
    }
}

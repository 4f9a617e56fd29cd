//! One parser for each machine that a log is about: exports of a cluster mix them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::line::{LogLine, Stamp, Writer};
use crate::klog::userspace::{self, Tracker};
use crate::klog::{Item, Outcome, Parser, Reaped, Report};

/// Machines followed at once; the one that was quiet for longest gives way.
const MACHINES: usize = 64;
/// A report that does not go on for so many lines is over: they are of something else.
const IDLE_LINES: u32 = 5_000;
/// Ids of killed tasks kept, to tell whose line a line of the reaper is.
const KILLED: usize = 256;
/// A clock that goes back by more was restarted. Lines of two CPUs may be a little out of order.
const BACK_USEC: u64 = 2_000_000;

/// What the log tells besides a report's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Where it was read.
    pub source: Arc<str>,
    /// How its lines were wrapped.
    pub format: &'static str,
    /// The machine.
    pub host: Option<String>,
    /// Its boot.
    pub boot_id: Option<String>,
    /// Wall clock of the first line.
    pub begin: Option<Stamp>,
    /// Wall clock of the line that tells the outcome.
    pub outcome: Option<Stamp>,
    /// The report's times are of printk's clock, not the wall clock.
    pub printk: bool,
    /// Nothing says that the kernel wrote these lines.
    pub unknown_writer: bool,
}

/// A report with what the log tells about it.
#[derive(Clone, Debug)]
pub struct Told {
    /// What the kernel said.
    pub report: Report,
    /// What the log adds.
    pub context: Context,
}

/// What a log tells of.
#[derive(Clone, Debug)]
pub enum Found {
    /// A run of the kernel's OOM killer.
    Report(Box<Told>),
    /// A kill for memory by a program.
    Userspace(Box<userspace::Told>),
}

#[derive(Debug, Default)]
struct Stream {
    key: Option<String>,
    parser: Parser,
    userspace: Tracker,
    context: Context,
    /// The clock of the last line, by kind.
    last_printk: Option<u64>,
    boot_id: Option<String>,
    /// What the reaper did, by the last line.
    reaped: Option<Reaped>,
    /// The last that were killed.
    killed: VecDeque<u32>,
    used: u64,
}

impl Stream {
    fn is_busy(&self) -> bool {
        let in_report = self.parser.current().is_some_and(|report| report.outcome == Outcome::Unknown);
        in_report || self.userspace.is_waiting()
    }

    /// What it says of a program's kill.
    fn push_userspace(&mut self, line: &LogLine<'_>, source: &str, sink: &mut dyn FnMut(Found)) {
        if line.program.is_none() && !line.is_of_ring_buffer() {
            return;
        }
        let line = userspace::Line {
            program: line.program.as_ref(),
            usec: line.usec.or_else(|| line.stamp.as_ref()?.order_usec()),
            stamp: line.stamp.as_ref(),
            host: line.host.as_deref(),
            boot_id: line.boot_id.as_deref(),
            source,
            format: line.format,
            text: &line.text,
        };
        self.userspace.push(&line, &mut |told| sink(Found::Userspace(Box::new(told))));
    }

    fn push(&mut self, line: &LogLine<'_>, source: &Arc<str>, sink: &mut dyn FnMut(Found)) {
        if self.is_another_boot(line) {
            self.finish(sink);
        }
        self.push_userspace(line, source, sink);
        let had = self.parser.current().is_some();
        let decided = self.parser.current().is_some_and(|report| report.outcome != Outcome::Unknown);
        self.parser.push(&line.kmsg());
        // What this line closed was told before it.
        let closed = self.drain(sink);
        self.reaped(line, source, sink);
        if closed || !had {
            self.context = Context { source: Arc::clone(source), ..Context::default() };
        }
        if self.parser.current().is_some() && line.writer != Writer::Process && self.parser.idle_lines() == 0
        {
            self.note(line, decided);
        }
        if self.parser.idle_lines() > IDLE_LINES {
            self.parser.finish();
            self.drain(sink);
        }
    }

    /// A line of the reaper about a task whose kill is not in the log: it is killed all the same.
    fn reaped(&mut self, line: &LogLine<'_>, source: &Arc<str>, sink: &mut dyn FnMut(Found)) {
        let Some(reaped) = self.reaped.take() else { return };
        let pid = reaped.task.pid;
        let is_open = self
            .parser
            .current()
            .is_some_and(|report| report.outcome == Outcome::Unknown || report.kills(pid));
        if is_open || self.killed.contains(&pid) {
            return;
        }
        self.killed.push_back(pid);
        let context = Context {
            source: Arc::clone(source),
            format: line.format,
            host: line.host.clone(),
            boot_id: line.boot_id.clone(),
            begin: line.stamp.clone(),
            outcome: line.stamp.clone(),
            printk: line.usec.is_some(),
            unknown_writer: line.writer == Writer::Unknown,
        };
        let report = Report::of_reaper(reaped, line.kmsg().usec);
        sink(Found::Report(Box::new(Told { report, context })));
    }

    /// Keeps what the line tells about the open report.
    fn note(&mut self, line: &LogLine<'_>, was_decided: bool) {
        let context = &mut self.context;
        let is_first = context.format.is_empty();
        context.format = line.format;
        context.unknown_writer |= line.writer == Writer::Unknown;
        context.host = context.host.take().or_else(|| line.host.clone());
        context.boot_id = context.boot_id.take().or_else(|| line.boot_id.clone());
        if is_first {
            context.begin.clone_from(&line.stamp);
            context.printk = line.usec.is_some();
        }
        let decided = self.parser.current().is_some_and(|report| report.outcome != Outcome::Unknown);
        if decided && (!was_decided || is_first) && context.outcome.is_none() {
            context.outcome.clone_from(&line.stamp);
        }
    }

    fn is_another_boot(&mut self, line: &LogLine<'_>) -> bool {
        let back =
            line.usec.zip(self.last_printk).is_some_and(|(now, last)| now.saturating_add(BACK_USEC) < last);
        let other = line.boot_id.is_some() && self.boot_id.is_some() && line.boot_id != self.boot_id;
        self.last_printk = line.usec.or(self.last_printk);
        if line.boot_id.is_some() {
            self.boot_id.clone_from(&line.boot_id);
        }
        back || other
    }

    /// Gives what is complete; true when it was the report that `context` is about.
    fn drain(&mut self, sink: &mut dyn FnMut(Found)) -> bool {
        let mut any = false;
        while let Some(item) = self.parser.pop() {
            let report = match item {
                Item::Report(report) => report,
                Item::Reaped(reaped) => {
                    self.reaped = Some(reaped);
                    continue;
                }
            };
            self.killed.extend(report.killed.iter().map(|killed| killed.pid));
            self.killed.drain(..self.killed.len().saturating_sub(KILLED));
            {
                let context = if any {
                    Context { begin: None, outcome: None, ..self.context.clone() }
                } else {
                    self.context.clone()
                };
                sink(Found::Report(Box::new(Told { report: *report, context })));
                any = true;
            }
        }
        any
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Found)) {
        self.parser.finish();
        self.drain(sink);
        self.parser.skipped();
        self.userspace.finish(&mut |told| sink(Found::Userspace(Box::new(told))));
    }
}

/// The parsers.
#[derive(Debug, Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    clock: u64,
}

impl Streams {
    /// Whether every line counts at present, because a report is being read.
    pub(super) fn is_busy(&self) -> bool {
        self.all.iter().any(Stream::is_busy)
    }

    pub(super) fn push(&mut self, line: &LogLine<'_>, source: &Arc<str>, sink: &mut dyn FnMut(Found)) {
        self.clock += 1;
        let clock = self.clock;
        let stream = self.of(line, sink);
        stream.used = clock;
        stream.push(line, source, sink);
    }

    fn of(&mut self, line: &LogLine<'_>, sink: &mut dyn FnMut(Found)) -> &mut Stream {
        let at = match self.all.iter().position(|stream| stream.key == line.host) {
            Some(at) => at,
            None => {
                if self.all.len() == MACHINES
                    && let Some(oldest) = (0..self.all.len()).min_by_key(|at| self.all[*at].used)
                {
                    self.all.swap_remove(oldest).finish(sink);
                }
                self.all.push(Stream { key: line.host.clone(), ..Stream::default() });
                self.all.len() - 1
            }
        };
        &mut self.all[at]
    }

    /// The rest of the record before it, which has no wrapping of its own.
    pub(super) fn push_rest(&mut self, text: &[u8]) {
        if let Some(stream) = self.all.iter_mut().max_by_key(|stream| stream.used) {
            stream.parser.push_rest(text);
        }
    }

    /// Lines were passed over.
    pub(super) fn skipped(&mut self) {
        for stream in &mut self.all {
            stream.parser.skipped();
        }
    }

    /// The log has ended.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(Found)) {
        for mut stream in std::mem::take(&mut self.all) {
            stream.finish(sink);
        }
    }
}

//! The kernel's log as a second witness: it completes what the attached hooks could not see, and where there are none it
//! is the only one.

use std::{
    collections::VecDeque,
    os::fd::RawFd,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    collect::{Builder, Draft, INFERRED},
    kernel::clock,
    klog::{
        self, Item, KmsgReader, KmsgRecord, Next, Outcome, Parser, Report, Start,
        incident::{self, Origin},
    },
    model::{Incident, NoKill},
};

/// Reports kept until their incident comes.
const KEPT: usize = 64;
/// Between two looks for a line that has not come yet.
const PAUSE: Duration = Duration::from_millis(5);

/// A run of the OOM killer of which the log is the only witness.
#[derive(Debug)]
pub(super) enum Run {
    /// It killed, or was about to.
    Kill(Box<Incident>),
    /// It did not, or what came of it is not in the log.
    NoKill(Box<NoKill>),
}

impl Run {
    /// `None` where the report says nothing of a run.
    fn of(report: &Report, origin: Origin) -> Option<Self> {
        if incident::kills(report) {
            return Some(Self::Kill(Box::new(incident::build(report, origin))));
        }
        incident::runs(report).then(|| Self::NoKill(Box::new(incident::build_no_kill(report, origin))))
    }
}

impl Run {
    /// The incident of a kill.
    pub(super) fn kill(&self) -> Option<&Incident> {
        match self {
            Self::Kill(incident) => Some(incident),
            Self::NoKill(_) => None,
        }
    }
}

/// The open log.
pub(super) struct KernelLog {
    reader: KmsgReader,
    parser: Parser,
    reports: VecDeque<Report>,
    /// printk's time of the last record, and when it was read: printk's clock need not be any that we can read.
    last: (u64, Instant),
}

impl KernelLog {
    /// Opens /dev/kmsg at its end.
    ///
    /// # Errors
    /// A note that names cause and remedy.
    pub(super) fn open() -> Result<Self, String> {
        let reader = KmsgReader::open(Path::new("/dev/kmsg"), Start::Now)
            .map_err(|e| format!("the kernel's log can't complete reports: {e}"))?;
        Ok(Self::on(reader))
    }

    fn on(reader: KmsgReader) -> Self {
        let last = (0, Instant::now());
        Self { reader, parser: Parser::new(), reports: VecDeque::with_capacity(KEPT), last }
    }

    /// The descriptor to wait on.
    pub(super) fn fd(&self) -> RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.reader)
    }

    /// Fills what `incident` lacks from the kernel's report of the same kill, if it comes while `may_wait` allows to wait for
    /// it: the kernel prints its last line after all that the hooks tell of.
    pub(super) fn complete(
        &mut self,
        incident: &mut Incident,
        draft: &Draft,
        builder: &Builder,
        may_wait: impl Fn(Duration) -> bool,
    ) {
        let Some(victim) = incident.victims.first().map(|victim| victim.pid) else { return };
        let begun = Instant::now();
        let report = loop {
            self.read();
            match self.told_of(victim) {
                Some(report) => break report,
                None if may_wait(begun.elapsed()) => std::thread::sleep(PAUSE),
                None => return,
            }
        };
        // What was inferred gives way to what the kernel says.
        if incident.scope.inferred && report.domain.constraint.is_some() {
            incident.scope = crate::model::Scope::default();
            incident.source.notes.retain(|note| !note.starts_with(INFERRED));
            if let Some(path) = &report.domain.oom_memcg {
                builder.place(&mut incident.scope, draft, path);
            }
        }
        klog::complete(incident, &report);
        self.reports.drain(..self.reports.len().saturating_sub(KEPT));
    }

    /// The report that tells that `victim` was killed.
    fn told_of(&self, victim: u32) -> Option<Report> {
        let about = |report: &&Report| report.outcome == Outcome::Killed && report.kills(victim);
        self.parser.current().filter(about).or_else(|| self.reports.iter().rev().find(about)).cloned()
    }

    /// What the log has told since the last time. With the `last` call no line is waited for any more: of a report that is not
    /// whole by then, the incident says what is missing.
    pub(super) fn runs(&mut self, builder: &Builder, swap: Option<u64>, last: bool) -> Vec<Run> {
        self.read();
        if last {
            self.parser.finish();
            self.collect();
        }
        self.reports.drain(..).filter_map(|report| Run::of(&report, origin(&report, builder, swap))).collect()
    }

    fn read(&mut self) {
        while let Ok(Next::Record(record)) = self.reader.next_record() {
            self.take(&record);
        }
        let since = u64::try_from(self.last.1.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.parser.tick(self.last.0.saturating_add(since));
        self.collect();
    }

    fn take(&mut self, record: &KmsgRecord) {
        self.last = (record.usec, Instant::now());
        self.parser.push(&record.line());
    }

    /// Takes over the reports that are complete. A line of the reaper alone is none: its kill can be from before the trace.
    fn collect(&mut self) {
        while let Some(item) = self.parser.pop() {
            if let Item::Report(report) = item {
                self.reports.push_back(*report);
            }
        }
    }
}

/// The boot time of a line that was written `usec` after boot by printk's clock. That stands still while the machine sleeps, or
/// does not, as the processor has it; in any case the line was written before it was read. A sleep between the two is taken to
/// have been before both.
fn boottime(usec: u64, asleep_ns: u64, now: u64) -> u64 {
    usec.saturating_mul(1000).saturating_add(asleep_ns).min(now)
}

/// When and where a line of the running kernel's log was written: here, and a moment ago.
fn origin(report: &Report, builder: &Builder, swap: Option<u64>) -> Origin {
    let now = clock::boottime_ns();
    let time =
        report.outcome_usec.or(report.begin_usec).map_or(now, |usec| boottime(usec, clock::asleep_ns(), now));
    Origin {
        id: builder.id(time),
        time: clock::rfc3339(time),
        boottime_ns: time,
        host: builder.facts().host.clone(),
        total_swap_bytes: swap,
        ..Origin::default()
    }
}

#[cfg(test)]
#[path = "kernel_log_tests.rs"]
mod tests;

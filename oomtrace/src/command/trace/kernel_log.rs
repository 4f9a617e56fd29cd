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
    klog::{self, Facts, Item, KmsgReader, Next, Outcome, Parser, Report, Start, to_model},
    model::{Incident, SCHEMA, Source, SourceKind},
};

/// Reports kept until their incident comes.
const KEPT: usize = 64;
/// Between two looks for a line that has not come yet.
const PAUSE: Duration = Duration::from_millis(5);

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
    }

    /// The report that tells that `victim` was killed.
    fn told_of(&self, victim: u32) -> Option<Report> {
        let about = |report: &&Report| report.outcome == Outcome::Killed && report.kills(victim);
        self.parser.current().filter(about).or_else(|| self.reports.iter().rev().find(about)).cloned()
    }

    /// The kills that the log has told of since the last time, as incidents of their own. With the `last` call no line is
    /// waited for any more.
    pub(super) fn kills(&mut self, builder: &Builder, last: bool) -> Vec<Incident> {
        self.read();
        if last {
            self.parser.finish();
            self.collect();
        }
        let (killed, _): (Vec<_>, Vec<_>) =
            self.reports.drain(..).partition(|report| report.outcome == Outcome::Killed);
        killed.iter().map(|report| incident(report, builder)).collect()
    }

    fn read(&mut self) {
        while let Ok(Next::Record(record)) = self.reader.next_record() {
            self.last = (record.usec, Instant::now());
            self.parser.push(&record.line());
        }
        let since = u64::try_from(self.last.1.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.parser.tick(self.last.0.saturating_add(since));
        self.collect();
    }

    /// Takes over the reports that are complete.
    fn collect(&mut self) {
        while let Some(item) = self.parser.pop() {
            if let Item::Report(report) = item {
                if self.reports.len() == KEPT {
                    self.reports.pop_front();
                }
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

/// An incident of which the log is the only witness.
fn incident(report: &Report, builder: &Builder) -> Incident {
    let host = builder.facts().host.clone();
    let facts = Facts { page_size: host.page_size, ..Facts::default() };
    let now = clock::boottime_ns();
    let time =
        report.outcome_usec.or(report.begin_usec).map_or(now, |usec| boottime(usec, clock::asleep_ns(), now));
    Incident {
        schema: SCHEMA.to_owned(),
        id: builder.id(time),
        time: clock::rfc3339(time),
        boottime_ns: time,
        host,
        source: Source {
            kind: SourceKind::KernelLog,
            probes: vec![klog::PROBE.to_owned()],
            lost_events: 0,
            notes: report.missing.iter().map(|part| format!("missing in the kernel's log: {part}")).collect(),
            log: None,
        },
        scope: to_model::scope(report, &facts),
        trigger: to_model::trigger(report),
        victims: to_model::victims(report, &facts),
        candidates: to_model::candidates(report, &facts),
        candidates_scored: to_model::candidates_scored(report),
        system: None,
        history: None,
        diagnosis: None,
    }
}

#[cfg(test)]
#[path = "kernel_log_tests.rs"]
mod tests;

//! The kernel's log as a second witness: it completes what the attached hooks could not see.

use std::path::Path;

use crate::{
    collect::Draft,
    kernel::{Roots, clock},
    klog::{Item, KmsgReader, Next, Parser, Report, Start},
    model::Incident,
};

/// Reports kept until their incident comes.
const KEPT: usize = 64;

/// The open log.
pub(super) struct KernelLog {
    reader: KmsgReader,
    parser: Parser,
    reports: std::collections::VecDeque<Report>,
}

impl KernelLog {
    /// Opens /dev/kmsg at its end.
    ///
    /// # Errors
    /// A note that names cause and remedy.
    pub(super) fn open(_roots: &Roots) -> Result<Self, String> {
        let reader = KmsgReader::open(Path::new("/dev/kmsg"), Start::Now)
            .map_err(|e| format!("the kernel's log can't complete reports: {e}"))?;
        Ok(Self { reader, parser: Parser::new(), reports: std::collections::VecDeque::with_capacity(KEPT) })
    }

    /// Fills what `incident` lacks from the kernel's report of the same kill, if it is there by now.
    pub(super) fn complete(&mut self, incident: &mut Incident, draft: &Draft) {
        self.read();
        let killed = |report: &Report| incident.victims.first().is_some_and(|v| report.kills(v.pid));
        let current = self.parser.current().filter(|r| killed(r)).cloned();
        let report = current.or_else(|| self.reports.iter().rev().find(|r| killed(r)).cloned());
        if let Some(report) = report {
            log::debug!("completing kill {:?} from the kernel's log", draft.seq);
            let _ = (&report, incident);
        }
    }

    fn read(&mut self) {
        while let Ok(Next::Record(record)) = self.reader.next_record() {
            self.parser.push(&record.line());
        }
        self.parser.tick(clock::boottime_ns() / 1000);
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

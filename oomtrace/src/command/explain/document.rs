//! The formats that are one document: everything is kept until the logs have ended.

use anyhow::Result;

use crate::command::report::{self, Format};
use crate::command::terminal::Look;
use crate::evidence::Evidence;
use crate::evidence::keep::{KILLS as KEPT, for_tables};
use crate::kernel::clock;
use crate::model::{Event, Footer, Header, Host, KERNEL_LOG, SCHEMA};

/// Kills kept whole: as many as the longest of the documents shows whole.
const WHOLE: usize = 200;

/// What becomes of the records until there is a document.
pub(super) struct Document {
    format: Format,
    evidence: Evidence,
    left_out: u64,
    /// Made when reading began.
    header: Header,
}

impl Document {
    /// Without any record.
    pub(super) fn new(format: Format) -> Self {
        Self { format, evidence: Evidence::default(), left_out: 0, header: header(Host::default()) }
    }

    /// Keeps a record, or counts it.
    pub(super) fn take(&mut self, event: Event) {
        let evidence = &mut self.evidence;
        match event {
            Event::OomKill(incident) if evidence.incidents.len() < WHOLE => {
                evidence.incidents.push(*incident);
            }
            Event::OomKill(incident) if evidence.incidents.len() < KEPT => {
                evidence.incidents.push(for_tables(*incident));
            }
            Event::OomNoKill(no_kill) if evidence.no_kills.len() < KEPT => evidence.no_kills.push(no_kill),
            Event::UserspaceKill(kill) if evidence.userspace_kills.len() < KEPT => {
                evidence.userspace_kills.push(*kill);
            }
            _ => self.left_out += 1,
        }
    }

    /// The document.
    ///
    /// # Errors
    /// None that a record of ours causes.
    pub(super) fn finish(
        mut self,
        name: String,
        host: Host,
        mut footer: Footer,
        look: Look,
    ) -> Result<Vec<u8>> {
        if self.left_out > 0 {
            footer.complete = false;
            footer.notes.push(format!(
                "{} records are left out, a document keeps {KEPT} of a kind: -f text and -f json write all of them",
                self.left_out
            ));
        }
        let without_clock = self.evidence.incidents.iter().filter(|kill| kill.boottime_ns == 0).count();
        if self.format == Format::Perfetto && without_clock > 0 {
            eprintln!(
                "oomtrace: {without_clock} of {} kills are not in the trace: the log does not tell when they were since boot",
                self.evidence.incidents.len()
            );
        }
        self.evidence.name = name;
        let of_kills = || self.evidence.incidents.iter().map(|kill| &kill.host);
        // Files do not tell whose they are, their lines may.
        let only = of_kills().next().filter(|first| of_kills().all(|host| host.name == first.name)).cloned();
        let host = if host.name.is_empty() { only.unwrap_or(host) } else { host };
        self.evidence.header = Some(Header { host, ..self.header });
        self.evidence.footer = Some(footer);
        report::render(&[self.evidence], self.format, look)
    }
}

/// The header of a stream that is read from logs.
pub(super) fn header(host: Host) -> Header {
    let now = clock::boottime_ns();
    Header {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: clock::rfc3339(now),
        boottime_ns: now,
        host,
        probes: vec![KERNEL_LOG.to_owned()],
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Incident;

    #[test]
    fn what_is_left_out_is_said() {
        let mut document = Document::new(Format::Json);
        for number in 0..=KEPT as u64 {
            let incident = Incident { boottime_ns: number + 1, ..Incident::default() };
            document.take(Event::OomKill(Box::new(incident)));
        }
        let footer = Footer { complete: true, ..Footer::default() };
        let look = Look { color: false, width: None };
        let text = document.finish("x".into(), Host::default(), footer, look).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.lines().count(), KEPT + 2);
        let last = text.lines().last().unwrap();
        assert!(last.contains("\"complete\":false") && last.contains("1 records are left out"), "{last}");
    }
}

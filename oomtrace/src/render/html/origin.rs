//! How all this is known.

use super::parts::{card, fact};
use crate::model::{Incident, SourceKind};
use crate::render::markup::Markup;
use crate::words::bytes;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let source = &incident.source;
    let witness = match source.kind {
        SourceKind::Ebpf => "hooks in the kernel (eBPF)",
        SourceKind::KernelLog => "the kernel's log",
        SourceKind::Counters => "the kernel's counters alone",
    };
    card(page, "Data sources", |page| {
        page.tag("dl", &[("class", "facts")], |page| {
            let line = |page: &mut Markup, term: &str, text: &str| {
                fact(page, term, |page| {
                    page.text(text);
                });
            };
            line(page, "Witness", witness);
            if !source.probes.is_empty() {
                line(page, "Contributed", &source.probes.join(", "));
            }
            if source.lost_events > 0 {
                let lost = bytes::count(i64::try_from(source.lost_events).unwrap_or(i64::MAX));
                line(page, "Lost records", &format!("{lost} since the stream began: parts may be missing"));
            }
            if let Some(message) = &incident.scope.message {
                line(page, "The kernel's words", message);
            }
            line(page, "Record", &incident.id);
        });
        let history = incident.history.as_ref().map_or(&[][..], |history| &history.notes);
        if !source.notes.is_empty() || !history.is_empty() {
            page.tag("ul", &[("class", "notes")], |page| {
                for note in source.notes.iter().chain(history) {
                    page.text_tag("li", &[], note);
                }
            });
        }
    });
}

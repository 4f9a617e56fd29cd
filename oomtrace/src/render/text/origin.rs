//! How the record is known, and what may be missing from it.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::{Incident, SourceKind};
use crate::words::bytes;

/// Writes notes, losses and the last, dim lines.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    page.section("Notes");
    let lost = incident.source.lost_events;
    if lost > 0 {
        let events = bytes::count(i64::try_from(lost).unwrap_or(i64::MAX));
        let text = format!(
            "{events} event{} lost since the start: parts of this report may be missing.",
            if lost == 1 { " was" } else { "s were" }
        );
        page.para(Rich::new().with(Tone::Red, text), 2);
    }
    for note in &incident.source.notes {
        page.para(Rich::new().with(Tone::Yellow, words::safe(note)), 2);
    }
    page.section("Seen by");
    page.para(Rich::new().with(Tone::Dim, witness(incident)), 0);
    page.para(Rich::new().with(Tone::Dim, details(incident)), 0);
}

fn witness(incident: &Incident) -> String {
    let kind = match incident.source.kind {
        SourceKind::Ebpf => "eBPF",
        SourceKind::KernelLog => "the kernel's log",
        SourceKind::Counters => "the kernel's counters only",
    };
    if let Some(log) = &incident.source.log {
        return format!("{kind}: {} ({})", words::shown(&log.name), words::safe(&log.format));
    }
    let probes: Vec<_> = incident.source.probes.iter().map(|probe| words::safe(probe)).collect();
    if probes.is_empty() { kind.into() } else { format!("{kind}: {}", probes.join(", ")) }
}

/// What one looks up after the first glance.
fn details(incident: &Incident) -> String {
    let scope = &incident.scope;
    let host = &incident.host;
    let mut parts = Vec::new();
    if !host.kernel.is_empty() {
        parts.push(
            format!("kernel {} {}", words::safe(&host.kernel), words::safe(&host.machine))
                .trim_end()
                .to_owned(),
        );
    }
    parts.extend(scope.order.map(|order| format!("order {order}")));
    parts.extend(scope.gfp_flags.as_ref().map(|gfp| words::safe(&gfp.names)));
    if !incident.id.is_empty() {
        parts.push(format!("id {}", words::safe(&incident.id)));
    }
    parts.join(", ")
}

//! A record in a line of the journal.

use crate::model::{AlertState, Event, Incident, SourceKind};
use crate::render::brief;

/// What is said of a kill.
pub(super) fn kill(incident: &Incident) -> String {
    let lines = brief::lines(incident).join("; ");
    let how = if incident.source.kind == SourceKind::KernelLog { " (from the kernel's log)" } else { "" };
    format!("{}{how}: {lines} [incident {}]", brief::title(incident), incident.id)
}

/// Says what is worth saying of a record.
pub(super) fn say(event: &Event) {
    match event {
        Event::Header(header) => {
            log::info!(
                "watching {}, kernel {}: {}",
                header.host.name,
                header.host.kernel,
                header.probes.join(", ")
            );
            header.notes.iter().for_each(|note| log::warn!("{note}"));
        }
        Event::OomKill(incident) => log::warn!("{}", kill(incident)),
        Event::Alert(alert) if alert.state == AlertState::Firing => {
            log::warn!("alert {}: {} [{}]", alert.rule, alert.summary, alert.id);
        }
        Event::Alert(alert) => log::info!("alert {} is over: {} [{}]", alert.rule, alert.summary, alert.id),
        Event::Lost(lost) => {
            log::error!("lost: {} kills, {} records: {}", lost.kills, lost.records, lost.why);
        }
        Event::Footer(footer) => footer.notes.iter().for_each(|note| log::warn!("{note}")),
        _ => {}
    }
}

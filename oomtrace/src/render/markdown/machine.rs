//! The machine's memory in a line.

use super::{escape, line};
use crate::model::{Captured, Incident};
use crate::render::answers;
use crate::render::text::words;

pub(super) fn write(out: &mut String, incident: &Incident) {
    let Some(system) = &incident.system else { return };
    let mut parts = Vec::new();
    if let (Some(total), Some(available)) = (system.mem_total_bytes, system.mem_available_bytes) {
        parts.push(format!("{} of {} available", words::size(available), words::size(total)));
    }
    match (system.swap_total_bytes, system.swap_free_bytes) {
        (Some(0), _) => parts.push("no swap".into()),
        (Some(total), Some(free)) => {
            parts.push(format!("{} of {} swap free", words::size(free), words::size(total)));
        }
        _ => {}
    }
    if let Some(psi) = &system.psi {
        parts.push(format!("memory pressure in the 10 s before: {}", answers::pressure(psi)));
    }
    if parts.is_empty() {
        return;
    }
    let when = match (system.captured, system.age_ns) {
        (Captured::AtKill, _) => " (at the kill)".to_owned(),
        (Captured::AfterKill, Some(age)) => format!(" ({} after the kill)", words::duration(age)),
        (Captured::AfterKill, None) => " (after the kill)".into(),
    };
    line(out, &format!("\nMachine: {}", escape::prose(&format!("{}{when}.", parts.join(", ")))));
}

//! The machine around the kill, with the age of the figures.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::{Captured, Constraint, Incident, Psi, System, Zone};
use crate::render::answers;

/// The largest processes shown.
const TOP: usize = 5;

/// Writes the section, nothing when the scene was not taken.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(system) = &incident.system else {
        return;
    };
    page.section("Machine");
    let whole = incident.scope.constraint != Some(Constraint::Memcg);
    page.para(memory(system, whole).with(Tone::Dim, format!(" ({})", age(system))), 0);
    let calm = |psi: &&Psi| psi.some_avg10 < 0.05;
    if let Some(psi) = system.psi.as_ref().filter(|psi| !calm(psi)) {
        page.para(pressure(psi), 0);
    }
    zones(page, &system.zones);
    largest(page, incident, system);
}

fn age(system: &System) -> String {
    match (system.captured, system.age_ns) {
        (Captured::AtKill, _) => "at the kill".into(),
        (Captured::AfterKill, Some(age)) => format!("{} after the kill", words::duration(age)),
        (Captured::AfterKill, None) => "after the kill".into(),
    }
}

/// `31.2 GiB RAM, 1.2 GiB available (3.8 %), 400 MiB free; swap 12 MiB free of 2 GiB`; where a cgroup's limit
/// was hit, only what tells that the machine had memory left.
fn memory(system: &System, whole: bool) -> Rich {
    let figure = |what: &str, value: Option<u64>| value.map(|value| format!("{} {what}", words::size(value)));
    let share = system.mem_available_bytes.zip(system.mem_total_bytes);
    let share = share
        .and_then(|(part, whole)| words::percent(part, whole))
        .map_or(String::new(), |share| format!(" ({share})"));
    let swap = match (system.swap_total_bytes, system.swap_free_bytes) {
        (Some(0), _) => Some("no swap".into()),
        (Some(total), Some(free)) => {
            Some(format!("{} of {} swap free", words::size(free), words::size(total)))
        }
        (Some(total), None) => Some(format!("{} swap", words::size(total))),
        (None, free) => figure("swap free", free),
    };
    let parts = [
        figure("RAM", system.mem_total_bytes),
        figure("available", system.mem_available_bytes).map(|text| text + &share),
        figure("free", system.mem_free_bytes).filter(|_| whole),
        figure("shared", system.shmem_bytes).filter(|_| whole),
        figure("slab", system.slab_bytes).filter(|_| whole),
        swap,
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "Memory not known".into() } else { parts.join(", ").into() }
}

fn pressure(psi: &Psi) -> String {
    format!("Memory pressure in the 10 s before: {}.", answers::pressure(psi))
}

/// Only the zones that are below their minimum say something.
fn zones(page: &mut Page, zones: &[Zone]) {
    for zone in zones.iter().filter(|zone| zone.free_bytes < zone.min_bytes) {
        let name = words::safe(&zone.name);
        let text = format!(
            "Zone {name} of node {} is below its minimum: {} free, minimum {}.",
            zone.node,
            words::size(zone.free_bytes),
            words::size(zone.min_bytes)
        );
        page.para(Rich::new().with(Tone::Yellow, text), 0);
    }
}

fn largest(page: &mut Page, incident: &Incident, system: &System) {
    let mut text = Rich::new();
    for process in system.top_processes.iter().take(TOP) {
        text.push(Tone::Plain, if text.is_empty() { "Largest: " } else { ", " });
        let killed = incident.victims.iter().any(|victim| victim.pid == process.pid);
        text.push(if killed { Tone::Red } else { Tone::Plain }, words::name(&process.comm));
        text.push(
            Tone::Plain,
            format!("{} {}", words::with_pid(process.pid), words::size(process.rss_bytes)),
        );
        if let Some(swap) = process.swap_bytes.filter(|swap| *swap > 0) {
            text.push(Tone::Plain, format!(" + {} in swap", words::size(swap)));
        }
    }
    page.para(text, 2);
}

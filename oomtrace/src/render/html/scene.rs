//! The machine's memory around the kill.

use super::parts::{bar, card, fact, number, size, table};
use crate::model::{Captured, Incident, Psi, System};
use crate::render::markup::Markup;
use crate::render::text::words;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let Some(system) = &incident.system else { return };
    let when = match (system.captured, system.age_ns) {
        (Captured::AtKill, _) => "at the kill".to_owned(),
        (Captured::AfterKill, Some(age)) => format!("{} after the kill", words::duration(age)),
        (Captured::AfterKill, None) => "after the kill".into(),
    };
    card(page, &format!("The machine, {when}"), |page| {
        page.tag("dl", &[("class", "facts")], |page| facts(page, system));
        zones(page, system);
        top(page, incident, system);
    });
}

fn facts(page: &mut Markup, system: &System) {
    if let (Some(total), Some(available)) = (system.mem_total_bytes, system.mem_available_bytes) {
        let text = format!("{} of {} available", words::size(available), words::size(total));
        used(page, "Memory", total.saturating_sub(available), total, &text);
    }
    match (system.swap_total_bytes, system.swap_free_bytes) {
        (Some(0), _) => fact(page, "Swap", |page| {
            page.text("none");
        }),
        (Some(total), Some(free)) => {
            let text = format!("{} of {} free", words::size(free), words::size(total));
            used(page, "Swap", total.saturating_sub(free), total, &text);
        }
        _ => {}
    }
    for (term, value) in [("Shared memory, tmpfs", system.shmem_bytes), ("Slab", system.slab_bytes)] {
        if let Some(value) = value {
            fact(page, term, |page| {
                page.text(&words::size(value));
            });
        }
    }
    if let Some(psi) = &system.psi {
        fact(page, "Waiting for memory", |page| {
            page.text(&pressure(psi));
        });
    }
}

fn used(page: &mut Markup, term: &str, used: u64, total: u64, text: &str) {
    fact(page, term, |page| {
        page.text(text);
        bar(page, &[("rss", used)], total, &format!("{} of {} used", words::size(used), words::size(total)));
    });
}

fn pressure(psi: &Psi) -> String {
    let full = psi.full_avg10.map_or(String::new(), |full| format!(", all tasks {full:.1} %"));
    format!("some task {:.1} % of the 10 s before{full}", psi.some_avg10)
}

fn zones(page: &mut Markup, system: &System) {
    if system.zones.is_empty() {
        return;
    }
    let titles = [("Node", true), ("Zone", false), ("Free", true), ("Minimum", true), ("Managed", true)];
    table(page, "Zones; below the minimum allocations fail or kill", &titles, |page| {
        for zone in &system.zones {
            page.tag(
                "tr",
                &[("class", if zone.free_bytes < zone.min_bytes { "dead" } else { "" })],
                |page| {
                    number(page, &zone.node.to_string());
                    page.text_tag("td", &[], &zone.name);
                    size(page, Some(zone.free_bytes));
                    size(page, Some(zone.min_bytes));
                    size(page, zone.managed_bytes);
                },
            );
        }
    });
}

fn top(page: &mut Markup, incident: &Incident, system: &System) {
    if system.top_processes.is_empty() {
        return;
    }
    let largest = system.top_processes.iter().map(|process| process.rss_bytes).max().unwrap_or(1);
    let titles = [("Process", false), ("", false), ("Resident", true), ("Swap", true)];
    table(page, "Largest processes by resident memory", &titles, |page| {
        for process in &system.top_processes {
            page.tag("tr", &[], |page| {
                page.tag("td", &[("class", "name")], |page| {
                    page.text(&words::task(&process.comm, process.pid));
                    if incident.victims.iter().any(|victim| victim.pid == process.pid) {
                        page.text_tag("span", &[("class", "tag")], "killed");
                    }
                });
                page.tag("td", &[("class", "wide")], |page| {
                    bar(page, &[("rss", process.rss_bytes)], largest, &words::size(process.rss_bytes));
                });
                size(page, Some(process.rss_bytes));
                size(page, process.swap_bytes);
            });
        }
    });
}

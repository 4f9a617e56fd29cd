//! The machine's memory around the kill.

use super::glossary;
use super::incident::Place;
use super::parts::{bar, card, cell, fact, number, size, table, words_of_columns};
use crate::model::{Captured, Incident, System, Zone};
use crate::render::answers;
use crate::render::markup::Markup;
use crate::render::text::words;
use crate::words::bytes;

pub(super) fn write(page: &mut Markup, incident: &Incident, place: &Place) {
    if !place.is_plain() {
        stats(page, incident);
    }
    let Some(system) = &incident.system else { return };
    let when = match (system.captured, system.age_ns) {
        (Captured::AtKill, _) => "at the kill".to_owned(),
        (Captured::AfterKill, Some(age)) => format!("{} after the kill", words::duration(age)),
        (Captured::AfterKill, None) => "after the kill".into(),
    };
    card(page, &format!("The machine, {when}"), |page| {
        page.tag("dl", &[("class", "facts")], |page| facts(page, system));
        items(page, system);
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
        fact(page, "Memory pressure", |page| {
            page.text(&format!("{} in the 10 s before", answers::pressure(psi)));
        });
    }
}

fn used(page: &mut Markup, term: &str, used: u64, total: u64, text: &str) {
    fact(page, term, |page| {
        page.text(text);
        bar(page, &[("rss", used)], total, &format!("{} of {} used", words::size(used), words::size(total)));
    });
}

/// What memory was used for, each of the kernel's figures in words.
fn items(page: &mut Markup, system: &System) {
    if system.items.is_empty() {
        return;
    }
    let titles = [("Kernel's name", false), ("Size", true), ("Of RAM", true), ("What it is", false)];
    table(page, "What memory was used for", &titles, |page| {
        for item in system.items.iter().filter(|item| item.bytes > 0) {
            page.tag("tr", &[], |page| {
                page.text_tag("td", &[("class", "mono")], &item.name);
                size(page, Some(item.bytes));
                let share = system.mem_total_bytes.and_then(|total| words::percent(item.bytes, total));
                number(page, &share.unwrap_or_default());
                cell(page, glossary::of_use(&item.name));
            });
        }
    });
    let zero: Vec<_> =
        system.items.iter().filter(|item| item.bytes == 0).map(|item| words::safe(&item.name)).collect();
    if !zero.is_empty() {
        page.text_tag("p", &[("class", "dim small")], &format!("Nothing: {}.", zero.join(", ")));
    }
}

/// Statistics of the memory cgroup at its limit.
fn stats(page: &mut Markup, incident: &Incident) {
    let items = incident.scope.stats.as_ref().map_or(&[][..], |stats| &stats.items);
    if items.is_empty() {
        return;
    }
    card(page, "Statistics of the memory cgroup at its limit", |page| {
        let titles = [("Kernel's name", false), ("Value", true), ("What it is", false)];
        table(page, "memory.stat at the kill, what is not 0", &titles, |page| {
            for item in items {
                page.tag("tr", &[], |page| {
                    page.text_tag("td", &[("class", "mono")], &item.name);
                    match glossary::is_size(&item.name) {
                        true => size(page, Some(item.value)),
                        false => number(page, &bytes::count(i64::try_from(item.value).unwrap_or(i64::MAX))),
                    }
                    cell(page, glossary::of_stat(&item.name));
                });
            }
        });
    });
}

fn zones(page: &mut Markup, system: &System) {
    if system.zones.is_empty() {
        return;
    }
    // Those read from /proc after the kill have three values, those of the kernel's report all.
    let whole = system.zones.iter().any(|zone| zone.low_bytes.is_some());
    let mut titles = vec![("Node", true), ("Zone", false), ("Free", true)];
    if whole {
        titles.extend([("Lacks", true), ("Min", true), ("Low", true), ("High", true), ("Reserve", true)]);
        titles.extend([("Managed", true), ("Largest block", true), ("CMA free", true), ("Atomic", true)]);
        titles.push(("Usable", false));
    } else {
        titles.extend([("Min", true), ("Managed", true)]);
    }
    table(page, "Zones; below the minimum allocations fail or kill", &titles, |page| {
        system.zones.iter().for_each(|zone| one(page, zone, whole));
    });
    let known = |column: &&(&str, &str)| titles.iter().any(|(title, _)| *title == column.0);
    let columns: Vec<_> = glossary::ZONE.iter().filter(known).copied().collect();
    words_of_columns(page, &columns);
}

fn one(page: &mut Markup, zone: &Zone, whole: bool) {
    let short = zone.lacks_bytes.is_some() || zone.free_bytes < zone.min_bytes;
    page.tag("tr", &[("class", if short { "dead" } else { "" })], |page| {
        number(page, &zone.node.to_string());
        cell(page, &zone.name);
        size(page, Some(zone.free_bytes));
        if !whole {
            size(page, Some(zone.min_bytes));
            size(page, zone.managed_bytes);
            return;
        }
        size(page, zone.lacks_bytes);
        size(page, Some(zone.min_bytes));
        let rest = [zone.low_bytes, zone.high_bytes, zone.reserve_bytes, zone.managed_bytes];
        let more = [zone.largest_block_bytes, zone.cma_free_bytes, zone.highatomic_bytes];
        rest.into_iter().chain(more).for_each(|bytes| size(page, bytes));
        cell(
            page,
            match zone.usable {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            },
        );
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

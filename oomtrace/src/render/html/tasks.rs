//! The kernel's task table, in the order that is chosen: one copy of it for each, so that no script is needed.

use super::glossary;
use super::incident::Place;
use super::parts::{bar, card, number, size, table, words_of_columns};
use crate::model::{HeldBy, Holders, Incident};
use crate::render::markup::Markup;
use crate::render::text::words;

/// Rows of each copy, on a page of few kills and on one of many.
const ROWS: usize = 50;
const ROWS_OF_MANY: usize = 20;
/// Names that are summed up.
const NAMES: usize = 10;

/// An order: its name and which row comes first.
type Order = (&'static str, fn(&HeldBy, &HeldBy) -> std::cmp::Ordering);

const ORDERS: [Order; 5] = [
    ("Memory", |a, b| b.bytes().cmp(&a.bytes())),
    ("Swap", |a, b| b.swap_bytes.cmp(&a.swap_bytes).then_with(|| b.bytes().cmp(&a.bytes()))),
    ("Address space", |a, b| b.total_vm_bytes.cmp(&a.total_vm_bytes)),
    ("oom_score_adj", |a, b| b.oom_score_adj.cmp(&a.oom_score_adj).then_with(|| b.bytes().cmp(&a.bytes()))),
    ("Name", |a, b| a.comm.as_bytes().cmp(b.comm.as_bytes()).then_with(|| b.bytes().cmp(&a.bytes()))),
];

pub(super) fn write(page: &mut Markup, incident: &Incident, place: &Place) {
    let Some(held) = incident.scope.holders.as_ref().filter(|held| !held.tasks.is_empty()) else { return };
    card(page, "Processes at the kill, by the kernel's table", |page| {
        by_name(page, held);
        let orders = if place.is_plain() { &ORDERS[..1] } else { &ORDERS[..] };
        page.tag("div", &[("class", "zoom")], |page| {
            if orders.len() > 1 {
                choices(page, place);
            }
            page.tag("div", &[("class", "views")], |page| {
                for order in orders {
                    page.tag("div", &[("class", "view")], |page| rows(page, incident, held, *order, place));
                }
            });
        });
        words_of_columns(page, &glossary::TASK);
    });
}

/// Sums by name, where that says more than the rows.
fn by_name(page: &mut Markup, held: &Holders) {
    if held.by_name.iter().all(|name| name.processes == 1) {
        return;
    }
    let largest = held.by_name.first().map_or(1, |name| name.bytes);
    let titles =
        [("Name", false), ("Processes", true), ("", false), ("Memory together", true), ("Largest", true)];
    table(page, "Sums by name; pages that several share count in each", &titles, |page| {
        for name in held.by_name.iter().take(NAMES) {
            page.tag("tr", &[], |page| {
                page.text_tag("td", &[("class", "name")], &words::name(&name.comm));
                number(page, &name.processes.to_string());
                page.tag("td", &[("class", "wide")], |page| {
                    bar(page, &[("rss", name.bytes)], largest, &words::size(name.bytes));
                });
                size(page, Some(name.bytes));
                size(page, Some(name.largest_bytes));
            });
        }
    });
}

fn choices(page: &mut Markup, place: &Place) {
    let group = format!("tasks-{}", place.number);
    for (at, (name, _)) in ORDERS.iter().enumerate() {
        let id = format!("{group}-{at}");
        let mut attributes = vec![("type", "radio"), ("name", &group), ("id", &id)];
        attributes.extend((at == 0).then_some(("checked", "checked")));
        page.empty("input", &attributes);
        page.text_tag("label", &[("for", &id)], &format!("By {}", name.to_lowercase()));
    }
}

fn rows(page: &mut Markup, incident: &Incident, held: &Holders, order: Order, place: &Place) {
    let (name, compare) = order;
    let most = if place.is_plain() { ROWS_OF_MANY } else { ROWS };
    // Those that hold most, whatever the order is.
    let mut tasks: Vec<_> = held.tasks.iter().take(most).collect();
    tasks.sort_by(|a, b| compare(a, b));
    let shown = u64::try_from(tasks.len()).unwrap_or(u64::MAX);
    let of = if shown < held.processes {
        format!("the {shown} of {} processes that held most", held.processes)
    } else {
        format!("all {shown}")
    };
    let parts = tasks.iter().any(|task| task.anon_bytes.is_some());
    let mut titles = vec![("Process", false), ("uid", true), ("Memory", true), ("Resident", true)];
    if parts {
        titles.extend([("Anonymous", true), ("File", true), ("Shared", true)]);
    }
    titles.extend([("Swap", true), ("Page tables", true), ("Address space", true), ("adj", true)]);
    table(page, &format!("By {}: {of}", name.to_lowercase()), &titles, |page| {
        tasks.iter().for_each(|task| row(page, incident, task, parts));
    });
}

fn row(page: &mut Markup, incident: &Incident, task: &HeldBy, parts: bool) {
    let killed = incident.victims.iter().any(|victim| victim.pid == task.pid);
    page.tag("tr", &[("class", if killed { "dead" } else { "" })], |page| {
        page.tag("td", &[("class", "name")], |page| {
            page.text(&words::task(&task.comm, task.pid));
            if killed {
                page.text_tag("span", &[("class", "tag")], "killed");
            }
        });
        number(page, &task.uid.to_string());
        size(page, Some(task.bytes()));
        size(page, Some(task.rss_bytes));
        if parts {
            size(page, task.anon_bytes);
            size(page, task.file_bytes);
            size(page, task.shmem_bytes);
        }
        size(page, task.swap_bytes);
        size(page, task.page_table_bytes);
        size(page, Some(task.total_vm_bytes));
        number(page, &task.oom_score_adj.to_string());
    });
}

//! The machine as the kernel itself reports it with the kill.

use super::report::Machine;
use super::shortage::{self, Judged, Request};
use super::{Facts, Report};
use crate::model::{Captured, MemoryItem, System, TopProcess, Zone};

/// The largest processes kept.
const TOP: usize = 10;

/// The machine; `None` where the report is of a memory cgroup, which does not tell it.
#[must_use]
pub fn system(report: &Report, facts: &Facts) -> Option<System> {
    let machine = &report.machine;
    if *machine == Machine::default() {
        return None;
    }
    let pages = |names: &[&str]| machine.pages_of(names).and_then(|pages| facts.bytes(pages));
    let kb = |value: Option<u64>| value.and_then(|kb| kb.checked_mul(1024));
    // Where the second line is missing, the memory of the kernel's image is in it.
    let ram =
        machine.ram_pages.and_then(|all| facts.bytes(all.checked_sub(machine.reserved_pages.unwrap_or(0))?));
    Some(System {
        captured: Captured::AtKill,
        mem_total_bytes: ram,
        mem_free_bytes: pages(&["free"]),
        swap_total_bytes: kb(machine.total_swap_kb),
        swap_free_bytes: kb(machine.free_swap_kb),
        shmem_bytes: pages(&["shmem"]),
        slab_bytes: pages(&["slab_reclaimable", "slab_unreclaimable"]),
        slab_unreclaimable_bytes: pages(&["slab_unreclaimable"]),
        anon_bytes: pages(&["active_anon", "inactive_anon"]),
        file_bytes: pages(&["active_file", "inactive_file"]),
        page_table_bytes: pages(&["pagetables"]),
        hugetlb_bytes: Some(machine.huge_kb.saturating_mul(1024)).filter(|bytes| *bytes > 0),
        unevictable_bytes: pages(&["unevictable"]),
        items: items(machine, facts),
        zones: zones(report, facts),
        top_processes: top(report, facts),
        ..System::default()
    })
}

fn items(machine: &Machine, facts: &Facts) -> Vec<MemoryItem> {
    let item =
        |(name, pages): &(String, u64)| Some(MemoryItem { name: name.clone(), bytes: facts.bytes(*pages)? });
    machine.uses.iter().filter_map(item).collect()
}

/// Each zone as the allocation that failed saw it. Without one it is taken for one that may use all of them.
fn zones(report: &Report, facts: &Facts) -> Vec<Zone> {
    let request = Request::of(report);
    let is_known = request.is_some_and(|request| !request.is_empty);
    let judged = shortage::judge(report, &request.unwrap_or_default(), facts);
    judged.unwrap_or_default().iter().map(|one| zone(one, is_known)).collect()
}

fn zone(one: &Judged<'_>, is_known: bool) -> Zone {
    let bytes = |kb: u64| kb.saturating_mul(1024);
    let some = |kb: u64| Some(bytes(kb)).filter(|bytes| *bytes > 0);
    let zone = one.zone;
    let largest = zone.blocks.iter().filter(|blocks| blocks.count > 0).map(|blocks| blocks.kb).max();
    Zone {
        node: zone.node,
        name: zone.name.clone(),
        free_bytes: bytes(zone.free_kb),
        min_bytes: bytes(zone.min_kb),
        managed_bytes: zone.managed_kb.map(bytes),
        low_bytes: zone.low_kb.map(bytes),
        high_bytes: zone.high_kb.map(bytes),
        reserve_bytes: (!zone.reserve_pages.is_empty()).then(|| bytes(one.reserve_kb)),
        largest_block_bytes: largest.map(bytes),
        cma_free_bytes: zone.free_cma_kb.and_then(some),
        highatomic_bytes: zone.highatomic_kb.and_then(some),
        present_bytes: zone.present_kb.map(bytes),
        usable: is_known.then(|| one.usable()),
        lacks_bytes: some(one.lacks_kb()).filter(|_| is_known && one.usable()),
    }
}

/// The table has all processes where the whole machine was out of memory.
fn top(report: &Report, facts: &Facts) -> Vec<TopProcess> {
    let mut rows: Vec<_> = report.tasks.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.rss));
    let process = |row: &super::TaskRow| {
        Some(TopProcess {
            pid: row.tgid,
            comm: row.name.clone(),
            rss_bytes: facts.bytes(row.rss)?,
            swap_bytes: facts.bytes(row.swapents).filter(|bytes| *bytes > 0),
        })
    };
    rows.into_iter().take(TOP).filter_map(process).collect()
}

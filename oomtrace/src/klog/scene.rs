//! The machine as the kernel itself reports it with the kill.

use super::report::{Machine, ZoneReport};
use super::{Facts, Report};
use crate::model::{Captured, System, TopProcess, Zone};

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
    let ram = machine
        .ram_pages
        .and_then(|all| facts.bytes(all.checked_sub(machine.reserved_pages.unwrap_or(0))?));
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
        zones: machine.zones.iter().map(|found| zone(found, facts)).collect(),
        top_processes: top(report, facts),
        ..System::default()
    })
}

fn zone(zone: &ZoneReport, facts: &Facts) -> Zone {
    let bytes = |kb: u64| kb.saturating_mul(1024);
    let reserve = zone.reserve_pages.iter().copied().max().and_then(|pages| facts.bytes(pages));
    let largest = zone.blocks.iter().filter(|(_, count)| *count > 0).map(|(size, _)| *size).max();
    Zone {
        node: zone.node,
        name: zone.name.clone(),
        free_bytes: bytes(zone.free_kb),
        min_bytes: bytes(zone.min_kb),
        managed_bytes: zone.managed_kb.map(bytes),
        low_bytes: zone.low_kb.map(bytes),
        high_bytes: zone.high_kb.map(bytes),
        reserve_bytes: reserve,
        largest_block_bytes: largest.map(bytes),
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

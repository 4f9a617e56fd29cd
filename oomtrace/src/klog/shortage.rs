//! What was asked for, and why it could not be had: the memory report in words.

use super::report::ZoneReport;
use super::{Facts, Report};
use crate::model::{Allocation, Constraint};
use crate::words::bytes;

/// Zones that are named in one sentence.
const NAMED: usize = 4;

/// The allocation that failed.
pub(super) fn allocation(report: &Report, facts: &Facts) -> Option<Allocation> {
    let trigger = report.trigger.as_ref()?;
    let order = trigger.order?;
    let pages = u32::try_from(order).ok().and_then(|order| 1_u64.checked_shl(order));
    Some(Allocation {
        bytes: pages.and_then(|pages| facts.bytes(pages)),
        meaning: meaning(order, trigger.gfp_names.as_deref(), pages.and_then(|pages| facts.bytes(pages))),
        failure: failure(report, order, facts),
    })
}

fn meaning(order: i32, names: Option<&str>, size: Option<u64>) -> String {
    let size = size.map_or(String::new(), |size| format!(" ({})", bytes::size(size)));
    let what = match order {
        ..0 => return "no allocation: SysRq-f asked for a kill".to_owned(),
        0 => format!("one page{size}"),
        _ => format!("2^{order} pages in one piece{size}"),
    };
    let Some(names) = names else { return what };
    let has = |name: &str| names.split('|').any(|part| part == name);
    let starts = |name: &str| names.split('|').any(|part| part.starts_with(name));
    let whose = if starts("GFP_HIGHUSER") || starts("GFP_USER") || starts("GFP_TRANSHUGE") {
        "for the memory of a process or for page cache"
    } else if has("__GFP_ACCOUNT") || starts("GFP_KERNEL_ACCOUNT") {
        "for the kernel's own use on behalf of a process"
    } else if starts("GFP_KERNEL") {
        // A memory cgroup is charged with these flags, whatever the page is for.
        "by flags that may wait, write pages out and reclaim"
    } else if starts("GFP_NOFS") || starts("GFP_NOIO") {
        "by flags that may reclaim, but not through a file system"
    } else {
        return what;
    };
    format!("{what} {whose}")
}

fn failure(report: &Report, order: i32, facts: &Facts) -> Option<String> {
    if order < 0 {
        return None;
    }
    match report.domain.constraint {
        Some(Constraint::Memcg) => memcg(report),
        _ => machine(report, order, facts),
    }
}

/// Which of the cgroup's limits was reached.
fn memcg(report: &Report) -> Option<String> {
    let memcg = &report.memcg;
    let memory = memcg.memory?;
    let size = |kb: u64| bytes::size(kb.saturating_mul(1024));
    let full = |counter: Option<super::Counter>| {
        counter
            .and_then(|counter| Some((counter.usage_kb, counter.limit_kb?)))
            .filter(|(usage, limit)| usage >= limit)
    };
    // A charge is of several pages at once, so that usage may stay a little below.
    let near = |usage: u64, limit: u64| limit.saturating_sub(usage) <= 1024;
    if let Some(limit) = memory.limit_kb.filter(|limit| near(memory.usage_kb, *limit)) {
        return Some(format!(
            "usage had reached the limit of {}, and nothing more of it could be reclaimed; it had been hit {} times{}",
            size(limit),
            memory.failcnt,
            swap_of(memcg.swap)
        ));
    }
    if let Some((_, limit)) = full(memcg.memory_swap) {
        return Some(format!("memory and swap together had reached their limit of {}", size(limit)));
    }
    full(memcg.kmem).map(|(_, limit)| format!("the kernel memory had reached its limit of {}", size(limit)))
}

fn swap_of(swap: Option<super::Counter>) -> String {
    match swap {
        Some(super::Counter { limit_kb: Some(0), .. }) => "; it may not use swap".to_owned(),
        Some(super::Counter { usage_kb, limit_kb: Some(limit), .. }) if usage_kb >= limit => {
            "; its swap was full, too".to_owned()
        }
        _ => String::new(),
    }
}

/// Why no zone had memory for it.
fn machine(report: &Report, order: i32, facts: &Facts) -> Option<String> {
    let zones = usable(report);
    if zones.is_empty() || facts.page_size == 0 {
        return None;
    }
    let wanted_kb = (facts.page_size / 1024).checked_shl(order.unsigned_abs())?;
    let lacks = |zone: &&ZoneReport| zone.free_kb < needed_kb(zone, facts);
    let mut text = if zones.iter().all(lacks) {
        let named: Vec<_> = zones.iter().rev().take(NAMED).map(|zone| short(zone, facts)).collect();
        format!("no zone had memory above what it must keep: {}", named.join("; "))
    } else if order > 0 && !zones.iter().any(|zone| has_block(zone, wanted_kb)) {
        let largest = zones
            .iter()
            .flat_map(|zone| &zone.blocks)
            .filter(|(_, count)| *count > 0)
            .map(|(size, _)| *size)
            .max();
        let largest =
            largest.map_or(String::new(), |kb| format!(", the largest had {}", bytes::size(kb * 1024)));
        format!("free memory was in pieces: no block of {} was free{largest}", bytes::size(wanted_kb * 1024))
    } else {
        let roomy: Vec<_> =
            zones.iter().filter(|zone| !lacks(zone)).take(NAMED).map(|zone| short(zone, facts)).collect();
        format!(
            "when the report was printed there was memory above what must be kept ({}): some was given back meanwhile, or was not to be used for this",
            roomy.join("; ")
        )
    };
    let machine = &report.machine;
    match (machine.total_swap_kb, machine.free_swap_kb) {
        (Some(0), _) => text.push_str("; there is no swap"),
        (Some(total), Some(free)) if free * 100 < total => text.push_str("; swap was full"),
        _ => {}
    }
    Some(text)
}

/// Zones of the nodes that were allowed, as far up as the flags go.
fn usable(report: &Report) -> Vec<&ZoneReport> {
    let nodes = report.domain.nodemask.as_deref().or(report.domain.mems_allowed.as_deref());
    let names = report.trigger.as_ref().and_then(|trigger| trigger.gfp_names.as_deref()).unwrap_or("");
    let only = |zone: &ZoneReport| {
        let has = |name: &str| names.split('|').any(|part| part == name);
        if has("GFP_DMA") || has("__GFP_DMA") {
            return zone.name == "DMA";
        }
        !(has("GFP_DMA32") || has("__GFP_DMA32")) || zone.name.starts_with("DMA")
    };
    let empty = |zone: &ZoneReport| zone.managed_kb == Some(0) || zone.present_kb == Some(0);
    report
        .machine
        .zones
        .iter()
        .filter(|zone| nodes.is_none_or(|list| in_list(zone.node, list)) && only(zone) && !empty(zone))
        .collect()
}

/// Whether a list like `0-1,3` holds a number.
fn in_list(number: u32, list: &str) -> bool {
    list.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        matches!((from.parse::<u32>(), to.parse::<u32>()), (Ok(from), Ok(to)) if (from..=to).contains(&number))
    })
}

fn needed_kb(zone: &ZoneReport, facts: &Facts) -> u64 {
    let reserve = zone.reserve_pages.iter().copied().max().unwrap_or(0);
    zone.min_kb.saturating_add(reserve.saturating_mul(facts.page_size / 1024))
}

fn short(zone: &ZoneReport, facts: &Facts) -> String {
    format!(
        "{} of node {} has {} free and keeps {}",
        zone.name,
        zone.node,
        bytes::size(zone.free_kb.saturating_mul(1024)),
        bytes::size(needed_kb(zone, facts).saturating_mul(1024))
    )
}

fn has_block(zone: &ZoneReport, wanted_kb: u64) -> bool {
    zone.blocks.is_empty() || zone.blocks.iter().any(|(size, count)| *size >= wanted_kb && *count > 0)
}

//! Reports with the shortages that they are about, and that an edit of them makes.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::*;
use crate::klog::input::{Found, LogReader};
use crate::klog::report::FreeBlocks;
use crate::klog::{Domain, Machine, Trigger, ZoneReport};

const FACTS: Facts = Facts { page_size: 4096, total_swap_bytes: None, swappiness: None, total_pages: None };

fn log(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shortage").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn report(text: &str) -> Report {
    let mut found = None;
    let mut sink = |item: Found| {
        if let Found::Report(told) = item {
            found = Some(told.report);
        }
    };
    let mut reader = LogReader::new();
    let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    reader.read("test", input, &mut sink).unwrap();
    reader.finish(&mut sink);
    found.unwrap()
}

fn failed(text: &str) -> (Option<Shortage>, String) {
    let allocation = allocation(&report(text), &FACTS).unwrap();
    (allocation.shortage, allocation.failure.unwrap_or_default())
}

fn holds(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} in {text}");
    }
}

#[test]
fn a_charge_that_failed_is_not_the_machines() {
    let (shortage, text) = failed(&log("failed-charge.log"));
    assert_eq!(shortage, Some(Shortage::Charge));
    holds(&text, &["gfp_mask=0x0", "memory cgroup", "kernel memory", "115 GiB of 126 GiB free"]);
    let owner = "3a166877f91031145f6dc491df3c915c57f1439f4b3bcea4c6a37d1885ea27ea, whose cache signal_cache";
    holds(&text, &[owner]);
    let without: String = log("failed-charge.log")
        .lines()
        .filter(|line| !line.contains("cache: "))
        .map(|line| format!("{line}\n"))
        .collect();
    let (shortage, text) = failed(&without);
    assert_eq!(shortage, Some(Shortage::Charge));
    holds(&text, &["the cpuset of the task that failed is 3a166877"]);
}

#[test]
fn low_memory_without_numa() {
    let (shortage, text) = failed(&log("low-memory.log"));
    assert_eq!(shortage, Some(Shortage::Zones));
    holds(
        &text,
        &[
            "no zone that this request (GFP_KERNEL_ACCOUNT) may use",
            "DMA has 243 MiB free (234 MiB of it CMA, for movable memory only), 11.2 MiB short of its minimum of 20 MiB",
            "the 2.51 GiB free in HighMem can't be used for GFP_KERNEL_ACCOUNT",
            "unreclaimable slab holds 425 MiB of 663 MiB of low memory",
            "there is no swap",
        ],
    );
    // One that may use HighMem had memory.
    let user =
        log("low-memory.log").replace("0x7000c0(GFP_KERNEL_ACCOUNT)", "0x6200ca(GFP_HIGHUSER_MOVABLE)");
    assert_eq!(failed(&user).0, Some(Shortage::NotShort), "{}", failed(&user).1);
}

#[test]
fn the_zone_that_was_asked_for() {
    let (shortage, text) = failed(&log("dma32-request.log"));
    assert_eq!(shortage, Some(Shortage::Zones));
    holds(
        &text,
        &[
            "DMA32 has 6.84 MiB free, 832 KiB short of its minimum of 7.65 MiB",
            "DMA has 11 MiB free, 56 KiB short of the 11.1 MiB it must keep from such requests (minimum 200 KiB, lowmem_reserve 10.9 MiB)",
            "the 7.66 GiB free in Normal can't be used for GFP_KERNEL|GFP_DMA32",
        ],
    );
    // By the mask alone, as up to 4.5.
    let bare = log("dma32-request.log").replace("0xcc4(GFP_KERNEL|GFP_DMA32)", "0x2000d4");
    assert_eq!(failed(&bare).0, Some(Shortage::Zones));
    let dma = log("dma32-request.log").replace("0xcc4(GFP_KERNEL|GFP_DMA32)", "0xcc1(GFP_KERNEL|GFP_DMA)");
    assert_eq!(failed(&dma).0, Some(Shortage::NotShort), "{}", failed(&dma).1);
    let normal = log("dma32-request.log").replace("0xcc4(GFP_KERNEL|GFP_DMA32)", "0xcc0(GFP_KERNEL)");
    assert_eq!(failed(&normal).0, Some(Shortage::NotShort));
}

#[test]
fn pieces_of_zones_that_are_not_short_themselves() {
    let (shortage, text) = failed(&log("fragmented.log"));
    assert_eq!(shortage, Some(Shortage::Fragmented));
    holds(
        &text,
        &[
            "free memory was in pieces: Normal and DMA32 had",
            "no block of 32 KiB, the largest has 8 KiB",
            "DMA has such blocks, but its 11 MiB free are below the 62.1 MiB it must keep",
        ],
    );
    let disabled = log("fragmented.log").replace(
        "[   12.345681] Mem-Info:",
        "[   12.345681] COMPACTION is disabled!!!\n[   12.345681] Mem-Info:",
    );
    holds(&failed(&disabled).1, &["compaction is disabled"]);
    // Blocks of another kind are of no use: highatomic, and CMA for what can't be moved.
    for (kind, found) in
        [("H", Shortage::Fragmented), ("C", Shortage::Fragmented), ("UM", Shortage::NotShort)]
    {
        let with = log("fragmented.log")
            .replace("504586*8kB (UME) 0*16kB 0*32kB", &format!("504586*8kB (UME) 0*16kB 4*32kB ({kind})"));
        assert_eq!(failed(&with).0, Some(found), "{kind}");
    }
}

fn zone(node: u32, name: &str, free_kb: u64, reserve: &[u64]) -> ZoneReport {
    ZoneReport {
        node,
        name: name.into(),
        free_kb,
        min_kb: 10_000,
        low_kb: Some(12_500),
        high_kb: Some(15_000),
        managed_kb: Some(1_000_000),
        reserve_pages: reserve.to_vec(),
        ..ZoneReport::default()
    }
}

fn made(zones: Vec<ZoneReport>, names: &str, order: i32) -> Report {
    let trigger = Trigger {
        order: Some(order),
        gfp_names: Some(names.into()),
        gfp_mask: Some(0xcc0),
        ..Trigger::default()
    };
    Report { trigger: Some(trigger), machine: Machine { zones, ..Machine::default() }, ..Report::default() }
}

fn verdict(report: &Report) -> Option<Shortage> {
    allocation(report, &FACTS).unwrap().shortage
}

#[test]
fn nodes_that_are_not_allowed() {
    let zones = || vec![zone(0, "Normal", 9_000, &[0; 5]), zone(1, "Normal", 500_000, &[0; 5])];
    let bound = |constraint, nodemask: Option<&str>, allowed: &str| Report {
        domain: Domain {
            constraint,
            nodemask: nodemask.map(str::to_owned),
            mems_allowed: Some(allowed.into()),
            ..Domain::default()
        },
        ..made(zones(), "GFP_HIGHUSER_MOVABLE", 0)
    };
    let cpuset = bound(Some(Constraint::Cpuset), None, "0");
    assert_eq!(verdict(&cpuset), Some(Shortage::Nodes));
    let text = allocation(&cpuset, &FACTS).unwrap().failure.unwrap();
    holds(
        &text,
        &[
            "Normal of node 0 has 8.79 MiB free, 1000 KiB short of its minimum",
            "the 488 MiB free in Normal of node 1 can't be used: that node is not allowed",
        ],
    );
    assert_eq!(verdict(&bound(Some(Constraint::MemoryPolicy), Some("0"), "0-1")), Some(Shortage::Nodes));
    // The kernel says that nothing bound it, whatever its cpuset.
    assert_eq!(verdict(&bound(Some(Constraint::None), None, "0")), Some(Shortage::NotShort));
    assert_eq!(verdict(&bound(None, None, "0")), Some(Shortage::Nodes), "before 5.0, for a process");
    let kernel = Report { trigger: made(vec![], "GFP_KERNEL", 0).trigger, ..bound(None, None, "0") };
    assert_eq!(verdict(&kernel), Some(Shortage::NotShort), "no hardwall");
}

#[test]
fn the_whole_machine() {
    let full = made(
        vec![zone(0, "DMA32", 9_000, &[0, 0, 5_000, 5_000, 5_000]), zone(0, "Normal", 9_999, &[0; 5])],
        "GFP_KERNEL",
        0,
    );
    assert_eq!(verdict(&full), Some(Shortage::Machine));
    // Above its minimum, below its high watermark.
    let near = made(vec![zone(0, "Normal", 14_000, &[0; 5])], "GFP_KERNEL", 0);
    assert_eq!(verdict(&near), Some(Shortage::Machine));
    holds(&allocation(&near, &FACTS).unwrap().failure.unwrap(), &["below its high watermark of 14.6 MiB"]);
    let roomy = made(vec![zone(0, "Normal", 400_000, &[0; 5])], "GFP_KERNEL", 0);
    assert_eq!(verdict(&roomy), Some(Shortage::NotShort));
}

#[test]
fn the_kernel_may_not_use_movable_memory() {
    let zones =
        || vec![zone(0, "Normal", 9_000, &[0, 0, 0, 30_000, 30_000]), zone(0, "Movable", 800_000, &[0; 5])];
    assert_eq!(verdict(&made(zones(), "GFP_KERNEL", 0)), Some(Shortage::Zones));
    assert_eq!(verdict(&made(zones(), "GFP_HIGHUSER_MOVABLE|__GFP_ZERO", 0)), Some(Shortage::NotShort));
    assert_eq!(verdict(&made(zones(), "GFP_HIGHUSER", 0)), Some(Shortage::Zones), "no page of it moves");
}

#[test]
fn memory_kept_for_atomic_allocations_is_not_free() {
    let mut zones = vec![zone(0, "Normal", 60_000, &[0; 5])];
    zones[0].highatomic_kb = Some(55_000);
    let report = made(zones, "GFP_KERNEL", 0);
    assert_eq!(verdict(&report), Some(Shortage::Machine));
    holds(
        &allocation(&report, &FACTS).unwrap().failure.unwrap(),
        &["53.7 MiB of it kept for atomic allocations"],
    );
}

#[test]
fn the_class_in_the_list_of_reserves() {
    use class::{Class, layout, reserve};
    let raspberry = [zone(0, "DMA", 1, &[0, 0, 7188, 7188]), zone(0, "HighMem", 1, &[0, 0, 0, 0])];
    let found = layout(&raspberry).unwrap();
    assert_eq!(found, [Class::Dma, Class::Normal, Class::HighMem, Class::Movable]);
    assert_eq!(reserve(&raspberry[0], Class::Normal, Some(&found)), 0);
    assert_eq!(reserve(&raspberry[0], Class::Movable, Some(&found)), 7188);
    let server = [
        zone(0, "DMA", 1, &[0, 2780, 15835, 15835, 15835]),
        zone(0, "DMA32", 1, &[0, 0, 13055, 13055, 13055]),
        zone(0, "Normal", 1, &[0; 5]),
    ];
    let found = layout(&server).unwrap();
    assert_eq!(reserve(&server[0], Class::Dma32, Some(&found)), 2780);
    assert_eq!(reserve(&server[0], Class::HighMem, Some(&found)), 15835, "no such zone: the one below");
    assert_eq!(reserve(&server[1], Class::Dma32, Some(&found)), 0);
    // A list that fits no kernel.
    let odd = [zone(0, "DMA", 1, &[7, 7, 7])];
    assert_eq!(layout(&odd), None);
    assert_eq!(reserve(&odd[0], Class::Normal, None), 7);
}

/// Whatever the figures are: no panic, and a zone that is usable is either short or has room.
#[test]
fn any_figures() {
    static NAMES: OnceLock<[&str; 6]> = OnceLock::new();
    let names = NAMES.get_or_init(|| ["DMA", "DMA32", "Normal", "HighMem", "Movable", "Device"]);
    let mut seed = 1_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..2000 {
        let mut zones = Vec::new();
        for _ in 0..next() % 6 {
            let huge = |value: u64| if value.is_multiple_of(5) { u64::MAX } else { value % 1_000_000 };
            zones.push(ZoneReport {
                node: (next() % 2) as u32,
                name: names[(next() % 6) as usize].into(),
                free_kb: huge(next()),
                min_kb: huge(next()),
                high_kb: Some(huge(next())),
                managed_kb: Some(huge(next())),
                free_cma_kb: Some(huge(next())),
                reserve_pages: (0..next() % 7).map(|_| huge(next())).collect(),
                blocks: vec![FreeBlocks { kb: huge(next()), count: next() % 3, types: "UC".into() }],
                ..ZoneReport::default()
            });
        }
        let names = ["GFP_KERNEL", "GFP_HIGHUSER_MOVABLE", "GFP_DMA32", "GFP_DMA|__GFP_COMP", ""]
            [(next() % 5) as usize];
        let report = made(zones, names, (next() % 40) as i32 - 1);
        let _ = allocation(&report, &FACTS);
    }
}

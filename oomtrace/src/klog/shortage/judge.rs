//! Each zone against the request: what is free for it, what has to stay, and whether it has a block that is large enough.

use super::class::{self, Class};
use super::request::Request;
use super::usable::{self, Barred};
use crate::klog::report::FreeBlocks;
use crate::klog::{Facts, Report, ZoneReport};

/// A zone as the request sees it.
#[derive(Clone, Debug)]
pub(in crate::klog) struct Judged<'a> {
    pub(in crate::klog) zone: &'a ZoneReport,
    pub(in crate::klog) barred: Option<Barred>,
    /// Free pages that the request may not use, kB: of CMA areas.
    pub(in crate::klog) cma_kb: u64,
    /// The same, of the reserve for atomic allocations.
    pub(in crate::klog) atomic_kb: u64,
    /// What is free for it, kB.
    pub(in crate::klog) free_kb: u64,
    /// `lowmem_reserve` of its class, kB.
    pub(in crate::klog) reserve_kb: u64,
    /// It has a free block that is large enough.
    pub(in crate::klog) has_block: bool,
    /// The largest free block that it may use, kB.
    pub(in crate::klog) largest_kb: Option<u64>,
}

/// All zones that have memory; `None` without a page size.
pub(in crate::klog) fn judge<'a>(
    report: &'a Report,
    request: &Request<'_>,
    facts: &Facts,
) -> Option<Vec<Judged<'a>>> {
    let page_kb = facts.page_size.checked_div(1024).filter(|kb| *kb > 0)?;
    let zones = &report.machine.zones;
    let layout = class::layout(zones);
    let is_empty = |zone: &ZoneReport| zone.managed_kb == Some(0) || zone.present_kb == Some(0);
    let one = |zone: &'a ZoneReport| {
        let barred = usable::barred(report, request, zone);
        let class = match barred {
            // What it keeps from those that may use it.
            Some(Barred::Class) => Class::of(zone).unwrap_or(request.class),
            _ => request.class,
        };
        let movable = request.movable || barred == Some(Barred::Class);
        let cma_kb = if movable { 0 } else { zone.free_cma_kb.unwrap_or(0) };
        let atomic_kb = zone.highatomic_kb.unwrap_or(0);
        let in_one_piece = page_kb.saturating_mul(request.pages().saturating_sub(1));
        let blocks = || zone.blocks.iter().filter(|blocks| serves(blocks, movable));
        Judged {
            zone,
            barred,
            cma_kb,
            atomic_kb,
            free_kb: zone
                .free_kb
                .saturating_sub(cma_kb)
                .saturating_sub(atomic_kb)
                .saturating_sub(in_one_piece),
            reserve_kb: class::reserve(zone, class, layout.as_ref()).saturating_mul(page_kb),
            has_block: zone.blocks.is_empty() || blocks().any(|one| one.kb >= request.kb(facts.page_size)),
            largest_kb: blocks().map(|one| one.kb).max(),
        }
    };
    Some(zones.iter().filter(|zone| !is_empty(zone)).map(one).collect())
}

/// Whether a request gets one of these blocks. Blocks of several types are printed as one count.
fn serves(blocks: &FreeBlocks, movable: bool) -> bool {
    let fits = |letter: char| matches!(letter, 'U' | 'M' | 'E') || (movable && letter == 'C');
    blocks.count > 0 && (blocks.types.is_empty() || blocks.types.chars().any(fits))
}

impl Judged<'_> {
    pub(in crate::klog) fn usable(&self) -> bool {
        self.barred.is_none()
    }

    /// What has to stay free, kB.
    pub(in crate::klog) fn needed_kb(&self) -> u64 {
        self.zone.min_kb.saturating_add(self.reserve_kb)
    }

    /// It can't give anything to this request.
    pub(in crate::klog) fn is_short(&self) -> bool {
        self.free_kb <= self.needed_kb()
    }

    /// How much it lacks, kB.
    pub(in crate::klog) fn lacks_kb(&self) -> u64 {
        self.needed_kb().saturating_sub(self.free_kb)
    }

    /// What is free above the high watermark, kB.
    pub(in crate::klog) fn above_high_kb(&self) -> u64 {
        let high = self.zone.high_kb.unwrap_or(self.zone.min_kb).max(self.zone.min_kb);
        self.free_kb.saturating_sub(high.saturating_add(self.reserve_kb))
    }

    /// Its memory, kB.
    pub(in crate::klog) fn size_kb(&self) -> u64 {
        self.zone.managed_kb.or(self.zone.present_kb).unwrap_or(self.zone.free_kb)
    }

    /// It had memory for others: free above its high watermark, a twentieth of it at least.
    pub(in crate::klog) fn has_room(&self) -> bool {
        let spare = self.above_high_kb();
        spare > 0 && spare >= self.size_kb() / 20
    }
}

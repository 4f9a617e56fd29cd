//! What the allocator was asked for: the order and what the flags allow.

use super::class::Class;
use crate::klog::Report;

/// An allocation that failed.
#[derive(Clone, Copy, Debug)]
pub(in crate::klog) struct Request<'a> {
    /// 2^order pages in one piece; 0 for SysRq.
    pub(in crate::klog) order: u32,
    /// The highest zone that it may use.
    pub(in crate::klog) class: Class,
    /// Its page may be moved, so that it may be in a CMA area.
    pub(in crate::klog) movable: bool,
    /// Only the nodes of its cpuset will do.
    pub(in crate::klog) hardwall: bool,
    /// Names of the flags as the log has them.
    pub(in crate::klog) names: Option<&'a str>,
    /// The mask is 0: nothing is known of what was asked for.
    pub(in crate::klog) is_empty: bool,
}

impl<'a> Request<'a> {
    /// That of a report; `None` without an order.
    pub(in crate::klog) fn of(report: &'a Report) -> Option<Self> {
        let trigger = report.trigger.as_ref()?;
        let order = u32::try_from(trigger.order?.max(0)).ok().filter(|order| *order < 32)?;
        let names = trigger.gfp_names.as_deref().filter(|names| !names.is_empty());
        let flags = match (names, trigger.gfp_mask) {
            (Some(names), _) => Flags::of_names(names),
            (None, Some(mask)) => Flags::of_mask(mask),
            (None, None) => Flags { hardwall: true, ..Flags::default() },
        };
        Some(Self {
            order,
            class: flags.class(),
            movable: flags.movable,
            hardwall: flags.hardwall,
            names,
            is_empty: trigger.gfp_mask == Some(0),
        })
    }

    /// How many pages.
    pub(in crate::klog) fn pages(&self) -> u64 {
        1_u64 << self.order
    }

    /// How large a block it needs, kB.
    pub(in crate::klog) fn kb(&self, page_size: u64) -> u64 {
        (page_size / 1024).saturating_mul(self.pages())
    }

    /// The flags as a sentence has them.
    pub(in crate::klog) fn named(&self) -> &'a str {
        self.names.unwrap_or("this request")
    }

    /// Whether one of the flags has this name.
    pub(in crate::klog) fn has(&self, name: &str) -> bool {
        self.names.is_some_and(|names| names.split('|').any(|part| part == name))
    }

    /// Whether one of the flags begins with this name.
    pub(in crate::klog) fn starts(&self, name: &str) -> bool {
        self.names.is_some_and(|names| names.split('|').any(|part| part.starts_with(name)))
    }
}

/// One page for a process, which may be in any zone.
impl Default for Request<'_> {
    fn default() -> Self {
        Self { order: 0, class: Class::Movable, movable: true, hardwall: false, names: None, is_empty: false }
    }
}

/// The flags that decide about zones.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    dma: bool,
    highmem: bool,
    dma32: bool,
    movable: bool,
    hardwall: bool,
}

impl Flags {
    fn of_names(names: &str) -> Self {
        let mut flags = Self::default();
        for name in names.split('|') {
            let bare = name.trim_start_matches('_');
            let of = |kind: &str| bare.starts_with(kind);
            flags.dma |= bare == "GFP_DMA";
            flags.dma32 |= bare == "GFP_DMA32";
            flags.highmem |= bare == "GFP_HIGHMEM" || of("GFP_HIGHUSER") || of("GFP_TRANSHUGE");
            flags.movable |= bare == "GFP_MOVABLE" || of("GFP_HIGHUSER_MOVABLE") || of("GFP_TRANSHUGE");
            flags.hardwall |=
                bare == "GFP_HARDWALL" || bare == "GFP_USER" || of("GFP_HIGHUSER") || of("GFP_TRANSHUGE");
        }
        flags
    }

    /// These four bits have been the same since 2.6.24; where the others are changes.
    fn of_mask(mask: u32) -> Self {
        Self {
            dma: mask & 1 != 0,
            highmem: mask & 2 != 0,
            dma32: mask & 4 != 0,
            movable: mask & 8 != 0,
            hardwall: true,
        }
    }

    /// `gfp_zone()`
    fn class(self) -> Class {
        match self {
            Self { dma: true, .. } => Class::Dma,
            Self { dma32: true, .. } => Class::Dma32,
            Self { highmem: true, movable: true, .. } => Class::Movable,
            Self { highmem: true, .. } => Class::HighMem,
            Self { .. } => Class::Normal,
        }
    }
}

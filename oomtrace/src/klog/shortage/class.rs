//! Kinds of zones in their order, and their places in `lowmem_reserve[]`.

use crate::klog::ZoneReport;

/// A kind of zone. A request may use that of its class and those below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::klog) enum Class {
    Dma,
    Dma32,
    Normal,
    HighMem,
    Movable,
    /// Memory of devices, which no request of this kind gets.
    Device,
}

/// All, from below.
const ALL: [Class; 6] =
    [Class::Dma, Class::Dma32, Class::Normal, Class::HighMem, Class::Movable, Class::Device];

impl Class {
    /// That of a zone.
    pub(in crate::klog) fn of(zone: &ZoneReport) -> Option<Self> {
        ALL.into_iter().find(|class| class.name() == zone.name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Dma => "DMA",
            Self::Dma32 => "DMA32",
            Self::Normal => "Normal",
            Self::HighMem => "HighMem",
            Self::Movable => "Movable",
            Self::Device => "Device",
        }
    }
}

/// The kinds of zones that a kernel was built with, in the order of `lowmem_reserve[]`.
pub(in crate::klog) type Layout = Vec<Class>;

/// The layout that fits the reserves of all zones: `Normal` and `Movable` are always there, of the others as many as the list
/// is long. Several fit where a kind has no memory anywhere; then their reserves are the same.
pub(in crate::klog) fn layout(zones: &[ZoneReport]) -> Option<Layout> {
    let length = zones.iter().map(|zone| zone.reserve_pages.len()).max().filter(|length| *length > 0)?;
    let optional = [Class::Dma, Class::Dma32, Class::HighMem, Class::Device];
    let layouts = (0..1_u32 << optional.len()).map(|chosen| -> Layout {
        let has = |class: &Class| {
            optional.iter().position(|one| one == class).is_none_or(|at| chosen & (1 << at) != 0)
        };
        ALL.into_iter().filter(has).collect()
    });
    let mut fitting = layouts.filter(|layout| layout.len() == length && fits(layout, zones));
    // A kernel with DMA32 is of 64 bits, one with HighMem of 32.
    let both = |layout: &Layout| layout.contains(&Class::Dma32) && layout.contains(&Class::HighMem);
    let first = fitting.next()?;
    if both(&first) { fitting.find(|layout| !both(layout)).or(Some(first)) } else { Some(first) }
}

/// Each zone keeps nothing from requests of its own class and below, and more from a higher class only where that has memory.
fn fits(layout: &Layout, zones: &[ZoneReport]) -> bool {
    zones.iter().all(|zone| {
        let Some(own) = Class::of(zone).and_then(|class| layout.iter().position(|one| *one == class)) else {
            return false;
        };
        let reserve = zone.reserve_pages.as_slice();
        let has_memory = |at: usize| {
            let mut same_node = zones.iter().filter(|other| other.node == zone.node);
            same_node.any(|other| Class::of(other) == layout.get(at).copied())
        };
        reserve.iter().take(own + 1).all(|pages| *pages == 0)
            && (own + 1..reserve.len()).all(|at| reserve[at] == reserve[at - 1] || has_memory(at))
    })
}

/// Pages that a zone keeps from requests of a class; the most that it keeps where the list can't be read.
pub(in crate::klog) fn reserve(zone: &ZoneReport, class: Class, layout: Option<&Layout>) -> u64 {
    let at = layout.and_then(|layout| layout.iter().rposition(|one| *one <= class));
    match at.and_then(|at| zone.reserve_pages.get(at)) {
        Some(pages) => *pages,
        None if Class::of(zone).is_some_and(|own| own >= class) => 0,
        None => zone.reserve_pages.iter().copied().max().unwrap_or(0),
    }
}

//! Slab that fills the memory which the kernel can use for itself.

use super::class::Class;
use super::judge::Judged;
use super::words;
use crate::klog::{Facts, Report};

/// Slab is worth a word from this part of low memory on, percent.
const MUCH_PERCENT: u64 = 30;

/// Unreclaimable slab and the low memory that it is in, kB: all zones but HighMem and Movable.
pub(super) fn share(report: &Report, judged: &[Judged<'_>], facts: &Facts) -> Option<(u64, u64)> {
    let low = || judged.iter().filter(|one| Class::of(one.zone).is_some_and(|class| class <= Class::Normal));
    let by_zone =
        low().map(|one| one.zone.slab_unreclaimable_kb).try_fold(0_u64, |sum, kb| sum.checked_add(kb?));
    let whole = report.machine.pages_of(&["slab_unreclaimable"]).and_then(|pages| facts.bytes(pages));
    let slab = by_zone.or(whole.map(|bytes| bytes / 1024))?;
    let size = low().map(Judged::size_kb).fold(0, u64::saturating_add);
    Some((slab, size))
}

/// `; unreclaimable slab holds 424.7 MiB of the 663.5 MiB of low memory`
pub(super) fn fills(report: &Report, judged: &[Judged<'_>], facts: &Facts) -> Option<String> {
    let (slab, size) = share(report, judged, facts)?;
    let is_low = judged.iter().any(|one| Class::of(one.zone) > Some(Class::Normal) && one.size_kb() > 0);
    let memory =
        if is_low { "of low memory, the part that the kernel can use for itself" } else { "of memory" };
    (slab >= size / 100 * MUCH_PERCENT && size > 0)
        .then(|| format!("; unreclaimable slab holds {} of {} {memory}", words::kb(slab), words::kb(size)))
}

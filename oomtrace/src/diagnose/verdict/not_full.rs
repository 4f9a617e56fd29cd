//! A kill that is not about who holds most: one zone, memory in pieces, a charge that failed.

use super::super::case::Finding;
use super::super::series::cut;
use super::super::thresholds::KIND_SHARE;
use super::super::words;
use crate::model::{Confidence, Culprit, CulpritKind, Incident, Shortage, System, VerdictKind};

const ZONES: &str = "the zones that the allocation may use ran out and the machine did not, so who holds most memory is not the cause";
const CHARGE: &str =
    "a charge for kernel memory failed and the machine had memory, so who holds most memory is not the cause";
const IN_PIECES: &str =
    "memory was free, but no block of it was large enough, so who holds most memory is not the cause";
const NOT_SHORT: &str =
    "memory was free when the kernel printed its report: why the allocation failed is not in the log";

/// By what the kernel's own report says of the allocation.
pub(super) fn of(incident: &Incident) -> Option<Finding> {
    let asked = incident.scope.allocation.as_ref()?;
    let (confidence, reason) = match asked.shortage? {
        Shortage::Zones => return Some(zones(incident)),
        Shortage::Charge => (Confidence::Medium, CHARGE),
        Shortage::Fragmented => (Confidence::Medium, IN_PIECES),
        Shortage::NotShort => (Confidence::Low, NOT_SHORT),
        Shortage::Limit | Shortage::Machine | Shortage::Nodes => return None,
    };
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence,
        reasons: vec![reason.into()],
        culprit: None,
    })
}

/// Slab that fills low memory is the cause; else that zone is small, and it is not known what filled it.
fn zones(incident: &Incident) -> Finding {
    let low = incident
        .system
        .as_ref()
        .and_then(low_memory)
        .filter(|(slab, size)| cut(*slab) as f64 >= KIND_SHARE * cut(*size).max(1) as f64);
    let Some((slab, size)) = low else {
        return Finding {
            verdict: VerdictKind::Undetermined,
            confidence: Confidence::Medium,
            reasons: vec![ZONES.into()],
            culprit: None,
        };
    };
    let reason = format!(
        "unreclaimable slab holds {} of the {} that the kernel can use for itself",
        words::size(cut(slab)),
        words::size(cut(size))
    );
    let culprit = Culprit {
        kind: CulpritKind::KernelMemory,
        share_of_growth: (cut(slab) as f64 / cut(size).max(1) as f64).clamp(0.0, 1.0),
        growth_bytes: slab,
        bytes: Some(slab),
        likely: true,
        ..Culprit::default()
    };
    Finding {
        verdict: VerdictKind::KernelMemory,
        confidence: Confidence::Medium,
        reasons: vec![reason, ZONES.into()],
        culprit: Some(culprit),
    }
}

/// Unreclaimable slab, and the zones that it can be in.
fn low_memory(system: &System) -> Option<(u64, u64)> {
    let low = system.zones.iter().filter(|zone| ["DMA", "DMA32", "Normal"].contains(&zone.name.as_str()));
    let size = low.filter_map(|zone| zone.managed_bytes).fold(0, u64::saturating_add);
    Some((system.slab_unreclaimable_bytes?, size)).filter(|(_, size)| *size > 0)
}

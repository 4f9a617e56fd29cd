//! A kill that is not about who holds most: one zone, memory in pieces, a charge that failed.

use super::super::case::Finding;
use super::super::series::cut;
use super::super::thresholds::KIND_SHARE;
use super::super::words;
use crate::model::{Confidence, Culprit, CulpritKind, Incident, Shortage, System, VerdictKind};

/// By what the kernel's own report says of the allocation.
pub(super) fn of(incident: &Incident) -> Option<Finding> {
    let asked = incident.scope.allocation.as_ref()?;
    let confidence = match asked.shortage? {
        Shortage::Zones => return Some(zones(incident, asked.failure.as_deref())),
        Shortage::Charge | Shortage::Fragmented => Confidence::Medium,
        Shortage::NotShort => Confidence::Low,
        Shortage::Limit | Shortage::Machine | Shortage::Nodes => return None,
    };
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence,
        reasons: Vec::from_iter(asked.failure.clone()),
        culprit: None,
    })
}

/// Slab that fills low memory is the cause; else that zone is small, and it is not known what filled it.
fn zones(incident: &Incident, failure: Option<&str>) -> Finding {
    let failure = failure.map(str::to_owned);
    let low = incident
        .system
        .as_ref()
        .and_then(low_memory)
        .filter(|(slab, size)| cut(*slab) as f64 >= KIND_SHARE * cut(*size).max(1) as f64);
    let Some((slab, size)) = low else {
        return Finding {
            verdict: VerdictKind::Undetermined,
            confidence: Confidence::Medium,
            reasons: Vec::from_iter(failure),
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
        reasons: std::iter::once(reason).chain(failure).collect(),
        culprit: Some(culprit),
    }
}

/// Unreclaimable slab, and the zones that it can be in.
fn low_memory(system: &System) -> Option<(u64, u64)> {
    let low = system.zones.iter().filter(|zone| ["DMA", "DMA32", "Normal"].contains(&zone.name.as_str()));
    let size = low.filter_map(|zone| zone.managed_bytes).fold(0, u64::saturating_add);
    Some((system.slab_unreclaimable_bytes?, size)).filter(|(_, size)| *size > 0)
}

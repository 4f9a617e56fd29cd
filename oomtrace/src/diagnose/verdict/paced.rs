//! What the culprit's rate is of.

use super::super::case::Case;
use super::super::culprit;
use super::super::shape::{self, Paced, Shape};
use super::kind;
use crate::model::{Culprit, CulpritKind, PartKind};

/// Growth and time that the culprit's rate is of, by the series that it was worked out from.
pub(in super::super) fn paced(case: &Case<'_, '_, '_>, culprit: &Culprit) -> Option<Paced> {
    let rate = culprit.rate_bytes_per_s?;
    let is_its = |shape: &Shape| shape.rate == Some(rate);
    if is_its(&case.shape) {
        return case.shape.paced;
    }
    let bytes = i64::try_from(culprit.growth_bytes).unwrap_or(i64::MAX);
    let of_kind = |kind| shape::of(&kind::series(case, kind, bytes), None);
    let shape = match culprit.kind {
        CulpritKind::Shmem => of_kind(PartKind::Shmem),
        CulpritKind::PageCache => of_kind(PartKind::File),
        CulpritKind::KernelMemory => of_kind(PartKind::Kernel),
        CulpritKind::Family => {
            let family = case.growth.families.iter().max_by_key(|family| family.bytes)?;
            shape::of(&culprit::of_family(case.incident, case.growth, family).series, None)
        }
        CulpritKind::Process | CulpritKind::Cgroup => {
            let grown = case.growth.processes.iter().find(|grown| grown.track.pid == culprit.pid)?;
            shape::of(&grown.track.series, None)
        }
    };
    Some(shape).filter(is_its)?.paced
}

//! tmpfs and shared memory.

use super::super::case::{Case, Finding};
use super::super::culprit;
use super::super::thresholds::{CULPRIT_SHARE, KIND_SHARE};
use super::super::words;
use super::kind;
use crate::model::{Confidence, PartKind, VerdictKind};

/// Most of what grew is shared memory.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let bytes = kind::shmem(case.growth);
    let share = case.growth.share(bytes);
    if share < KIND_SHARE {
        return None;
    }
    let mut reasons = vec![format!(
        "{} of the growth ({} of {}) is tmpfs and shared memory",
        words::percent(share),
        words::size(bytes),
        words::size(case.growth.total)
    )];
    let (culprit, confidence) = match mapped_by_one(case) {
        Some(one) => {
            reasons.push(format!("{} has it mapped", words::who(&one)));
            (one, case.attribution())
        }
        None => {
            let culprit = kind::culprit(case, PartKind::Shmem, bytes);
            reasons.push(
                "no process has it mapped: it stays when a process dies, until its files are deleted".into(),
            );
            reasons.extend(kind::likely(&culprit));
            (culprit, Confidence::High)
        }
    };
    Some(Finding { verdict: VerdictKind::Shmem, confidence, reasons, culprit: Some(culprit) })
}

/// One process whose mapped shared memory is at least half of all growth.
fn mapped_by_one(case: &Case<'_, '_, '_>) -> Option<crate::model::Culprit> {
    let from = case.growth.from;
    let shmem = |track: &super::super::tracks::Track<'_>| {
        let series = track.shmem.as_ref()?;
        let young = track.started.is_some_and(|started| started >= from);
        Some(series.last()?.high - if young { 0 } else { series.at(from)? })
    };
    let grown = |grown: &&super::super::growth::Grown<'_, '_>| shmem(grown.track).unwrap_or(0);
    let one = case.growth.processes.iter().filter(|grown| grown.track.exited.is_none()).max_by_key(grown)?;
    if case.growth.share(shmem(one.track)?) < CULPRIT_SHARE {
        return None;
    }
    let mut found = culprit::of_process(case.incident, case.growth, one).found;
    let shape = super::super::shape::of(&one.track.series, None);
    super::super::case::time(case.incident, &mut found, &shape);
    Some(found)
}

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
                "no process has it mapped: it stays after a kill, until its files or segments are deleted"
                    .into(),
            );
            reasons.extend(kind::likely(&culprit));
            let carried = case.growth.carried.is_some();
            (culprit, if carried { Confidence::Medium } else { Confidence::High })
        }
    };
    Some(Finding { verdict: VerdictKind::Shmem, confidence, reasons, culprit: Some(culprit) })
}

/// One process whose mapped shared memory is at least half of all growth.
fn mapped_by_one(case: &Case<'_, '_, '_>) -> Option<crate::model::Culprit> {
    let there = case.growth.processes.iter().filter(|grown| grown.track.exited.is_none());
    let one = there.max_by_key(|grown| grown.shmem)?;
    if case.growth.share(one.shmem) < CULPRIT_SHARE {
        return None;
    }
    let mut found = culprit::of_process(case.incident, case.growth, one).found;
    let shape = super::super::shape::of(&one.track.series, None);
    super::super::case::time(case.incident, &mut found, &shape);
    Some(found)
}

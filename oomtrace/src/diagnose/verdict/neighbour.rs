//! The victim was not the one that grew.

use super::super::case::{Case, Finding};
use super::super::thresholds::{CULPRIT_SHARE, VICTIM_SHARE};
use super::super::words;
use super::shape;
use crate::model::VerdictKind;

/// The killed ones made less than a fifth of the growth, and another at least half.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let culprit = case.culprit()?;
    let victims = case.victims_share?;
    if culprit.is_victim || victims >= VICTIM_SHARE || culprit.share_of_growth < CULPRIT_SHARE {
        return None;
    }
    let victim = case.incident.victims.first()?;
    let mut reasons = vec![
        case.who_made(&culprit),
        format!(
            "{}, which was killed, made {} of it",
            words::task(Some(&victim.comm), Some(victim.pid)),
            words::percent(victims)
        ),
    ];
    reasons.extend(shape::told(case));
    Some(Finding {
        verdict: VerdictKind::Neighbour,
        confidence: case.attribution(),
        reasons,
        culprit: Some(culprit),
    })
}

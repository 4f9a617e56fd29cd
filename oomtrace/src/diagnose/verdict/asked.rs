//! Kills that growth did not bring about.

use super::super::case::{Case, Finding};
use super::super::scope::Domain;
use super::super::thresholds::{ABOVE_LIMIT, STILL_AVAILABLE};
use super::super::words;
use crate::model::{Confidence, VerdictKind};

/// It was requested.
pub(super) fn sysrq(case: &Case<'_, '_, '_>) -> Option<Finding> {
    case.incident.scope.sysrq.filter(|asked| *asked)?;
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence: Confidence::High,
        reasons: vec!["the kill was requested with SysRq-f; no memory had run out".into()],
        culprit: None,
    })
}

/// The limit was set below what was in use: nothing grew into it.
pub(super) fn limit_lowered(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let limit = case.scope.limit.filter(|_| case.scope.domain == Domain::Memcg)?;
    let points = case.scope.load.points();
    let above = points.iter().filter(|point| point.t < 0).rev().take(2);
    let lowest = above.clone().map(|point| point.low).min()?;
    if above.count() < 2 || (lowest as f64) < ABOVE_LIMIT * limit as f64 {
        return None;
    }
    Some(Finding {
        verdict: VerdictKind::LimitTooLow,
        confidence: case.attribution(),
        reasons: vec![format!(
            "{} were in use before the kill and the limit is {}: it was set below what was in use",
            words::size(lowest),
            words::size(limit)
        )],
        culprit: None,
    })
}

/// Memory was left, but not in one piece.
pub(super) fn in_one_piece(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let order =
        case.incident.scope.order.filter(|order| *order > 0 && case.scope.domain == Domain::Machine)?;
    let (limit, last) = (case.scope.limit?, case.scope.load.last()?);
    let left = limit - last.high;
    if (left as f64) < STILL_AVAILABLE * limit as f64 {
        return None;
    }
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence: Confidence::Medium,
        reasons: vec![format!(
            "the kernel needed 2^{order} contiguous pages, and {} were still available: memory was fragmented or a zone was full",
            words::size(left)
        )],
        culprit: None,
    })
}

//! The data is inconclusive.

use super::super::case::{Case, Finding};
use super::super::thresholds::{CULPRIT_SHARE, NO_GROWTH, UNATTRIBUTED_TOLD};
use super::super::words;
use crate::model::{Confidence, VerdictKind};

fn finding(reasons: Vec<String>) -> Finding {
    Finding { verdict: VerdictKind::Undetermined, confidence: Confidence::Low, reasons, culprit: None }
}

/// Nothing grew that could be attributed.
pub(super) fn no_growth(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let least = case.scope.limit.map_or(0.0, |limit| NO_GROWTH * limit as f64);
    (case.growth.total as f64 <= least).then(|| {
        finding(vec![format!(
            "the samples show no growth that explains the kill: {} in the last {}",
            words::size(case.growth.total),
            words::span(case.span.from)
        )])
    })
}

/// None stands out, or the course of the one that does is unknown.
pub(super) fn nobody(case: &Case<'_, '_, '_>) -> Finding {
    let growth = case.growth;
    if let Some(culprit) = case.culprit() {
        let reasons = vec![
            case.who_made(&culprit),
            format!(
                "{} sample{} of it do not show the course of its growth",
                case.shape.samples,
                if case.shape.samples == 1 { "" } else { "s" }
            ),
        ];
        return Finding { culprit: Some(culprit), ..finding(reasons) };
    }
    let mut reasons = Vec::new();
    if growth.share(growth.unattributed) > UNATTRIBUTED_TOLD {
        reasons.push(format!(
            "{} of the growth ({} of {}) could not be attributed to any sampled process{}",
            words::percent(growth.share(growth.unattributed)),
            words::size(growth.unattributed),
            words::size(growth.total),
            super::super::others::unsampled(case)
        ));
    }
    let most = growth.processes.iter().max_by_key(|grown| grown.bytes).filter(|grown| grown.bytes > 0);
    reasons.push(match most {
        Some(most) => format!(
            "no process made {} of the growth; {} made most, {}",
            words::percent(CULPRIT_SHARE),
            words::task(most.track.comm, most.track.pid),
            words::percent(growth.share(most.bytes))
        ),
        None => "no sampled process grew".into(),
    });
    finding(reasons)
}

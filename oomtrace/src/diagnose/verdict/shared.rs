//! Several share the growth.

use super::super::case::{Case, Finding};
use super::super::growth::Growth;
use super::super::scope::Domain;
use super::super::thresholds::{CULPRIT_SHARE, SHARED_BY};
use super::super::words;
use crate::model::{Confidence, VerdictKind};

/// In a memory cgroup where none made half of it: all of them together need more than the limit.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let (by, bytes) = by(case.growth).filter(|(by, _)| *by >= SHARED_BY)?;
    if case.suspect.is_some() || case.scope.domain != Domain::Memcg {
        return None;
    }
    let limit = case.scope.limit.map_or(String::new(), |limit| format!(" of {}", words::size(limit)));
    Some(Finding {
        verdict: VerdictKind::LimitTooLow,
        confidence: Confidence::Low,
        reasons: vec![told(case, by, bytes), format!("together they need more than the limit{limit}")],
        culprit: None,
    })
}

/// How few of those that grew made half of the growth together, families counting as one; and how much these made.
pub(super) fn by(growth: &Growth<'_, '_>) -> Option<(usize, i64)> {
    let mut grown: Vec<_> = growth.families.iter().map(|family| family.bytes).collect();
    let nameless = growth.processes.iter().filter(|grown| grown.track.family().is_none());
    grown.extend(nameless.map(|grown| grown.bytes));
    grown.sort_unstable_by_key(|bytes| std::cmp::Reverse(*bytes));
    let mut sum = 0;
    let sums = grown.into_iter().map(|bytes| {
        sum += bytes;
        sum
    });
    sums.enumerate().find(|(_, sum)| growth.share(*sum) >= CULPRIT_SHARE).map(|(at, sum)| (at + 1, sum))
}

/// `3 together made 61 % of the growth, and none of them half`
pub(super) fn told(case: &Case<'_, '_, '_>, by: usize, bytes: i64) -> String {
    format!(
        "the {by} that grew most made {} of the growth together ({} of {}) in the last {}, and none of them half",
        words::percent(case.growth.share(bytes)),
        words::size(bytes),
        words::size(case.growth.total),
        words::span(case.span.from),
    )
}

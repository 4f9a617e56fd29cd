//! Page cache that could not be dropped.

use super::super::case::{Case, Finding};
use super::super::scope::Domain;
use super::super::thresholds::{CACHE_STUCK, KIND_SHARE};
use super::super::words;
use super::kind;
use crate::model::{Confidence, PartKind, VerdictKind};

/// Most of what grew is page cache, and it was still there when memory ran out. Ordinary page cache is dropped long before
/// that, so the scope's load is reckoned without it; where it is not, cache filled the limit.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    if case.scope.without_cache || case.scope.domain != Domain::Memcg {
        return None;
    }
    let bytes = case.growth.kind(PartKind::File);
    let share = case.growth.share(bytes);
    if share < KIND_SHARE {
        return None;
    }
    let mut reasons = vec![format!(
        "{} of the growth ({} of {}) is page cache that could not be reclaimed",
        words::percent(share),
        words::size(bytes),
        words::size(case.growth.total)
    )];
    let stats = case.incident.scope.stats.as_ref();
    let stuck =
        stats.and_then(|stats| Some(stats.dirty_bytes?.saturating_add(stats.unevictable_bytes.unwrap_or(0))));
    let level = kind::level(case, PartKind::File).unwrap_or(bytes);
    let mut confidence = Confidence::Medium;
    if let Some(stuck) = stuck.and_then(|stuck| i64::try_from(stuck).ok()).filter(|stuck| *stuck > 0) {
        reasons.push(format!("{} were dirty, under writeback or locked", words::size(stuck)));
        if stuck as f64 >= CACHE_STUCK * level as f64 {
            confidence = Confidence::High;
        }
    }
    let culprit = kind::culprit(case, PartKind::File, bytes);
    reasons.extend(kind::likely(&culprit));
    Some(Finding { verdict: VerdictKind::PageCache, confidence, reasons, culprit: Some(culprit) })
}

//! The time that growth is measured over.

use super::scope::{Domain, Scope};
use super::thresholds::{LAST_MINUTE_MS, MARGINAL_LEVEL, MARGINAL_RISE};
use super::tracks::Track;
use crate::model::WindowKind;

/// A time before the kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub kind: WindowKind,
    /// Its begin, ms from the kill.
    pub from: i64,
}

/// The marginal window, else the last minute, else all there is; `None` without samples.
pub(super) fn headline(scope: &Scope<'_>, tracks: &[&Track<'_>]) -> Option<Span> {
    marginal(scope).or_else(|| last_minute(scope, tracks)).or_else(|| lifetime(scope, tracks))
}

/// Since the scope was last below 75 % of its limit, or, where it never was, since it left its lowest level.
pub(super) fn marginal(scope: &Scope<'_>) -> Option<Span> {
    let limit = scope.limit.filter(|_| scope.domain != Domain::Nodes)?;
    let points = scope.load.points();
    let (lowest, last) = (points.iter().map(|point| point.low).min()?, points.last()?.high);
    let risen = lowest as f64 + MARGINAL_RISE * (last - lowest) as f64;
    let level = risen.max(MARGINAL_LEVEL * limit as f64);
    let below = points.iter().rev().find(|point| (point.low as f64) < level);
    let from = below.or(points.first()).filter(|point| point.t < 0)?.t;
    Some(Span { kind: WindowKind::Marginal, from })
}

/// The last 60 s, where there are samples of so long.
pub(super) fn last_minute(scope: &Scope<'_>, tracks: &[&Track<'_>]) -> Option<Span> {
    let begin = begin(scope, tracks)?;
    (begin <= -LAST_MINUTE_MS).then_some(Span { kind: WindowKind::LastMinute, from: -LAST_MINUTE_MS })
}

/// All that was sampled.
pub(super) fn lifetime(scope: &Scope<'_>, tracks: &[&Track<'_>]) -> Option<Span> {
    Some(Span { kind: WindowKind::Lifetime, from: begin(scope, tracks)? })
}

/// When the samples begin: the scope's, else the first of anybody.
fn begin(scope: &Scope<'_>, tracks: &[&Track<'_>]) -> Option<i64> {
    let own = scope.load.first().map(|point| point.t);
    let sampled = || tracks.iter().filter_map(|track| track.entity?.points.first()).map(|(t, _)| *t);
    own.or_else(|| sampled().min()).filter(|t| *t < 0)
}

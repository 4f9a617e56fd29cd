//! The machine itself ran out: nothing limited the one that grew, or all together need more than there is.

use super::super::case::{Case, Finding};
use super::super::scope::Domain;
use super::super::thresholds::SHARED_BY;
use super::super::words;
use super::{shape, shared};
use crate::model::{Confidence, EntityKind, Text, VerdictKind};

/// What limits a cgroup, by itself or from above.
#[derive(Clone, Debug, PartialEq)]
enum Limited<'a> {
    /// Nothing on the way to the root.
    Never,
    /// The lowest limit.
    To(&'a Text, i64),
    /// A cgroup on the way is not in the record.
    Unknown,
}

/// For the whole machine and for nodes of it.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    if case.scope.domain == Domain::Memcg {
        return None;
    }
    let Some(culprit) = case.culprit() else { return many(case) };
    let mut reasons = vec![case.who_made(&culprit)];
    let (verdict, confidence) = match limited(case, culprit.cgroup.as_ref()) {
        Limited::Never => {
            reasons.push("no memory cgroup between it and the root has a limit".into());
            (VerdictKind::NoLimit, Confidence::High)
        }
        Limited::To(path, limit) if case.scope.limit.is_some_and(|all| limit >= all) => {
            reasons.push(format!(
                "the limit of {} ({}) is not below what the machine has ({})",
                path.lossy(),
                words::size(limit),
                words::size(case.scope.limit.unwrap_or(0))
            ));
            (VerdictKind::NoLimit, Confidence::High)
        }
        Limited::To(path, limit) => {
            reasons.push(format!(
                "it stayed below the limit of {} ({}): the limits add up to more than the machine has",
                path.lossy(),
                words::size(limit)
            ));
            (VerdictKind::HostTooSmall, Confidence::Medium)
        }
        Limited::Unknown => {
            reasons.push("the limits of its memory cgroups are unknown".into());
            (VerdictKind::NoLimit, Confidence::Low)
        }
    };
    reasons.extend(shape::told(case));
    Some(Finding { verdict, confidence: confidence.min(case.attribution()), reasons, culprit: Some(culprit) })
}

/// No process made half of it.
fn many(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let (by, bytes) = shared::by(case.growth)?;
    let confidence = if by >= SHARED_BY { Confidence::Medium } else { Confidence::Low };
    Some(Finding {
        verdict: VerdictKind::HostTooSmall,
        confidence: confidence.min(case.attribution()),
        reasons: vec![
            shared::told(case, by, bytes),
            format!("the machine has {} with swap", words::size(case.scope.limit.unwrap_or(0))),
        ],
        culprit: None,
    })
}

/// From the cgroup up, by the limits that the history and the record hold.
fn limited<'a>(case: &Case<'_, '_, 'a>, path: Option<&Text>) -> Limited<'a> {
    let Some(path) = path.map(Text::as_bytes) else { return Limited::Unknown };
    let mut lowest = Limited::Never;
    for end in (1..=path.len()).filter(|end| *end == path.len() || path[*end] == b'/') {
        let level = &path[..end];
        if level == b"/" {
            continue;
        }
        let is = |track: &&&super::super::tracks::Track<'_>| {
            track.kind == EntityKind::Cgroup && track.path.is_some_and(|found| found.as_bytes() == level)
        };
        let Some(track) = case.tracks.iter().find(is) else { return Limited::Unknown };
        if let (Some(limit), Some(name)) = (track.limit, track.path) {
            lowest = match lowest {
                Limited::To(name, least) if least <= limit => Limited::To(name, least),
                _ => Limited::To(name, limit),
            };
        }
    }
    lowest
}

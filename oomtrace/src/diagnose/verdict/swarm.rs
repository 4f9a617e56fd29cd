//! Many small processes.

use super::super::case::{self, Case, Finding};
use super::super::culprit;
use super::super::growth::Family;
use super::super::shape;
use super::super::thresholds::{
    KERNEL_PER_PROCESS, SWARM_LARGEST, SWARM_MEMBERS, SWARM_SHARE, UNCOUNTED_PER_PROCESS,
};
use super::super::words;
use super::kind;
use crate::model::{Confidence, PartKind, VerdictKind};

/// A family of many young processes, none of them large, made most of the growth together with what the kernel keeps for
/// each.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let growth = case.growth;
    let family = growth.families.iter().max_by_key(|family| family.bytes)?;
    let young = young(family, growth.from);
    let mut suspect = culprit::of_family(case.incident, growth, family);
    let all = suspect.series.last().map_or(0, |last| last.high).max(1);
    let largest = family.members.iter().map(|at| growth.processes[*at].track.at_kill()).max().unwrap_or(0);
    let largest = (largest as f64 / all as f64).min(1.0);
    let for_all = |each: i64| each.saturating_mul(i64::try_from(young).unwrap_or(i64::MAX));
    let kernel = kind::kernel(case).min(for_all(KERNEL_PER_PROCESS));
    let counted: i64 = growth.processes.iter().map(|grown| grown.bytes).sum::<i64>().max(family.bytes);
    let uncounted = (growth.kind(PartKind::Anon) - counted)
        .min(growth.unattributed - kernel)
        .min(for_all(UNCOUNTED_PER_PROCESS))
        .max(0);
    let share = growth.share(family.bytes + kernel + uncounted);
    if young < SWARM_MEMBERS || share < SWARM_SHARE || largest > SWARM_LARGEST {
        return None;
    }
    suspect.found.share_of_growth = share;
    let shape = shape::of(&suspect.series, None);
    case::time(case.incident, &mut suspect.found, &shape);
    let mut reasons = vec![
        case.who_made(&suspect.found),
        format!(
            "{young} of them started within the history, and the largest holds {} of their sum",
            words::percent(largest)
        ),
    ];
    if kernel > 0 {
        reasons.push(format!("this includes {} of kernel memory for them", words::size(kernel)));
    }
    if uncounted > 0 {
        reasons.push(format!(
            "this includes {} of anonymous memory that the kernel's per-process counters had not counted yet",
            words::size(uncounted)
        ));
    }
    let confidence = if young >= 2 * SWARM_MEMBERS { Confidence::High } else { Confidence::Medium };
    Some(Finding {
        verdict: VerdictKind::ForkSwarm,
        confidence: confidence.min(case.attribution()),
        reasons,
        culprit: Some(suspect.found),
    })
}

/// Young ones among those that the record has one by one. Where it does not have all, these stand for the others, or the
/// family was much smaller before.
fn young(family: &Family<'_, '_>, from: i64) -> usize {
    let Some(track) = family.track else { return family.young };
    let first = track.series.first().map_or(0, |first| first.low);
    let came_within = track.series.first().is_some_and(|first| first.t > from);
    let grew_from_little = came_within || first * 4 < track.at_kill();
    let stand_for_all = family.listed() > 1 && family.young * 4 >= family.listed() * 3;
    if grew_from_little || stand_for_all { family.young.max(family.count) } else { family.young }
}

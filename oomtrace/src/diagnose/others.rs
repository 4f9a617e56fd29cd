//! What else grew, and what makes the figures less certain.

use super::case::{self, Case};
use super::culprit;
use super::shape;
use super::threads;
use super::thresholds::{OTHER_SHARE, OTHERS, UNATTRIBUTED_TOLD};
use super::words;
use crate::model::{Culprit, CulpritKind};

/// Processes that grew beside the culprit, largest first; of a family that is the culprit no member.
pub(super) fn of(case: &Case<'_, '_, '_>, culprit: Option<&Culprit>) -> Vec<Culprit> {
    let mut grown: Vec<_> = case
        .growth
        .processes
        .iter()
        .filter(|grown| {
            let track = grown.track;
            let is_it = culprit.is_some_and(|culprit| match culprit.kind {
                CulpritKind::Family => {
                    culprit.exe.as_ref().or(culprit.comm.as_ref()) == track.exe.or(track.comm)
                        && culprit.cgroup.as_ref() == track.path
                }
                CulpritKind::Cgroup => false,
                _ => culprit.pid.is_some() && culprit.pid == track.pid,
            });
            !is_it && grown.bytes > 0 && case.growth.share(grown.bytes) >= OTHER_SHARE
        })
        .collect();
    grown.sort_by_key(|grown| std::cmp::Reverse((grown.bytes, grown.track.pid)));
    grown.truncate(OTHERS);
    let timed = |grown| {
        let mut suspect = culprit::of_process(case.incident, case.growth, grown);
        let shape = shape::of(&suspect.series, None);
        case::time(case.incident, &mut suspect.found, &shape);
        suspect.found
    };
    grown.into_iter().map(timed).collect()
}

/// What a reader must know about the figures.
pub(super) fn doubts(case: &Case<'_, '_, '_>) -> Vec<String> {
    let growth = case.growth;
    let mut doubts = Vec::new();
    if growth.share(growth.overcounted) > UNATTRIBUTED_TOLD {
        doubts.push(format!(
            "the processes grew by {} more than the scope: memory that they share, or that is charged elsewhere, counts for each",
            words::size(growth.overcounted)
        ));
    } else if growth.share(growth.unattributed) > UNATTRIBUTED_TOLD {
        doubts.push(format!(
            "{} of the growth ({}) could not be attributed to any sampled process{}",
            words::percent(growth.share(growth.unattributed)),
            words::size(growth.unattributed),
            unsampled(case)
        ));
    }
    doubts.extend(
        threads::risen(growth)
            .filter(|risen| growth.share(risen.stacks()) >= OTHER_SHARE)
            .map(|risen| risen.told()),
    );
    if growth.usual > 0 {
        doubts.push(format!(
            "{} that went up and down as before do not count as growth",
            words::size(growth.usual)
        ));
    }
    if let Some(carried) = growth.carried {
        doubts.push(format!(
            "{} came after the last statistics of the cgroup, {} before the kill, and are in no process: they are assumed to be {}, as most was until then",
            words::size(carried.bytes),
            words::span(carried.since),
            words::kind(carried.kind)
        ));
    }
    let evicted = case.incident.history.as_ref().map_or(0, |history| history.evicted);
    if evicted > 0 {
        doubts.push(format!("{evicted} processes or cgroups were dropped from the history (buffer full)"));
    }
    doubts
}

/// What processes held that no sample saw: unknown growth is not none.
pub(super) fn unsampled(case: &Case<'_, '_, '_>) -> String {
    let unseen = case.unsampled();
    let Some((first, bytes)) = unseen.first() else { return String::new() };
    let name = words::task(Some(&first.comm), Some(first.pid));
    let beside = unseen.len() - 1;
    let more = match beside {
        0 => String::new(),
        1 => " and 1 more process".into(),
        _ => format!(" and {beside} more processes"),
    };
    let all: i64 = unseen.iter().map(|(_, bytes)| *bytes).sum();
    let of = if beside == 0 { String::new() } else { format!(" of {}", words::size(*bytes)) };
    format!("; {name}{of}{more} held {} at the kill, and no sample shows since when", words::size(all))
}

//! `oom_score_adj`: the kernel's choice, where that was the wrong one.

use super::facts::{Facts, name};
use super::round::size;
use super::{Ranked, push};
use crate::model::{Advice, Candidate, CulpritKind, Incident};

/// The least favoured value: a task with it is never chosen.
const EXEMPT: i32 = -1000;

/// Where the culprit lived on and another died, the value with which the kernel would have taken the culprit.
pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let (Some(culprit), Some(victim)) = (facts.culprit(), facts.victim()) else {
        return;
    };
    if culprit.is_victim || culprit.kind != CulpritKind::Process {
        return;
    }
    let row = |pid| facts.incident.candidates.iter().find(move |candidate| Some(candidate.pid) == pid);
    let (Some(theirs), Some(own)) = (row(culprit.pid), row(Some(victim.pid))) else {
        return;
    };
    let (Some(adj), Some(needed)) = (theirs.oom_score_adj, needed(facts.incident, theirs, own)) else {
        return;
    };
    let who = name(culprit.comm.as_ref(), culprit.pid);
    let Some(pid) = culprit.pid.filter(|_| needed > adj && needed <= 1000) else {
        return;
    };
    let spared = match adj {
        EXEMPT => format!("{who} could not be chosen (oom_score_adj -1000)"),
        _ => format!("{who} scored less than the victim with its oom_score_adj of {adj}"),
    };
    push(
        into,
        25,
        Advice {
            action: format!(
                "To make the kernel kill {who} instead of {}, raise its oom_score_adj to {needed} (permanently: \
                 OOMScoreAdjust= in its unit, docker run --oom-score-adj).",
                name(Some(&victim.comm), None)
            ),
            command: Some(format!("sudo choom -n {needed} -p {pid}")),
            value_bytes: None,
            why: format!(
                "{spared}, although it is the one that grew{}. {needed} (rounded up to the next ten) is the lowest value that ranks \
                 it higher.",
                footprint(theirs).map_or(String::new(), |held| format!(" and holds {}", size(held)))
            ),
        },
    );
}

/// The lowest `oom_score_adj`, rounded up to the next ten, with which `theirs` would outscore `own`.
fn needed(incident: &Incident, theirs: &Candidate, own: &Candidate) -> Option<i32> {
    let step = i64::try_from(incident.scope.total_pages? / 1000).ok().filter(|step| *step > 0)?;
    let page = incident.host.page_size;
    let plain = i64::try_from(footprint(theirs)?.checked_div(page)?).ok()?;
    let short = own.points.filter(|points| *points != i64::MAX)?.checked_sub(plain)?;
    // One more than equal, in steps of the domain's thousandth.
    let adj = short.div_euclid(step) + 1;
    let tens = adj.div_euclid(10) + i64::from(adj.rem_euclid(10) > 0);
    i32::try_from(tens * 10).ok()
}

fn footprint(candidate: &Candidate) -> Option<u64> {
    let more = candidate.swap_bytes.unwrap_or(0).saturating_add(candidate.page_table_bytes.unwrap_or(0));
    Some(candidate.rss_bytes?.saturating_add(more))
}

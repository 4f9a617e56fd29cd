//! What would have become of this kill with one thing changed, computed over the record.

use super::facts::{Facts, name};
use super::own_limit;
use super::round::{float, percent, rate, seconds, size, up, whole};
use crate::model::{
    Candidate, Confidence, Culprit, Diagnosis, Incident, Role, VerdictKind, WhatIf, WhatIfKind,
};

/// More memory to try, in percent of what there is.
const MORE: u64 = 25;
/// The lowest value that still leaves a task to be chosen.
const LOWEST_ADJ: i64 = -999;

/// Empty where the record supports none.
pub(in crate::diagnose) fn what_if(incident: &Incident, diagnosis: &Diagnosis) -> Vec<WhatIf> {
    let facts = Facts { incident, diagnosis };
    [more(&facts), limit(&facts), adj(&facts)].into_iter().flatten().collect()
}

/// How long a quarter more would have lasted.
fn more(facts: &Facts<'_>) -> Option<WhatIf> {
    use VerdictKind::{Leak, LimitTooLow, Neighbour, NoLimit};
    if !facts.is(&[Leak, LimitTooLow, Neighbour, NoLimit]) {
        return None;
    }
    let (culprit, per_second) = (facts.culprit()?, facts.rate()?);
    let bytes = up(percent(facts.whole()?, MORE));
    let lasts = float(bytes) / per_second;
    let what = if facts.memcg().is_some() { "a limit" } else { "memory or swap" };
    let most = if culprit.rate_at_least { "at most " } else { "" };
    let then = match facts.verdict() {
        LimitTooLow => "whether the need ends within that is unknown",
        _ => "after that it would have run out again",
    };
    Some(WhatIf {
        kind: WhatIfKind::MoreMemory,
        text: format!(
            "With {what} larger by {}, the growth of {} would have fitted for {most}{} more; {then}.",
            size(bytes),
            rate(per_second),
            seconds(lasts)
        ),
        value_bytes: Some(bytes),
        ms: Some(whole(lasts * 1e3)),
        oom_score_adj: None,
    })
}

/// A limit on the one that grew.
fn limit(facts: &Facts<'_>) -> Option<WhatIf> {
    let (culprit, found) = (facts.culprit()?, own_limit::proposal(facts)?);
    let held = culprit.bytes?.saturating_add(found.others);
    let own = found.bytes.checked_sub(found.others)?;
    let points = &facts.entity()?.points;
    let below = points.iter().rposition(|(_, bytes)| *bytes < own)?;
    let (at, _) = points.get(below + 1)?;
    let earlier = at.unsigned_abs();
    if found.bytes >= held {
        return None;
    }
    let who = name(culprit.comm.as_ref(), culprit.pid);
    Some(WhatIf {
        kind: WhatIfKind::CulpritLimit,
        text: format!(
            "With a limit of {} on a cgroup with {who}, that limit would have been hit {} before this kill, and the kernel would \
             have killed within it. Any limit below {} would have kept the processes outside of it alive.",
            size(found.bytes),
            seconds(float(earlier) / 1e3),
            size(held)
        ),
        value_bytes: Some(found.bytes),
        ms: Some(earlier),
        oom_score_adj: None,
    })
}

/// The `oom_score_adj` with which the next in the ranking would have been killed instead of a victim that did not grow.
fn adj(facts: &Facts<'_>) -> Option<WhatIf> {
    let (incident, victim) = (facts.incident, facts.victim()?);
    let blamed = facts.culprit().is_some_and(|culprit: &Culprit| culprit.is_victim);
    let alone = incident.victims.iter().all(|victim| victim.role == Role::Chosen);
    if blamed || !alone || facts.diagnosis.confidence == Confidence::Low {
        return None;
    }
    let ranked = |candidate: &&Candidate| candidate.points.is_some_and(|points| points != i64::MAX);
    let own = incident.candidates.iter().filter(ranked).find(|candidate| candidate.pid == victim.pid)?;
    let others = incident.candidates.iter().filter(ranked).filter(|candidate| candidate.pid != victim.pid);
    let next = others.max_by_key(|candidate| candidate.points)?;
    let (score, second, today) = (own.points?, next.points?, i64::from(own.oom_score_adj?));
    // Where the ranking did not decide, another value would not have either.
    if score < second {
        return None;
    }
    let value = spared(incident, score, second, today)?;
    let who = name(Some(&victim.comm), Some(victim.pid));
    Some(WhatIf {
        kind: WhatIfKind::OomScoreAdj,
        text: format!(
            "With an oom_score_adj of {value} or less (it had {today}), {who} would have been spared and {} killed instead.",
            name(Some(&next.comm), Some(next.pid))
        ),
        value_bytes: None,
        ms: None,
        oom_score_adj: i32::try_from(value).ok(),
    })
}

/// The highest value, to the next ten below, that ranks a task with this score below `second`.
fn spared(incident: &Incident, score: i64, second: i64, today: i64) -> Option<i64> {
    let step = i64::try_from(incident.scope.total_pages? / 1000).ok().filter(|step| *step > 0)?;
    let plain = score.checked_sub(today.checked_mul(step)?)?;
    let most = second.checked_sub(1)?.checked_sub(plain)?.div_euclid(step);
    let tens = most.div_euclid(10).checked_mul(10)?;
    (tens >= LOWEST_ADJ && tens < today).then_some(tens)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MIB, diagnosis, incident};
    use super::*;
    use crate::model::{Entity, EntityKind};

    fn row(pid: u32, comm: &str, mib: u64, adj: i32) -> Candidate {
        let step = 512 * 256 / 1000;
        let points = i64::try_from(mib * 256).unwrap() + i64::from(adj) * step;
        let rss_bytes = Some(mib * MIB);
        Candidate {
            pid,
            comm: comm.into(),
            points: Some(points),
            oom_score_adj: Some(adj),
            rss_bytes,
            ..Candidate::default()
        }
    }

    fn neighbour() -> (Incident, Diagnosis) {
        let (mut incident, mut found) = (incident(), diagnosis(VerdictKind::Neighbour, 4.0 * 1048576.0));
        let culprit = found.culprit.as_mut().unwrap();
        (culprit.pid, culprit.is_victim, culprit.comm) = (Some(8), false, Some("report".into()));
        (culprit.cgroup, culprit.bytes) = (Some("/system.slice/report.service".into()), Some(200 * MIB));
        culprit.growth_bytes = 160 * MIB;
        incident.candidates = vec![row(7, "shop", 300, 0), row(8, "report", 200, 0)];
        let points = (-60..=0)
            .map(|t: i64| (t * 1000, (40 * MIB).max((200 * MIB).saturating_sub(t.unsigned_abs() * 4 * MIB))))
            .collect();
        incident.history.as_mut().unwrap().entities = vec![Entity {
            kind: EntityKind::Process,
            pid: Some(8),
            comm: Some("report".into()),
            path: Some("/system.slice/report.service".into()),
            points,
            ..Entity::default()
        }];
        (incident, found)
    }

    #[test]
    fn all_three_are_worked_out_from_the_record() {
        let (incident, found) = neighbour();
        let all = what_if(&incident, &found);
        let [more, limit, adj] = all.as_slice() else { panic!("{all:#?}") };
        // A quarter of 512 MiB at 4 MiB/s.
        assert_eq!((more.value_bytes, more.ms), (Some(128 * MIB), Some(32_000)), "{more:?}");
        // 50 MiB: it held 40 before. It held 52 MiB 37 s before the kill.
        assert_eq!((limit.value_bytes, limit.ms), (Some(52 * MIB), Some(37_000)), "{limit:?}");
        assert_eq!(adj.kind, WhatIfKind::OomScoreAdj);
        let value = adj.oom_score_adj.unwrap();
        // As the kernel ranks: spared with it, not with ten more.
        let score = |adj: i32| row(7, "shop", 300, adj).points.unwrap();
        let second = row(8, "report", 200, 0).points.unwrap();
        assert!(score(value) < second && score(value + 10) >= second, "{value}");
    }

    #[test]
    fn nothing_is_worked_out_for_a_victim_that_grew_itself_or_was_not_ranked_first() {
        let (mut incident, mut found) = neighbour();
        incident.candidates[1].points = Some(i64::MAX - 1);
        assert!(what_if(&incident, &found).iter().all(|one| one.kind != WhatIfKind::OomScoreAdj));
        found.culprit.as_mut().unwrap().is_victim = true;
        incident.candidates[1].points = Some(1);
        assert!(what_if(&incident, &found).iter().all(|one| one.kind != WhatIfKind::OomScoreAdj));
        found.verdict = VerdictKind::Burst;
        assert_eq!(what_if(&incident, &found), []);
    }

    #[test]
    fn a_value_that_no_task_can_have_is_not_advised() {
        let (mut incident, found) = neighbour();
        incident.candidates[0] = row(7, "shop", 511, 0);
        incident.candidates[1] = row(8, "report", 1, -600);
        assert!(what_if(&incident, &found).iter().all(|one| one.kind != WhatIfKind::OomScoreAdj));
    }
}

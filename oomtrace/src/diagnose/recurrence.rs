//! The same workload, killed again and again at the same limit: what all of its runs show together.

use super::scope::{self, Domain};
use super::series::cut;
use super::thresholds::{LEAK_SHOWS_MS, LOOP_GAP_MS, LOOP_KILLS, SAME_START_MS};
use super::tracks::private;
use super::words;
use crate::model::{
    Confidence, Diagnosis, EARLIER_OF_ONE, Incident, Life, Recurrence, Role, VerdictKind, Victim,
};

/// One run until its kill: how long it took, ms, and what it held.
#[derive(Clone, Copy)]
struct Run {
    ms: i64,
    bytes: i64,
}

/// The kills of the chosen victim's workload in a row, with no longer pause between a kill and the next start than a
/// supervisor makes; `None` for less than two.
pub(super) fn of(incident: &Incident) -> Option<Recurrence> {
    let victim = chosen(incident)?;
    let (own, began) = run(incident, victim)?;
    let lives = incident.history.as_ref().map_or(&[][..], |history| &history.earlier_lives);
    let mut killed: Vec<&Life> = lives.iter().filter(|life| life.oom_killed && same(life, victim)).collect();
    killed.retain(|life| life.started_ms.abs_diff(began) > SAME_START_MS || life.pid != Some(victim.pid));
    killed.sort_by_key(|life| std::cmp::Reverse(life.exited_ms));
    let (mut runs, mut first) = (vec![own], began);
    for life in &killed {
        if first.saturating_sub(life.exited_ms) > LOOP_GAP_MS {
            break;
        }
        first = first.min(life.started_ms);
        runs.push(Run {
            ms: life.exited_ms.saturating_sub(life.started_ms).max(1),
            bytes: cut(life.peak_bytes),
        });
    }
    if runs.len() < 2 {
        return None;
    }
    let all = runs.len();
    // The run in the middle, so that time, memory and rate are of one run.
    runs.sort_by_key(|run| (run.ms, run.bytes));
    let middle = runs.get(all / 2)?;
    // Files that others have read are in its resident memory, and not in what counts towards the limit.
    let limit = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.limit_bytes).map_or(i64::MAX, cut);
    let bytes = middle.bytes.min(limit);
    Some(Recurrence {
        kills: u32::try_from(all).unwrap_or(u32::MAX),
        at_least: all > EARLIER_OF_ONE,
        span_ms: first.unsigned_abs(),
        run_ms: middle.ms.unsigned_abs(),
        run_bytes: bytes.unsigned_abs(),
        rate_bytes_per_s: bytes as f64 * 1000.0 / middle.ms as f64,
    })
}

/// Short runs that all ended alike are one case, whatever the few samples of this one look like: what is needed is above the
/// limit.
pub(super) fn settle(incident: &Incident, diagnosis: &mut Diagnosis) {
    diagnosis.recurrence = of(incident);
    let Some(again) = diagnosis.recurrence.as_ref().filter(|again| again.kills >= LOOP_KILLS) else { return };
    let short = again.run_ms < LEAK_SHOWS_MS.unsigned_abs();
    let of_victim = diagnosis.culprit.as_ref().is_none_or(|culprit| culprit.is_victim);
    let own = match diagnosis.verdict {
        VerdictKind::Leak | VerdictKind::Burst | VerdictKind::LimitTooLow => of_victim,
        VerdictKind::Undetermined => diagnosis.culprit.is_some() && of_victim && fills(incident),
        _ => false,
    };
    if !short || !own || scope::domain(incident) != Domain::Memcg {
        return;
    }
    // Where the course of this run shows the same, it is as sure as that.
    diagnosis.confidence = match diagnosis.verdict {
        VerdictKind::LimitTooLow => diagnosis.confidence.max(Confidence::Medium),
        _ => Confidence::Medium,
    };
    diagnosis.verdict = VerdictKind::LimitTooLow;
    diagnosis.reasons.retain(|reason| !reason.contains("too short to tell a leak"));
    diagnosis.reasons.insert(0, format!("{}: every run ended the same way", words::again(again)));
}

/// The victim alone holds most of the limit.
fn fills(incident: &Incident) -> bool {
    let limit = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.limit_bytes);
    let held = chosen(incident).and_then(|victim| private(&victim.memory));
    limit
        .zip(held)
        .is_some_and(|(limit, held)| held as f64 >= super::thresholds::CULPRIT_SHARE * limit as f64)
}

fn chosen(incident: &Incident) -> Option<&Victim> {
    incident.victims.iter().find(|victim| victim.role == Role::Chosen).or(incident.victims.first())
}

/// This run, and when it began, ms from the kill: after exec it began there.
fn run(incident: &Incident, victim: &Victim) -> Option<(Run, i64)> {
    let began = -words::between_ms(victim.start_time.as_deref()?, &incident.time)?;
    Some((Run { ms: began.saturating_neg().max(1), bytes: private(&victim.memory)? }, began))
}

fn same(life: &Life, victim: &Victim) -> bool {
    let named = match (&life.exe, &victim.exe) {
        (Some(one), Some(other)) if one == other => true,
        _ => life.comm == victim.comm,
    };
    named && life.path.as_ref() == victim.cgroup.as_ref().map(|cgroup| &cgroup.path)
}

//! The limit that was hit: when to raise it, and what that buys.

use super::facts::{Facts, is_below};
use super::round::{float, percent, rate, seconds, size, up};
use super::target::Target;
use super::{Ranked, jvm, push};
use crate::model::{Advice, Confidence, VerdictKind};

/// Room above a need that is known, in percent of it.
const HEADROOM: u64 = 125;
/// A run that is to show a need that the kill cut off, in percent of the highest use.
const TRIAL: u64 = 200;
/// A stopgap for a leak, in percent of today's limit.
const STOPGAP: u64 = 150;
/// A stopgap that buys less than this is none, seconds.
const WORTH: f64 = 600.0;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let (Some(memcg), Some(limit)) = (facts.memcg(), facts.limit()) else {
        return;
    };
    let Some(target) = Target::of(&memcg.level.path, facts.incident) else {
        return;
    };
    let peak = memcg.level.peak_bytes.unwrap_or(0).max(memcg.level.usage_bytes.unwrap_or(0)).max(limit);
    let found = match (facts.verdict(), facts.diagnosis.confidence) {
        (VerdictKind::LimitTooLow, Confidence::Medium | Confidence::High) => {
            known_need(facts, limit).or_else(|| trial(facts, peak, 10, "Find out what it needs: give it"))
        }
        (VerdictKind::Burst, Confidence::Medium | Confidence::High) => burst(facts, peak),
        (VerdictKind::Leak, Confidence::Medium | Confidence::High) => stopgap(facts, limit),
        (VerdictKind::Leak | VerdictKind::LimitTooLow, Confidence::Low) => to_tell(facts, limit),
        _ => None,
    };
    let Some(Raise { rank, action, bytes, why }) = found else {
        return;
    };
    // What the machine does not have no limit gives.
    let machine = facts.incident.system.as_ref().and_then(|system| system.mem_total_bytes);
    if machine.is_some_and(|machine| bytes > machine) {
        return;
    }
    let line = facts.line();
    let change = target.memory(bytes, Some(&memcg.level), line.as_deref());
    let action = [action, change.note, above(facts, bytes)];
    push(
        into,
        rank,
        Advice {
            action: action.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
            command: change.command,
            value_bytes: Some(bytes),
            why,
        },
    );
}

struct Raise {
    rank: u8,
    action: String,
    bytes: u64,
    why: String,
}

/// A lower limit further up holds as well.
fn above(facts: &Facts<'_>, bytes: u64) -> String {
    let Some(own) = facts.memcg().map(|memcg| memcg.level.path.as_bytes()) else {
        return String::new();
    };
    let above = facts.incident.scope.ancestors.iter().filter(|level| is_below(own, level.path.as_bytes()));
    let lowest =
        above.filter_map(|level| Some((level.limit_bytes?, &level.path))).min_by_key(|(limit, _)| *limit);
    match lowest.filter(|(limit, _)| *limit < bytes) {
        Some((limit, path)) => format!(
            "Raise the limit of {} as well: it is {}.",
            crate::words::escape::bytes(path.as_bytes()),
            size(limit)
        ),
        None => String::new(),
    }
}

/// A need that the record shows: of a JVM whose heap is set, of earlier runs that ended by themselves, or of the time before
/// the limit was lowered.
fn known_need(facts: &Facts<'_>, limit: u64) -> Option<Raise> {
    let raise = |bytes: u64, why: String| Raise {
        rank: 10,
        action: format!("Raise the limit to {}.", size(bytes)),
        bytes,
        why,
    };
    if let Some((bytes, why)) = jvm::limit_for(facts).filter(|(bytes, _)| *bytes > limit) {
        return Some(raise(bytes, why));
    }
    if let Some(peak) = ended_runs(facts) {
        let bytes = up(percent(peak, HEADROOM));
        let why = format!(
            "An earlier run ended by itself with a peak of {}; 1.25 times that, rounded up.",
            size(peak)
        );
        return (bytes > limit).then(|| raise(bytes, why));
    }
    let before = most_before(facts).filter(|before| *before > limit)?;
    let why = format!(
        "The highest use before the limit was lowered was {}; 1.25 times that, rounded up.",
        size(before)
    );
    Some(raise(up(percent(before, HEADROOM)), why))
}

/// The highest peak of earlier runs of the culprit that ended by themselves.
fn ended_runs(facts: &Facts<'_>) -> Option<u64> {
    let culprit = facts.culprit()?;
    let lives = &facts.incident.history.as_ref()?.earlier_lives;
    let ended =
        lives.iter().filter(|life| !life.oom_killed && (life.exe == culprit.exe || culprit.exe.is_none()));
    ended.map(|life| life.peak_bytes).max()
}

/// The most that the scope held before the kill, of its own samples.
fn most_before(facts: &Facts<'_>) -> Option<u64> {
    let path = &facts.memcg()?.level.path;
    let entities = &facts.incident.history.as_ref()?.entities;
    let scope = entities.iter().find(|entity| entity.path.as_ref() == Some(path) && entity.pid.is_none())?;
    scope.points.iter().filter(|(t, _)| *t < 0).map(|(_, bytes)| *bytes).max()
}

/// The kill cut the growth off, so the need is unknown: a run with more room shows it.
fn trial(facts: &Facts<'_>, peak: u64, rank: u8, when: &str) -> Option<Raise> {
    let bytes = up(percent(peak, TRIAL));
    let action = format!(
        "{when} {} for one run, read the peak, then set the limit to 1.25 times the peak.",
        size(bytes)
    );
    let run = match facts.line() {
        Some(line) => format!(
            " The same for one run by hand: sudo oomtrace run --memory-max {} -- {}",
            super::round::option(bytes, ["M", "G"]),
            line.join(" ")
        ),
        None => " oomtrace run shows the peak of a command, memory.peak that of a cgroup.".into(),
    };
    let why = format!(
        "It needs more than {}; how much more is unknown, because the kill cut the growth short. {} is twice that, rounded \
         up.{run}",
        size(peak),
        size(bytes)
    );
    Some(Raise { rank, action, bytes, why })
}

/// A burst that fits another time is known only where it did.
fn burst(facts: &Facts<'_>, peak: u64) -> Option<Raise> {
    if ended_runs(facts).is_some_and(|most| percent(most, HEADROOM) <= peak) {
        // It did its work within the limit before: what differed this time is the question.
        return None;
    }
    trial(facts, peak, 30, "If this much memory is expected, find out what it needs: give it")
}

/// For a leak a higher limit only buys time: said so, and only where it buys any.
fn stopgap(facts: &Facts<'_>, limit: u64) -> Option<Raise> {
    let bytes = up(percent(limit, STOPGAP));
    let bought = bought(facts, bytes - limit)?;
    if bought < WORTH {
        return None;
    }
    let why = format!(
        "At {} the extra {} last {}. If it is a leak, the limit is hit again then.",
        rate(facts.rate()?),
        size(bytes - limit),
        seconds(bought)
    );
    let action = format!("As a stopgap, raise the limit to {}: it buys {}.", size(bytes), seconds(bought));
    Some(Raise { rank: 40, action, bytes, why })
}

/// A leak and a limit that is too low look alike in one short run: a higher limit shows which it was.
fn to_tell(facts: &Facts<'_>, limit: u64) -> Option<Raise> {
    let bytes = up(percent(limit, STOPGAP));
    let bought = bought(facts, bytes - limit).filter(|bought| *bought >= 1.0)?;
    let why = format!(
        "One run can't tell a leak from a low limit. At {} the extra {} last {}. If they fill up too, it is a leak; if usage \
         levels off, the limit was too low.",
        rate(facts.rate()?),
        size(bytes - limit),
        seconds(bought)
    );
    let action = format!("Raise the limit once, to {}, and watch whether it fills again.", size(bytes));
    Some(Raise { rank: 10, action, bytes, why })
}

/// How long so much more lasts at the culprit's rate, seconds.
fn bought(facts: &Facts<'_>, more: u64) -> Option<f64> {
    Some(float(more) / facts.rate()?)
}

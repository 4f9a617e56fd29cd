//! The limit that was hit: when to raise it, and what that buys.

use super::facts::Facts;
use super::round::{float, percent, rate, seconds, size, up};
use super::target::Target;
use super::{Ranked, jvm, push};
use crate::model::{Advice, Confidence, VerdictKind};

/// Room above the highest use, in percent of it.
const HEADROOM: u64 = 125;
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
        (VerdictKind::LimitTooLow, Confidence::Medium | Confidence::High) => too_low(facts, peak),
        (VerdictKind::Burst, Confidence::Medium | Confidence::High) => burst(facts, peak),
        (VerdictKind::Leak, Confidence::Medium | Confidence::High) => stopgap(facts, limit),
        (VerdictKind::Leak | VerdictKind::LimitTooLow, Confidence::Low) => to_tell(facts, limit),
        _ => None,
    };
    let Some(Raise { rank, action, bytes, why }) = found else {
        return;
    };
    let place = if target.is_setting() { format!(" In {}:", target.words()) } else { String::new() };
    push(
        into,
        rank,
        Advice {
            action: format!("{action}{place}"),
            command: Some(target.memory(bytes, Some(&memcg.level))),
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

fn too_low(facts: &Facts<'_>, peak: u64) -> Option<Raise> {
    let plain =
        (up(percent(peak, HEADROOM)), format!("The highest use, {}, times 1.25, rounded up.", size(peak)));
    let (bytes, why) = jvm::limit_for(facts).filter(|(bytes, _)| *bytes > plain.0).unwrap_or(plain);
    Some(Raise { rank: 10, action: format!("Raise the limit to {}.", size(bytes)), bytes, why })
}

/// The kill cut the burst off; that it fits another time is known only where it did.
fn burst(facts: &Facts<'_>, peak: u64) -> Option<Raise> {
    let history = facts.incident.history.as_ref();
    let lives = history.map(|history| history.earlier_lives.as_slice()).unwrap_or_default();
    if let Some(most) = lives.iter().filter(|life| !life.oom_killed).map(|life| life.peak_bytes).max()
        && percent(most, HEADROOM) <= peak
    {
        // It has done its work within the limit before: what was other this time is the question.
        return None;
    }
    let bytes = up(percent(peak, HEADROOM));
    let why = format!(
        "The highest use, {}, times 1.25, rounded up. The kill cut the burst off, so how much it would have taken in the end \
         is not known: look at the peak afterwards.",
        size(peak)
    );
    let action =
        format!("If it is meant to take so much at once, raise the limit to {} at least.", size(bytes));
    Some(Raise { rank: 30, action, bytes, why })
}

/// For a leak a higher limit only buys time: said so, and only where it buys any.
fn stopgap(facts: &Facts<'_>, limit: u64) -> Option<Raise> {
    let bytes = up(percent(limit, STOPGAP));
    let bought = bought(facts, bytes - limit)?;
    if bought < WORTH {
        return None;
    }
    let why = format!(
        "{} more at {} last {}. It is a leak: then the limit is hit again.",
        size(bytes - limit),
        rate(facts.rate()?),
        seconds(bought)
    );
    let action = format!("As a stopgap, raise the limit to {}: it buys {}.", size(bytes), seconds(bought));
    Some(Raise { rank: 40, action, bytes, why })
}

/// A leak and a limit that is too low look alike in one short life: a higher limit tells them apart.
fn to_tell(facts: &Facts<'_>, limit: u64) -> Option<Raise> {
    let bytes = up(percent(limit, STOPGAP));
    let bought = bought(facts, bytes - limit).filter(|bought| *bought >= 1.0)?;
    let why = format!(
        "One life does not tell a leak from a limit that is too low. At {} the {} more last {}: if they are full by then it \
         is a leak, if use stays below the limit was too low.",
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

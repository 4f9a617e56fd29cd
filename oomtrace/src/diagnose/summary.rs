//! The diagnosis in one sentence.

use super::thresholds::LOOP_KILLS;
use super::words;
use crate::model::{Confidence, Culprit, Diagnosis, Incident, VerdictKind};

/// Whether nothing was sampled before the kill.
fn is_moment(incident: &Incident) -> bool {
    incident.history.is_none() && incident.scope.sysrq != Some(true)
}

/// `report-worker (pid 157) leaks: +182 MiB in 59 s, 3.1 MiB/s since 14:02:11, 91 % of the growth`
pub(super) fn of(incident: &Incident, diagnosis: &Diagnosis) -> String {
    let Some(culprit) = &diagnosis.culprit else {
        return without_culprit(incident, diagnosis);
    };
    let maybe = if diagnosis.confidence == Confidence::Low { "probably " } else { "" };
    let figures = figures(incident, diagnosis, culprit);
    let claim = claim(incident, diagnosis.verdict, culprit, maybe);
    // What all runs show comes before the few samples of this one.
    match diagnosis.recurrence.as_ref().filter(|again| again.kills >= LOOP_KILLS && culprit.is_victim) {
        Some(again) => format!("{claim}: {}; {figures}", words::again(again)),
        None => format!("{claim}: {figures}"),
    }
}

fn claim(incident: &Incident, verdict: VerdictKind, culprit: &Culprit, maybe: &str) -> String {
    let who = words::who(culprit);
    let verb =
        |one: &str, many: &str| if words::are_many(culprit) { many.to_owned() } else { one.to_owned() };
    match verdict {
        VerdictKind::Leak => format!("{who} {maybe}{}", verb("leaks", "leak")),
        VerdictKind::Burst => format!("{who} took most of its memory at once"),
        VerdictKind::NoLimit => {
            format!("{who} {maybe}filled the machine, and nothing limited {}", verb("it", "them"))
        }
        VerdictKind::LimitTooLow => format!("{who} {maybe}{} more than the limit", verb("needs", "need")),
        VerdictKind::HostTooSmall => {
            format!("the machine is {maybe}too small for what runs on it; {who} grew most")
        }
        VerdictKind::Shmem | VerdictKind::KernelMemory | VerdictKind::PageCache => {
            let by = culprit.pid.map(|pid| (culprit.comm.as_ref(), Some(pid))).filter(|_| culprit.likely);
            let by =
                by.map_or(String::new(), |(comm, pid)| format!(", likely by {}", words::task(comm, pid)));
            format!("{who} filled it{by}")
        }
        VerdictKind::ForkSwarm if is_moment(incident) => format!("{who} hold most of it together"),
        VerdictKind::ForkSwarm => format!("{who} filled it, each of them small"),
        VerdictKind::Neighbour => {
            let victim = incident.victims.first();
            let victim = words::task(victim.map(|victim| &victim.comm), victim.map(|victim| victim.pid));
            format!("{who} grew, and {victim} was killed for it")
        }
        VerdictKind::Undetermined if culprit.likely => format!("{who} {} most of it", verb("holds", "hold")),
        VerdictKind::Undetermined => format!("{who} grew most"),
    }
}

fn figures(incident: &Incident, diagnosis: &Diagnosis, culprit: &Culprit) -> String {
    let window = diagnosis.window.as_ref();
    let mut parts = Vec::new();
    let bytes = i64::try_from(culprit.growth_bytes).unwrap_or(i64::MAX);
    let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    match (window, culprit.rate_growth_bytes.zip(culprit.rate_ms)) {
        (None, _) => parts.push(words::size(bytes)),
        // Growth, time and rate of one line are of the same time.
        (Some(_), Some((bytes, ms))) => {
            parts.push(format!("+{} in {}", words::size(whole(bytes)), words::span(whole(ms))));
        }
        (Some(window), None) if culprit.rate_bytes_per_s.is_none() => {
            parts.push(format!("+{} in {}", words::size(bytes), words::span(window.from_ms)));
        }
        // The window's growth beside the rate of another time would not agree.
        (Some(_), None) => {}
    }
    let since = culprit.since_ms.and_then(|since| words::clock(incident, since));
    if let Some(rate) = culprit.rate_bytes_per_s.filter(|rate| *rate > 0.0) {
        let since = since.map_or(String::new(), |since| format!(" since {since}"));
        let least = if culprit.rate_at_least { "at least " } else { "" };
        parts.push(format!("{least}{}{since}", words::rate(rate)));
    }
    let of = if window.is_some() { "growth" } else { "memory" };
    parts.push(format!("{} of the {of}", words::percent(culprit.share_of_growth)));
    parts.join(", ")
}

fn without_culprit(incident: &Incident, diagnosis: &Diagnosis) -> String {
    let reason = diagnosis.reasons.first().map_or("no figures", String::as_str);
    let claim = match diagnosis.verdict {
        VerdictKind::LimitTooLow => "the limit is too low for all together",
        VerdictKind::HostTooSmall => "the machine is too small for what runs on it",
        _ if is_moment(incident) => "at that moment",
        _ => "which process used the memory is unknown",
    };
    format!("{claim}: {reason}")
}

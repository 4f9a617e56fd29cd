//! Who ate the memory, how fast, since when?

use super::{Answer, is_moment};
use crate::evidence::Group;
use crate::model::{Confidence, Culprit, CulpritKind, Diagnosis, Incident, VerdictKind};
use crate::render::text::words;

/// Others who grew that are named.
const OTHERS: usize = 3;

pub(super) fn answer(incident: &Incident) -> Answer {
    let question = "Who ate the memory, how fast, since when?";
    let Some(diagnosis) = &incident.diagnosis else {
        let short = match &incident.history {
            None => "Not known: nothing was sampled before the kill.",
            Some(_) => "Not known: there are samples, and no diagnosis was made.",
        };
        return Answer { question, short: short.into(), ..Answer::default() };
    };
    let short = match &diagnosis.culprit {
        Some(culprit) if diagnosis.window.is_none() => held(culprit),
        Some(culprit) => sentence(culprit),
        None if is_moment(incident) => "Growth is not known: nothing was sampled before the kill.".into(),
        None => "Undetermined: the figures do not name anybody.".into(),
    };
    Answer { question, short, more: more(incident, diagnosis), command: None }
}

fn more(incident: &Incident, diagnosis: &Diagnosis) -> Vec<String> {
    let mut more = Vec::new();
    if !diagnosis.summary.is_empty() {
        more.push(words::safe(&diagnosis.summary));
    }
    if is_moment(incident) {
        // The first answer has why the allocation failed.
        let failure = incident.scope.allocation.as_ref().and_then(|asked| asked.failure.as_ref());
        let new = |reason: &&String| !diagnosis.summary.contains(reason.as_str()) && Some(*reason) != failure;
        more.extend(diagnosis.reasons.iter().filter(new).map(|reason| format!("{}.", words::safe(reason))));
    }
    let others: Vec<_> = diagnosis.others.iter().take(OTHERS).map(other).collect();
    if !others.is_empty() {
        more.push(format!("Also grew: {}.", others.join(", ")));
    }
    if let Some(rest) = diagnosis.unattributed_bytes.filter(|rest| *rest > 0) {
        more.push(format!("{} of the growth belongs to no process that was seen.", words::size(rest)));
    }
    more
}

/// `java (pid 4711), the victim: 91 % of the growth, 3.1 MiB/s since 14:02:11 UTC.`
fn sentence(culprit: &Culprit) -> String {
    let mut facts = vec![format!("{}\u{a0}% of the growth", percent(culprit.share_of_growth))];
    let rate = paced(culprit);
    if rate.is_none() {
        facts.push(format!("+{}", words::size(culprit.growth_bytes)));
    }
    let since = culprit.since.as_deref().map(|since| format!("since {} UTC", seconds(since)));
    facts.extend(match (rate, since) {
        (Some(rate), Some(since)) => Some(format!("{rate} {since}")),
        (one, other) => one.or(other),
    });
    let likely = if culprit.likely { "Likely " } else { "" };
    let victim = if culprit.is_victim { ", the victim" } else { ", not the victim" };
    format!("{likely}{}{victim}: {}.", culprit_name(culprit), facts.join(", "))
}

/// `+182 MiB in 59 s (3.1 MiB/s)`: the growth and the time that the rate is of, so that the three agree.
pub(in crate::render) fn paced(culprit: &Culprit) -> Option<String> {
    let rate = culprit.rate_bytes_per_s.filter(|rate| rate.is_finite() && *rate >= 1.0)?;
    let least = if culprit.rate_at_least { "at least " } else { "" };
    let rate = format!("{least}{}", words::rate(rate));
    let Some((bytes, ms)) = culprit.rate_growth_bytes.zip(culprit.rate_ms) else { return Some(rate) };
    let time = words::duration(ms.saturating_mul(1_000_000));
    Some(format!("+{} in {time} ({rate})", words::size(bytes)))
}

/// `java (pid 4711), the victim, held 12 GiB at the kill, 73 % of the memory.`
fn held(culprit: &Culprit) -> String {
    use CulpritKind::{Cgroup, Family, Process};
    let victim = match (culprit.kind, culprit.is_victim) {
        (Process | Family | Cgroup, true) => ", the victim,",
        (Process | Family | Cgroup, false) => ", not the victim,",
        _ => "",
    };
    format!(
        "{}{victim} held {} at the kill, {}\u{a0}% of the memory.",
        culprit_name(culprit),
        words::size(culprit.bytes.unwrap_or(culprit.growth_bytes)),
        percent(culprit.share_of_growth)
    )
}

fn other(culprit: &Culprit) -> String {
    format!("{} +{}", culprit_name(culprit), words::size(culprit.growth_bytes))
}

/// Name of one that grew.
pub(in crate::render) fn culprit_name(culprit: &Culprit) -> String {
    let comm = culprit.comm.as_ref().map(words::name);
    let cgroup = culprit.cgroup.as_ref().map(words::shown);
    match culprit.kind {
        CulpritKind::Process => {
            let pid = culprit.pid.map_or(String::new(), words::with_pid);
            format!("{}{pid}", comm.unwrap_or("a process".into()))
        }
        CulpritKind::Family => {
            let members = culprit.members.map_or(String::new(), |members| format!(" ({members} processes)"));
            format!("{}{members}", comm.unwrap_or("a family of processes".into()))
        }
        CulpritKind::Cgroup => cgroup.unwrap_or("a memory cgroup".into()),
        CulpritKind::KernelMemory => "memory of the kernel".into(),
        CulpritKind::Shmem => "shared memory and tmpfs".into(),
        CulpritKind::PageCache => "page cache".into(),
    }
}

/// The verdict in words.
pub(crate) fn verdict_name(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Leak => "leak",
        VerdictKind::Burst => "burst",
        VerdictKind::NoLimit => "no limit",
        VerdictKind::LimitTooLow => "limit too low",
        VerdictKind::HostTooSmall => "host too small",
        VerdictKind::Shmem => "shared memory",
        VerdictKind::KernelMemory => "kernel memory",
        VerdictKind::PageCache => "page cache",
        VerdictKind::ForkSwarm => "fork swarm",
        VerdictKind::Neighbour => "neighbour",
        VerdictKind::Undetermined => "undetermined",
    }
}

/// What the kills of a group were diagnosed as, and what its runs show together.
pub(in crate::render) fn cause(group: &Group<'_>) -> String {
    let cause = group.cause.map_or("", verdict_name);
    match group.recurrence() {
        Some(again) => format!("{cause}: {}", crate::diagnose::again(again)),
        None => cause.to_owned(),
    }
}

/// How sure it is.
pub(in crate::render) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low confidence",
        Confidence::Medium => "medium confidence",
        Confidence::High => "high confidence",
    }
}

/// `91` of 0.912; what is out of range is shown as the nearest that is in it.
fn percent(share: f64) -> u64 {
    whole((share * 100.0).clamp(0.0, 100.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, not negative, saturates"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Time of day to the second.
fn seconds(rfc3339: &str) -> String {
    let clock = words::clock(rfc3339);
    clock.split_once('.').map_or(clock.clone(), |(seconds, _)| seconds.to_owned())
}

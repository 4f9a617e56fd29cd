//! Who used the memory, how fast, since when?

use super::{Answer, is_moment};
use crate::evidence::Group;
use crate::model::{Confidence, Culprit, CulpritKind, Diagnosis, Incident, VerdictKind};
use crate::render::text::words;

/// Others who grew that are named.
const OTHERS: usize = 3;

pub(super) fn answer(incident: &Incident) -> Answer {
    let question = "Who used the memory, how fast, since when?";
    let Some(diagnosis) = &incident.diagnosis else {
        let short = match &incident.history {
            None => "Not known: nothing was sampled before the kill.",
            Some(_) => "Not known: there are samples, and no diagnosis was made.",
        };
        return Answer { question, short: short.into(), ..Answer::default() };
    };
    let short = short(incident, diagnosis);
    Answer { question, short, more: more(incident, diagnosis), command: None }
}

/// The answer in a sentence.
pub(in crate::render) fn short(incident: &Incident, diagnosis: &Diagnosis) -> String {
    match &diagnosis.culprit {
        Some(culprit) if diagnosis.window.is_none() => held(incident, culprit),
        Some(culprit) => sentence(incident, diagnosis, culprit),
        None if is_moment(incident) => "Growth is unknown: nothing was sampled before the kill.".into(),
        None => "Undetermined: the data points to no process.".into(),
    }
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
        more.push(format!("{} of the growth could not be attributed to any process.", words::size(rest)));
    }
    more
}

/// `java (pid 4711), the victim: 91 % of the growth, +182 MiB in 59 s (3.1 MiB/s) since 14:02:11 UTC.`
fn sentence(incident: &Incident, diagnosis: &Diagnosis, culprit: &Culprit) -> String {
    let mut facts = vec![format!("{}\u{a0}% of the growth", percent(culprit.share_of_growth))];
    // Beside a rate the window's growth would be of another time.
    if paced(culprit).is_none() {
        facts.push(grown(diagnosis, culprit));
    }
    facts.extend(pace(culprit));
    let likely = if culprit.likely { "Likely " } else { "" };
    format!("{likely}{}{}: {}.", culprit_name(culprit), role(incident, culprit), facts.join(", "))
}

/// `+48.2 MiB in the last 26.3 s`: the window need not begin when the growth did.
fn grown(diagnosis: &Diagnosis, culprit: &Culprit) -> String {
    let window = diagnosis.window.as_ref().filter(|window| window.from_ms < 0);
    let last = window.map_or(String::new(), |window| {
        let span = words::duration(window.from_ms.unsigned_abs().saturating_mul(1_000_000));
        format!(" in the last {span}")
    });
    format!("+{}{last}", words::size(culprit.growth_bytes))
}

/// Whether it died; of what is not a process there is nothing to say.
fn role(incident: &Incident, culprit: &Culprit) -> &'static str {
    use CulpritKind::{Family, Process};
    let alone = incident.victims.len() < 2;
    match (culprit.kind, culprit.is_victim) {
        (Process, true) if alone => ", the victim",
        (Process, true) => ", one of the victims",
        (Process, false) => ", not the victim",
        (Family, true) => ", the victim among them",
        _ => "",
    }
}

/// `+182 MiB in 59 s (3.1 MiB/s) since 14:02:11 UTC`
pub(in crate::render) fn pace(culprit: &Culprit) -> Option<String> {
    let rate = paced(culprit);
    let said = culprit.rate_growth_bytes.and(culprit.rate_ms).filter(|_| rate.is_some());
    let before = culprit.since_ms.filter(|ms| *ms < 0).map(i64::unsigned_abs);
    // The rate's own time says how long before.
    let is_said = said.zip(before).is_some_and(|(said, before)| said.abs_diff(before) <= before / 10);
    let before = before.map(|ms| words::duration(ms.saturating_mul(1_000_000)));
    let since = culprit.since.as_deref().map(|since| format!("since {} UTC", words::seconds(since)));
    let since = match (since, before) {
        (Some(since), Some(_)) if is_said => Some(since),
        (Some(since), Some(before)) => Some(format!("{since}, {before} before the kill")),
        (Some(since), None) => Some(since),
        (None, before) => before.filter(|_| !is_said).map(|before| format!("for {before}")),
    };
    match (rate, since) {
        (Some(rate), Some(since)) => Some(format!("{rate} {since}")),
        (one, other) => one.or(other),
    }
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
fn held(incident: &Incident, culprit: &Culprit) -> String {
    let role = role(incident, culprit);
    let comma = if role.is_empty() { "" } else { "," };
    let likely = if culprit.likely { "Likely " } else { "" };
    format!(
        "{likely}{}{role}{comma} held {} at the kill, {}\u{a0}% of the memory.",
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

/// `leak, high confidence`; of an undetermined one there is nothing to be sure of.
pub(in crate::render) fn judged(diagnosis: &Diagnosis) -> String {
    let name = verdict_name(diagnosis.verdict);
    match diagnosis.verdict {
        VerdictKind::Undetermined => name.to_owned(),
        _ => format!("{name}, {}", confidence(diagnosis.confidence)),
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

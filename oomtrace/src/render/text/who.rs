//! Who ate the memory, how fast, since when.

use super::page::{Page, Rich, Tone};
use super::{graph, words};
use crate::model::{Culprit, CulpritKind, Diagnosis, Growth, Incident, PartKind};
use crate::render::answers::{culprit_name, paced};
use crate::words::bytes;

/// Others who grew that are named.
const OTHERS: usize = 3;
/// Kinds of memory that are named, and the least of the growth that one must be to be named, percent.
const KINDS: usize = 3;
const KIND_MIN: u64 = 5;

/// The process that grew, in a sentence.
pub(super) fn answer(incident: &Incident, diagnosis: &Diagnosis) -> Rich {
    match &diagnosis.culprit {
        Some(culprit) => sentence(incident, diagnosis, culprit),
        None if incident.history.is_none() => "Unknown: nothing was sampled before the kill.".into(),
        None => "Undetermined: the data points to no process.".into(),
    }
}

/// The others that grew, and the course; nothing where no diagnosis was made.
pub(super) fn details(page: &mut Page, incident: &Incident, is_shown: bool) {
    let Some(diagnosis) = &incident.diagnosis else {
        return;
    };
    page.section("Who");
    if !is_shown {
        page.para(answer(incident, diagnosis), 0);
    }
    page.para(others(diagnosis), 2);
    // Memory that is no process's has said its kind.
    if !is_a_kind(diagnosis.culprit.as_ref()) {
        page.para(kinds(diagnosis), 2);
    }
    graph::write(page, incident);
}

/// `report (pid 157), not the victim: 91 % of the growth, +182 MiB in 59 s (3.1 MiB/s) since 14:02:11 UTC, ...`
fn sentence(incident: &Incident, diagnosis: &Diagnosis, culprit: &Culprit) -> Rich {
    let tone = if culprit.is_victim { Tone::Red } else { Tone::Bold };
    let mut text = Rich::new();
    if culprit.likely {
        text.push(Tone::Yellow, "Likely ");
    }
    text.push(tone, culprit_name(culprit));
    text.push(Tone::Plain, role(incident, culprit));
    text.push(Tone::Plain, ": ").push(Tone::Bold, share(diagnosis, culprit));
    // Beside a rate the window's growth would be of another time.
    if paced(culprit).is_none() {
        text.push(Tone::Plain, grown(diagnosis, culprit));
    }
    text.push(Tone::Plain, pace(culprit).map_or(String::new(), |pace| format!(", {pace}")));
    text.with(Tone::Plain, ".")
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

/// ` (+48.2 MiB in the last 26.3 s)`: the window need not begin when the growth did.
fn grown(diagnosis: &Diagnosis, culprit: &Culprit) -> String {
    let Some(window) = diagnosis.window.as_ref().filter(|window| window.from_ms < 0) else {
        return String::new();
    };
    let span = words::duration(window.from_ms.unsigned_abs().saturating_mul(1_000_000));
    format!(" (+{} in the last {span})", words::size(culprit.growth_bytes))
}

/// Of the growth; where none was measured, of the memory that is in use.
fn share(diagnosis: &Diagnosis, culprit: &Culprit) -> String {
    let share = words::share(culprit.share_of_growth);
    if diagnosis.window.is_some() {
        format!("{share} of the growth")
    } else {
        format!("{share} of the memory")
    }
}

/// `+182 MiB in 59 s (3.1 MiB/s) since 14:02:11 UTC, 59 s before the kill`
pub(super) fn pace(culprit: &Culprit) -> Option<String> {
    let rate = paced(culprit);
    let since = culprit.since.as_deref().map(|since| format!("since {} UTC", words::seconds(since)));
    let span = |ms: u64| words::duration(ms.saturating_mul(1_000_000));
    let said = culprit.rate_growth_bytes.and(culprit.rate_ms).filter(|_| rate.is_some()).map(span);
    let before = culprit.since_ms.filter(|ms| *ms < 0);
    let before = before.map(|ms| span(ms.unsigned_abs()));
    let since = match (since, before) {
        // The rate's own time says how long before.
        (Some(since), Some(before)) if said.is_some_and(|said| said == before) => Some(since),
        (Some(since), Some(before)) => Some(format!("{since}, {before} before the kill")),
        (Some(since), None) => Some(since),
        (None, before) => before.map(|before| format!("for {before}")),
    };
    match (rate, since) {
        (Some(rate), Some(since)) => Some(format!("{rate} {since}")),
        (one, other) => one.or(other),
    }
}

/// `Also grew: web (pid 33) +12 MiB (6 %); 6 MiB by no process that was seen.`
fn others(diagnosis: &Diagnosis) -> Rich {
    let all = &diagnosis.others;
    let mut parts: Vec<String> = all
        .iter()
        .take(OTHERS)
        .map(|one| {
            let share = words::share(one.share_of_growth);
            format!("{} +{} ({share})", culprit_name(one), words::size(one.growth_bytes))
        })
        .collect();
    if let Some(more) = all.len().checked_sub(OTHERS).filter(|more| *more > 0) {
        parts.push(format!("{more} more"));
    }
    let mut text = Rich::new();
    if !parts.is_empty() {
        text.push(Tone::Plain, format!("Also grew: {}.", parts.join(", ")));
    }
    let rest = diagnosis.unattributed_bytes.filter(|rest| *rest > 0);
    if let Some(rest) = rest.filter(|_| !is_a_kind(diagnosis.culprit.as_ref())) {
        let gap = if text.is_empty() { "" } else { " " };
        text.push(
            Tone::Plain,
            format!("{gap}{} of the growth could not be attributed to any process.", words::size(rest)),
        );
    }
    text
}

/// Whether it is a kind of memory that belongs to no process.
fn is_a_kind(culprit: Option<&Culprit>) -> bool {
    use CulpritKind::{KernelMemory, PageCache, Shmem};
    culprit.is_some_and(|culprit| matches!(culprit.kind, KernelMemory | Shmem | PageCache))
}

/// What grew by kind, where it was not anonymous memory alone.
fn kinds(diagnosis: &Diagnosis) -> Rich {
    let whole: u64 = diagnosis
        .growth
        .iter()
        .filter_map(|growth| u64::try_from(growth.bytes).ok())
        .fold(0, u64::saturating_add);
    let much = |growth: &&Growth| {
        growth.bytes.unsigned_abs() >= (1 << 20)
            && growth.bytes.unsigned_abs().saturating_mul(100) >= whole.saturating_mul(KIND_MIN)
    };
    let kinds: Vec<_> = diagnosis.growth.iter().filter(much).take(KINDS).collect();
    if kinds.iter().all(|growth| growth.kind == PartKind::Anon && growth.bytes >= 0) {
        return Rich::new();
    }
    let one = |growth: &&Growth| {
        let sign = if growth.bytes < 0 { "" } else { "+" };
        let size = bytes::signed_size(growth.bytes.into()).replace(' ', "\u{a0}");
        format!("{} {sign}{size}", kind(growth.kind))
    };
    format!("By kind: {}.", kinds.iter().map(one).collect::<Vec<_>>().join(", ")).into()
}

fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Anon => "anonymous",
        PartKind::File => "page cache",
        PartKind::Shmem => "shared and tmpfs",
        PartKind::Swap => "swap",
        PartKind::PageTables => "page tables",
        PartKind::Kernel => "kernel",
        PartKind::Slab => "slab",
        PartKind::Sock => "socket buffers",
    }
}

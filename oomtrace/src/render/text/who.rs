//! Who ate the memory, how fast, since when.

use super::page::{Page, Rich, Tone};
use super::{graph, words};
use crate::model::{Culprit, CulpritKind, Diagnosis, Growth, Incident, PartKind};
use crate::render::answers::{self, culprit_name};
use crate::words::bytes;

/// Others who grew that are named.
const OTHERS: usize = 3;
/// Kinds of memory that are named, and the least of the growth that one must be to be named, percent.
const KINDS: usize = 3;
const KIND_MIN: u64 = 5;

/// The process that grew, in a sentence; its name stands out.
pub(super) fn answer(incident: &Incident, diagnosis: &Diagnosis) -> Rich {
    let short = answers::growth::short(incident, diagnosis);
    let culprit = diagnosis.culprit.as_ref();
    let Some((culprit, (before, after))) =
        culprit.and_then(|culprit| Some((culprit, short.split_once(&culprit_name(culprit))?)))
    else {
        return short.into();
    };
    let tone = if culprit.is_victim { Tone::Red } else { Tone::Bold };
    Rich::new().with(Tone::Yellow, before).with(tone, culprit_name(culprit)).with(Tone::Plain, after)
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

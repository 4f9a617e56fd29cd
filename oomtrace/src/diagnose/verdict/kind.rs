//! Growth of memory that need not be in any process.

use super::super::case::{self, Case};
use super::super::growth::Growth;
use super::super::scope::{self, Domain};
use super::super::series::{Series, cut};
use super::super::shape;
use super::super::threads;
use super::super::thresholds::{CULPRIT_SHARE, SPARSE_SHARE};
use super::super::tracks::{Track, part};
use super::super::words;
use crate::model::{Culprit, CulpritKind, EntityKind, PartKind, Text};

/// Memory of a kind as the culprit, with the likely writer.
pub(super) fn culprit(case: &Case<'_, '_, '_>, kind: PartKind, bytes: i64) -> Culprit {
    let as_kind = match kind {
        PartKind::Shmem => CulpritKind::Shmem,
        PartKind::File => CulpritKind::PageCache,
        _ => CulpritKind::KernelMemory,
    };
    let series = series(case, kind, bytes);
    let shape = shape::of(&series, None);
    let mut found = Culprit {
        kind: as_kind,
        share_of_growth: case.growth.share(bytes),
        growth_bytes: u64::try_from(bytes).unwrap_or(0),
        bytes: level(case, kind).and_then(|bytes| u64::try_from(bytes).ok()),
        ..Culprit::default()
    };
    case::time(case.incident, &mut found, &shape);
    if let Some(writer) = writer(case, kind) {
        found.pid = writer.pid;
        found.comm = writer.comm.cloned();
        found.exe = writer.exe.cloned();
        found.cgroup = writer.path.cloned();
        found.likely = true;
        found.is_victim = case.incident.victims.iter().any(|victim| Some(victim.pid) == writer.pid);
    }
    found
}

/// The kind's course. Where it is nearly all that grew, the scope's usage without what the processes had: the statistics of a
/// cgroup may be 2 s old, its usage is not.
pub(super) fn series(case: &Case<'_, '_, '_>, kind: PartKind, bytes: i64) -> Series {
    let own = case.scope.entity.and_then(|entity| Some(part(entity, entity.part(kind)?)));
    if case.growth.share(bytes) >= SPARSE_SHARE || own.is_none() {
        let processes = case.growth.processes.iter().map(|grown| grown.track);
        return case.scope.load.without(processes.map(|track| (&track.series, track.exited)));
    }
    let mut series = own.unwrap_or_default();
    if let Some(begin) = series.at(case.growth.from) {
        series.correct_at_kill(begin.saturating_add(bytes));
    }
    series
}

/// Who likely asked for it: the only process of the cgroup that was charged, else the task in whose context memory ran out.
/// The charge names the cgroup for certain, and never the process.
pub(super) fn writer<'t, 'a>(case: &Case<'_, 't, 'a>, kind: PartKind) -> Option<&'t Track<'a>> {
    let charged = charged(case, kind);
    // New threads are counted, and each has a stack of the kernel's.
    let rest = case.growth.unattributed;
    if let Some(risen) = threads::risen(case.growth).filter(|_| kind == PartKind::Kernel)
        && risen.explains(rest) as f64 >= CULPRIT_SHARE * rest as f64
    {
        return Some(risen.track);
    }
    if let Some(mapper) = mapper(case, kind) {
        return Some(mapper);
    }
    let alive = |track: &&&Track<'_>| track.kind == EntityKind::Process && track.exited.is_none();
    let inside = |track: &&&Track<'_>| {
        charged.is_none_or(|top| scope::inside(track.path.map(Text::as_bytes), Some(top.as_bytes())))
    };
    let mut within = case.tracks.iter().filter(alive).filter(inside);
    let only = within.next()?;
    if charged.is_some() && within.next().is_none() {
        return Some(only);
    }
    let trigger = case.incident.trigger.as_ref()?;
    let pid = trigger.tgid.unwrap_or(trigger.pid);
    case.tracks.iter().filter(alive).filter(inside).find(|track| track.pid == Some(pid)).copied()
}

/// Who has most of the files mapped that grew.
fn mapper<'t, 'a>(case: &Case<'_, 't, 'a>, kind: PartKind) -> Option<&'t Track<'a>> {
    let grown = |track: &Track<'_>| {
        let series = part(track.entity?, track.entity?.part(kind)?);
        Some(series.last()?.high - series.at(case.growth.from)?)
    };
    let processes =
        case.growth.processes.iter().map(|grown| grown.track).filter(|track| track.exited.is_none());
    let (track, bytes) =
        processes.filter_map(|track| Some((track, grown(track)?))).max_by_key(|(_, bytes)| *bytes)?;
    (case.growth.share(bytes) >= CULPRIT_SHARE).then_some(track)
}

/// The lowest cgroup in which most of the kind's growth was charged.
fn charged<'t>(case: &Case<'_, 't, '_>, kind: PartKind) -> Option<&'t Text> {
    let grown = |track: &Track<'_>| {
        let entity = track.entity?;
        let series = part(entity, entity.part(kind)?);
        Some(series.last()?.high - series.at(case.growth.from)?)
    };
    let cgroups = || case.growth.cgroups.iter().map(|grown| grown.track);
    let most = cgroups().filter_map(grown).max().filter(|most| *most > 0)?;
    let near = cgroups().filter(|track| grown(track).is_some_and(|bytes| bytes * 5 >= most * 4));
    near.filter_map(|track| track.path).max_by_key(|path| path.as_bytes().len())
}

/// `Likely written by dd (pid 12): memory ran out when it asked for more`
pub(super) fn likely(culprit: &Culprit) -> Option<String> {
    culprit.likely.then(|| {
        format!(
            "likely by {}: no counter names the process, but it is the only one there or the one that asked for memory when it ran out",
            words::task(culprit.comm.as_ref(), culprit.pid)
        )
    })
}

/// Shared memory that grew, mapped or not.
pub(super) fn shmem(growth: &Growth<'_, '_>) -> i64 {
    growth.kind(PartKind::Shmem).max(growth.mapped_shmem)
}

/// Kernel memory that grew, as far as it is not in processes: page tables are in both.
pub(super) fn kernel(case: &Case<'_, '_, '_>) -> i64 {
    let told = case
        .growth
        .kind(PartKind::Kernel)
        .max(case.growth.kind(PartKind::Sock))
        .max(case.growth.kind(PartKind::Slab));
    told.min(case.growth.unattributed).max(0)
}

/// What is at the kill of a kind, by the kernel's report or the last sample.
pub(super) fn level(case: &Case<'_, '_, '_>, kind: PartKind) -> Option<i64> {
    let stats = case.incident.scope.stats.as_ref().filter(|_| case.scope.domain == Domain::Memcg);
    let told = stats.and_then(|stats| match kind {
        PartKind::File => stats.file_bytes,
        PartKind::Shmem => stats.shmem_bytes,
        _ => stats.kernel_bytes,
    });
    let sampled = || case.scope.entity?.part(kind)?.last().copied();
    told.or_else(sampled).map(cut)
}

//! All that could have used the memory, with their memory over time: the history, completed with what the kernel reported
//! at the kill.

use super::series::{Series, cut};
use super::thresholds::UNSEEN_IS_YOUNG;
use super::words::between_ms;
use crate::model::{Candidate, Entity, EntityKind, Incident, Memory, PartKind, Text, Victim};

/// One whose memory is followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Track<'a> {
    pub kind: EntityKind,
    pub pid: Option<u32>,
    pub ppid: Option<u32>,
    pub comm: Option<&'a Text>,
    pub exe: Option<&'a Text>,
    pub path: Option<&'a Text>,
    pub limit: Option<i64>,
    pub members: Option<u32>,
    /// ms from the kill; absent: before the samples, or not known.
    pub started: Option<i64>,
    pub exited: Option<i64>,
    pub in_scope: bool,
    /// When it started is worked out from not having been seen before.
    pub assumed: bool,
    /// Only its size at the kill is known: neither where it lived nor since when.
    pub shadow: bool,
    /// Process and family: without mapped files, which can be dropped and are shared. Cgroup: usage.
    pub series: Series,
    /// Process: of it, shared memory.
    pub shmem: Option<Series>,
    /// What the history has of it.
    pub entity: Option<&'a Entity>,
}

impl Track<'_> {
    /// What it held at the kill; nothing when it was gone.
    pub(super) fn at_kill(&self) -> i64 {
        if self.exited.is_some() { 0 } else { self.series.last().map_or(0, |last| last.high) }
    }

    /// Names of one family are equal.
    pub(super) fn family(&self) -> Option<(&Text, Option<&Text>)> {
        Some((self.exe.or(self.comm)?, self.path))
    }
}

/// All of them. `limit` is the scope's, as far as it is known.
pub(super) fn of(incident: &Incident, limit: Option<i64>) -> Vec<Track<'_>> {
    let entities = incident.history.as_ref().map_or(&[][..], |history| &history.entities);
    let mut tracks: Vec<_> = entities.iter().map(from_entity).collect();
    for victim in &incident.victims {
        add_victim(&mut tracks, incident, victim);
    }
    let unseen_from = incident.history.as_ref().and_then(|history| {
        let usual = history.process_interval_ms.unwrap_or(history.interval_ms);
        // Passes may have been left out: the last one is when a process was sampled last.
        let processes = entities.iter().filter(|entity| entity.kind == EntityKind::Process);
        let sampled = processes.flat_map(|entity| &entity.points).map(|(t, _)| *t).filter(|t| *t < 0);
        let last = sampled.max().unwrap_or(0);
        i64::try_from(usual).ok().filter(|pass| *pass > 0).map(|pass| pass.max(last.saturating_neg()))
    });
    for candidate in &incident.candidates {
        add_candidate(&mut tracks, candidate, limit, unseen_from);
    }
    tracks
}

fn from_entity(entity: &Entity) -> Track<'_> {
    let process_like = matches!(entity.kind, EntityKind::Process | EntityKind::Family);
    let series = match entity.part(PartKind::File) {
        Some(file) if process_like => without(entity, file),
        _ => Series::new(&entity.points, &entity.low),
    };
    let mut track = Track {
        kind: entity.kind,
        pid: entity.pid,
        ppid: entity.ppid,
        comm: entity.comm.as_ref(),
        exe: entity.exe.as_ref(),
        path: entity.path.as_ref(),
        limit: entity.limit_bytes.map(cut),
        members: entity.members,
        // After exec it is another program, which began with nothing.
        started: entity.exec_ms.or(entity.started_ms).map(|t| t.min(0)),
        exited: entity.exited_ms.filter(|t| *t <= 0),
        in_scope: entity.in_scope,
        assumed: false,
        shadow: entity.kind == EntityKind::Process
            && entity.points.len() <= 1
            && entity.started_ms.is_none()
            && entity.path.is_none(),
        series,
        shmem: entity.part(PartKind::Shmem).map(|shmem| part(entity, shmem)),
        entity: Some(entity),
    };
    // Nothing was there before it started; a process has some pages with its first instruction.
    if let (EntityKind::Process, Some(started)) = (track.kind, track.started) {
        track.series.begin(started, 0);
    }
    track
}

/// A part of an entity as a series of its own.
pub(super) fn part(entity: &Entity, values: &[u64]) -> Series {
    let points: Vec<_> = entity.points.iter().zip(values).map(|((t, _), bytes)| (*t, *bytes)).collect();
    Series::new(&points, &[])
}

/// The entity's own series less `values`.
pub(super) fn without(entity: &Entity, values: &[u64]) -> Series {
    let less = |at: usize, bytes: u64| bytes.saturating_sub(values.get(at).copied().unwrap_or(0));
    let points: Vec<_> =
        entity.points.iter().enumerate().map(|(at, (t, bytes))| (*t, less(at, *bytes))).collect();
    let low: Vec<_> = entity.low.iter().enumerate().map(|(at, bytes)| less(at, *bytes)).collect();
    Series::new(&points, &low)
}

fn process_of<'t, 'a>(tracks: &'t mut [Track<'a>], pid: u32) -> Option<&'t mut Track<'a>> {
    // Of several lives of one id the last is meant.
    let is = |track: &&mut Track<'_>| track.kind == EntityKind::Process && track.pid == Some(pid);
    tracks.iter_mut().filter(is).max_by_key(|track| (track.exited.is_none(), track.started))
}

/// The victim's own values at the kill; one that lived between two samples has no others.
fn add_victim<'a>(tracks: &mut Vec<Track<'a>>, incident: &'a Incident, victim: &'a Victim) {
    let Some(bytes) = private(&victim.memory) else { return };
    if let Some(track) = process_of(tracks, victim.pid) {
        track.exited = None;
        track.exe = track.exe.or(victim.exe.as_ref());
        track.series.at_kill(bytes);
        return;
    }
    let started = victim.start_time.as_deref().and_then(|start| between_ms(start, &incident.time));
    let mut series = Series::default();
    series.at_kill(bytes);
    if let Some(started) = started {
        series.begin(-started, 0);
    }
    tracks.push(Track {
        kind: EntityKind::Process,
        pid: Some(victim.pid),
        ppid: victim.ppid,
        comm: Some(&victim.comm),
        exe: victim.exe.as_ref(),
        path: victim.cgroup.as_ref().map(|cgroup| &cgroup.path),
        started: started.map(|ms| -ms),
        in_scope: true,
        series,
        ..Track::default()
    });
}

/// Memory that is the process's own: all that the kernel's badness counts but mapped files.
pub(super) fn private(memory: &Memory) -> Option<i64> {
    let parts = [memory.anon_bytes, memory.shmem_bytes, memory.swap_bytes, memory.page_table_bytes];
    memory.anon_bytes?;
    Some(cut(parts.into_iter().flatten().fold(0, u64::saturating_add)))
}

/// What the kernel counted of the others when it compared them.
fn add_candidate<'a>(
    tracks: &mut Vec<Track<'a>>,
    candidate: &'a Candidate,
    limit: Option<i64>,
    unseen_from: Option<i64>,
) {
    let Some(rss) = candidate.rss_bytes else { return };
    let more = [candidate.swap_bytes, candidate.page_table_bytes].into_iter().flatten();
    let bytes = more.fold(rss, u64::saturating_add);
    if let Some(track) = process_of(tracks, candidate.pid).filter(|track| !track.shadow) {
        let file = track.entity.and_then(|entity| entity.part(PartKind::File)?.last().copied()).unwrap_or(0);
        if track.exited.is_none() {
            track.series.at_kill(cut(bytes.saturating_sub(file)));
        }
        return;
    }
    let (Some(pass), Some(limit)) = (unseen_from, limit) else { return };
    // One that is like others may have been left out of the record for them.
    let like_others = tracks.iter().any(|track| !track.shadow && track.comm == Some(&candidate.comm));
    if like_others || (cut(bytes) as f64) < UNSEEN_IS_YOUNG * limit as f64 {
        return;
    }
    let mut series = Series::default();
    series.at_kill(cut(bytes));
    series.begin(-pass, 0);
    tracks.push(Track {
        kind: EntityKind::Process,
        pid: Some(candidate.pid),
        comm: Some(&candidate.comm),
        started: Some(-pass),
        in_scope: true,
        assumed: true,
        series,
        ..Track::default()
    });
}

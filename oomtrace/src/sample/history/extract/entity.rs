//! Entities of the record, with their last row from the kill itself.

use std::collections::HashMap;

use super::super::cgroups::Cgroup;
use super::super::processes::Process;
use super::super::words::{self, OfCgroup, OfProcess, Shape};
use super::History;
use super::kill::{self, AtKill};
use super::moment::Moment;
use super::row::{Row, count_from};
use super::scope::Domain;
use crate::model::{Entity, EntityKind, MemcgLevel, Text};

/// An entity with its rows, before they are thinned out.
#[derive(Debug)]
pub(super) struct Full {
    pub(super) entity: Entity,
    pub(super) rows: Vec<Row>,
    /// It deserves more points than the others.
    pub(super) lead: bool,
}

impl Full {
    /// Values in the record.
    pub(super) fn values(&self) -> usize {
        let width = match self.entity.kind {
            EntityKind::Process | EntityKind::Family => OfProcess::WIDTH,
            EntityKind::Cgroup | EntityKind::System => OfCgroup::WIDTH,
        };
        self.rows.len() * width
    }

    /// The record's entity.
    pub(super) fn finish(mut self) -> Entity {
        let (parts, counters) = match self.entity.kind {
            EntityKind::Process => (OfProcess::PARTS, OfProcess::COUNTERS),
            EntityKind::Family => (OfProcess::PARTS, &[] as &[_]),
            EntityKind::Cgroup | EntityKind::System => (OfCgroup::PARTS, OfCgroup::COUNTERS),
        };
        super::row::fill(&mut self.entity, &self.rows, parts, counters);
        self.entity
    }
}

/// The row of a process at the kill. Where only its resident memory as a whole is known, file and shared memory are taken
/// to be as they were last, and what is left anonymous; without an earlier row the parts stay unknown.
fn at_zero(at_kill: &AtKill, before: Option<&Row>) -> Option<Row> {
    let [rss, swap, tables] = at_kill.sizes?;
    let size = rss.saturating_add(swap).saturating_add(tables);
    let mut row = Row { t: 0, size, low: size, ..Row::default() };
    let split = at_kill.resident.or_else(|| {
        let last = |at: usize| before.and_then(|row| row.parts[at]);
        let file = last(1)?.min(rss);
        let shmem = last(2)?.min(rss - file);
        Some([rss - file - shmem, file, shmem])
    });
    if let Some([anon, file, shmem]) = split {
        row.parts[..5].copy_from_slice(&[anon, file, shmem, swap, tables].map(Some));
    }
    row.counters = before.map(|row| row.counters).unwrap_or_default();
    Some(row)
}

/// An exec this soon after the start is the usual one of a new process.
const EXEC_APART_NS: u64 = 50_000_000;
/// What a program held before exec is in the record from this size on.
const MATTERS: u64 = 4 << 20;
/// Start times of `/proc` are cut to a tick of 10 ms; both are rounded to ms here.
const START_TICK_MS: u64 = 11;

/// A process that was sampled, by what the record says of it at the kill.
pub(super) fn process(
    history: &History,
    process: &Process,
    domain: &Domain,
    moment: Moment,
    at_kill: &HashMap<u32, AtKill>,
) -> Full {
    let mut rows = moment.rows(&process.series, &history.pool);
    count_from(&mut rows, process.base());
    let gone = process.exited_ns != 0 && process.exited_ns < moment.kill_ns;
    let kill = at_kill.get(&process.key.pid).filter(|_| !gone);
    if let Some(row) = kill.and_then(|kill| at_zero(kill, rows.last())) {
        rows.push(row);
    }
    if rows.is_empty() && gone {
        // Between two passes: nothing but its highest value is known.
        let size = words::bytes(process.peak);
        rows.push(Row { t: moment.ms(process.exited_ns), size, low: size, ..Row::default() });
    }
    // What it ran before is another program's memory.
    let exec = process.program.exec_ns;
    let exec_ms = (exec > process.key.start_ns.saturating_add(EXEC_APART_NS) && moment.is_awake_since(exec))
        .then(|| moment.ms(exec).min(0));
    if let Some(exec_ms) = exec_ms {
        rows.retain(|row| row.t >= exec_ms);
    }
    let family = history.families.get(process.family);
    let path = domain.path_of(process.cgroup, &history.cgroups);
    // One that was last sampled before its exec bore another name then.
    let started = moment.ms(process.key.start_ns);
    let is_it = |kill: &&AtKill| kill.started_ms.is_some_and(|ms| ms.abs_diff(started) <= START_TICK_MS);
    let named = kill.filter(is_it).map(|kill| kill.comm.clone()).filter(|comm| !comm.as_bytes().is_empty());
    let sampled = Text::until_nul(&process.comm);
    let is_as_sampled = named.as_ref().is_none_or(|named| *named == sampled);
    let entity = Entity {
        kind: EntityKind::Process,
        pid: Some(process.key.pid),
        ppid: Some(process.ppid).filter(|pid| *pid != 0),
        comm: named.or(Some(sampled)),
        exe: family.filter(|_| is_as_sampled).and_then(|family| family.exe.as_deref()).map(Text::new),
        path: path.map(Text::new).or_else(|| kill.and_then(|kill| kill.path.clone())),
        // Before a sleep it is as unknown how much it grew as before the samples.
        started_ms: Some(process.key.start_ns)
            .filter(|start| *start != 0 && moment.is_awake_since(*start))
            .map(|start| moment.ms(start)),
        exec_ms,
        threads_first: Some(process.threads.0).filter(|threads| *threads != 0),
        threads: Some(process.threads.1).filter(|threads| *threads != 0),
        exited_ms: gone.then(|| moment.ms(process.exited_ns)),
        oom_score_adj: Some(kill.and_then(|kill| kill.adj).unwrap_or_else(|| process.adj.into())),
        in_scope: kill.is_some() || domain.has(process.cgroup, &history.cgroups),
        ..Entity::default()
    };
    Full { entity, rows, lead: kill.is_some_and(|kill| kill.victim) }
}

/// What a process ran before its last exec, where that held enough to matter.
pub(super) fn before_exec(
    history: &History,
    process: &Process,
    domain: &Domain,
    moment: Moment,
) -> Option<Full> {
    let previous = process.program.previous.as_ref()?;
    let exec_ms = moment.ms(process.program.exec_ns).min(0);
    let mut rows = moment.rows(&process.series, &history.pool);
    count_from(&mut rows, process.base());
    rows.retain(|row| row.t < exec_ms);
    let path = domain.path_of(process.cgroup, &history.cgroups);
    let entity = Entity {
        kind: EntityKind::Process,
        pid: Some(process.key.pid),
        ppid: Some(process.ppid).filter(|pid| *pid != 0),
        comm: Some(Text::until_nul(&previous.comm)),
        exe: previous.exe.as_deref().map(Text::new),
        path: path.map(Text::new),
        started_ms: Some(process.key.start_ns)
            .filter(|start| *start != 0 && moment.is_awake_since(*start))
            .map(|start| moment.ms(start)),
        exited_ms: Some(exec_ms),
        in_scope: domain.has(process.cgroup, &history.cgroups),
        ..Entity::default()
    };
    rows.iter().any(|row| row.size >= MATTERS).then_some(Full { entity, rows, lead: false })
}

/// A process that the record tells of and no sample.
pub(super) fn unsampled(pid: u32, kill: &AtKill, moment: Moment) -> Option<Full> {
    let is_awake_since = |started: &i64| {
        moment.is_awake_since(moment.kill_ns.saturating_sub(started.unsigned_abs() * 1_000_000))
    };
    let entity = Entity {
        kind: EntityKind::Process,
        pid: Some(pid),
        ppid: kill.ppid,
        comm: Some(kill.comm.clone()),
        path: kill.path.clone(),
        started_ms: kill.started_ms.filter(is_awake_since),
        oom_score_adj: kill.adj,
        in_scope: true,
        ..Entity::default()
    };
    Some(Full { entity, rows: vec![at_zero(kill, None)?], lead: false })
}

/// A family. At the kill its memory is known where it is of every member that was there.
pub(super) fn family(
    history: &History,
    id: u32,
    domain: &Domain,
    moment: Moment,
    at_kill: &HashMap<u32, AtKill>,
) -> Option<Full> {
    let family = history.families.get(id)?;
    let mut rows = moment.rows(&family.series, &history.pool);
    let there = |p: &&Process| p.family == id && (p.exited_ns == 0 || p.exited_ns >= moment.kill_ns);
    let members: Vec<Option<[u64; 3]>> = history
        .processes
        .iter()
        .filter(there)
        .map(|p| at_kill.get(&p.key.pid).and_then(|kill| kill.sizes))
        .collect();
    if !members.is_empty() && members.iter().all(Option::is_some) {
        let mut sizes = [0; 3];
        for member in members.into_iter().flatten() {
            for (sum, part) in sizes.iter_mut().zip(member) {
                *sum += part;
            }
        }
        rows.extend(at_zero(&AtKill { sizes: Some(sizes), ..AtKill::default() }, rows.last()));
    }
    let path = domain.path_of(family.cgroup, &history.cgroups);
    let entity = Entity {
        kind: EntityKind::Family,
        comm: Some(Text::until_nul(&family.comm)),
        exe: family.exe.as_deref().map(Text::new),
        path: path.map(Text::new),
        members: Some(family.seen),
        in_scope: domain.has(family.cgroup, &history.cgroups),
        ..Entity::default()
    };
    (!rows.is_empty()).then_some(Full { entity, rows, lead: false })
}

/// A cgroup, with its figures at the kill where the record has them: beside usage and swap its parts are as last sampled.
pub(super) fn cgroup(
    history: &History,
    cgroup: Option<&Cgroup>,
    level: Option<&MemcgLevel>,
    domain: &Domain,
    moment: Moment,
    v1: bool,
) -> Full {
    let mut rows = cgroup.map(|c| moment.rows(&c.series, &history.pool)).unwrap_or_default();
    count_from(&mut rows, cgroup.map(Cgroup::base).unwrap_or_default());
    if let Some((level, usage)) = level.and_then(|level| Some((level, level.usage_bytes?))) {
        let mut row = Row { t: 0, size: usage, low: usage, ..rows.last().cloned().unwrap_or_default() };
        (row.t, row.size, row.low) = (0, usage, usage);
        row.parts[0] = kill::swap(level, v1).or(row.parts[0]);
        rows.push(row);
    }
    let sampled = cgroup.and_then(|c| c.path.as_deref()).map(Text::new);
    let path = level.map(|level| level.path.clone()).or(sampled);
    let in_scope = match (cgroup, &path) {
        (Some(cgroup), _) => domain.has(cgroup.id, &history.cgroups),
        (None, Some(path)) => domain.has_path(path.as_bytes()),
        (None, None) => false,
    };
    let gone = cgroup.map(|c| c.removed_ns).filter(|removed| *removed != 0 && *removed < moment.kill_ns);
    let entity = Entity {
        kind: EntityKind::Cgroup,
        path,
        limit_bytes: level.map_or_else(|| cgroup.and_then(|c| c.limit), |level| level.limit_bytes),
        exited_ms: gone.map(|removed| moment.ms(removed)),
        in_scope,
        ..Entity::default()
    };
    Full { entity, rows, lead: false }
}

/// The machine.
pub(super) fn system(history: &History, domain: &Domain, moment: Moment) -> Full {
    let entity = Entity {
        kind: EntityKind::System,
        limit_bytes: Some(history.system_total).filter(|total| *total != 0),
        in_scope: matches!(domain, Domain::All),
        ..Entity::default()
    };
    Full { entity, rows: moment.rows(&history.system, &history.pool), lead: false }
}

//! Whose memory counts: the scope that ran out, its own memory over time, and who lived in it.

use super::series::{Series, cut};
use super::thresholds::{CACHE_MATTERS, MARGINAL_LEVEL};
use super::tracks::{Track, part, without};
use crate::model::{Constraint, Entity, EntityKind, Incident, PartKind, Text};

/// What kind of domain ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// A memory cgroup at its limit.
    Memcg,
    /// The machine.
    Machine,
    /// Nodes of a cpuset or a memory policy: no series shows them alone.
    Nodes,
    /// Not known.
    Unknown,
}

/// The scope with its memory.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub domain: Domain,
    /// Limit, with swap where that is part of what was measured.
    pub limit: Option<i64>,
    /// What counts towards the limit and can't simply be dropped, over time.
    pub load: Series,
    /// All that counts towards the limit, over time.
    pub usage: Series,
    /// The entity it is.
    pub entity: Option<&'a Entity>,
    /// Page cache is left out of `load`.
    pub without_cache: bool,
    /// There was so much of it that `load` is no better than the statistics, which may be 2 s old.
    pub coarse: bool,
}

/// The kind of domain.
pub(super) fn domain(incident: &Incident) -> Domain {
    match incident.scope.constraint {
        Some(Constraint::None) => Domain::Machine,
        Some(Constraint::Memcg) => Domain::Memcg,
        Some(Constraint::Cpuset | Constraint::MemoryPolicy) => Domain::Nodes,
        None if incident.scope.memcg.is_some() => Domain::Memcg,
        None => Domain::Unknown,
    }
}

/// Memory and swap that the scope may use.
pub(super) fn limit(incident: &Incident) -> Option<i64> {
    let pages = incident.scope.total_pages;
    let whole = pages.and_then(|pages| pages.checked_mul(incident.host.page_size)).filter(|bytes| *bytes > 0);
    let memcg = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.limit_bytes);
    let system = incident.system.as_ref().and_then(|system| {
        Some(system.mem_total_bytes?.saturating_add(system.swap_total_bytes.unwrap_or(0)))
    });
    let found = match domain(incident) {
        Domain::Memcg => whole.or(memcg),
        Domain::Machine | Domain::Unknown => whole.or(system),
        Domain::Nodes => whole,
    };
    found.map(cut)
}

/// The scope of an incident.
pub(super) fn of(incident: &Incident) -> Scope<'_> {
    let domain = domain(incident);
    let entities = incident.history.as_ref().map_or(&[][..], |history| &history.entities);
    let entity = match domain {
        Domain::Memcg => memcg(incident, entities),
        _ => entities.iter().find(|entity| entity.kind == EntityKind::System),
    };
    let mut scope = Scope {
        domain,
        limit: limit(incident),
        load: Series::default(),
        usage: Series::default(),
        entity,
        without_cache: false,
        coarse: false,
    };
    if let Some(entity) = entity {
        scope.limit = scope.limit.or(entity.limit_bytes.map(cut));
        scope.usage = usage(incident, entity);
        scope.load = scope.usage.clone();
        if let (Domain::Memcg, Some(hard)) = (domain, hard(incident, entity)) {
            let level = scope.limit.map_or(0.0, |limit| MARGINAL_LEVEL * limit as f64);
            // Where the cache is most of what was there, it is the cache that could not be dropped.
            if hard.last().is_some_and(|last| last.high as f64 >= level) {
                scope.load = hard;
                scope.without_cache = true;
                scope.coarse =
                    scope.limit.is_some_and(|limit| cache(entity) as f64 > CACHE_MATTERS * limit as f64);
            }
        }
    }
    scope
}

/// The entity of the cgroup at its limit: the one of its path, else the highest of those in scope.
fn memcg<'a>(incident: &Incident, entities: &'a [Entity]) -> Option<&'a Entity> {
    let cgroups = || entities.iter().filter(|entity| entity.kind == EntityKind::Cgroup);
    let path = incident.scope.memcg.as_ref().map(|memcg| &memcg.level.path);
    let named = cgroups().find(|entity| path.is_some() && entity.path.as_ref() == path);
    let length = |entity: &&Entity| entity.path.as_ref().map_or(usize::MAX, |path| path.as_bytes().len());
    named.or_else(|| cgroups().filter(|entity| entity.in_scope && path.is_none()).min_by_key(length))
}

/// What counts towards the limit, as it was at the kill where the kernel told that.
fn usage(incident: &Incident, entity: &Entity) -> Series {
    let mut series = match entity.part(PartKind::Swap) {
        Some(swap) if entity.kind == EntityKind::Cgroup => with(entity, &[], swap),
        _ => Series::new(&entity.points, &entity.low),
    };
    let level = incident.scope.memcg.as_ref().map(|memcg| &memcg.level);
    if let (EntityKind::Cgroup, Some(usage)) = (entity.kind, level.and_then(|level| level.usage_bytes)) {
        let swap = entity.part(PartKind::Swap).and_then(|swap| swap.last().copied()).unwrap_or(0);
        series.at_kill(cut(usage.saturating_add(swap)));
    }
    series
}

/// The same without page cache.
fn hard(incident: &Incident, entity: &Entity) -> Option<Series> {
    let file = entity.part(PartKind::File)?;
    let mut series = match entity.part(PartKind::Swap) {
        Some(swap) => with(entity, file, swap),
        None => without(entity, file),
    };
    let level = incident.scope.memcg.as_ref().map(|memcg| &memcg.level)?;
    let cache = incident.scope.stats.as_ref().and_then(|stats| stats.file_bytes);
    if let (Some(usage), Some(cache)) = (level.usage_bytes, cache.or(file.last().copied())) {
        let swap = entity.part(PartKind::Swap).and_then(|swap| swap.last().copied()).unwrap_or(0);
        series.at_kill(cut(usage.saturating_sub(cache).saturating_add(swap)));
    }
    Some(series)
}

/// Most page cache that was seen.
fn cache(entity: &Entity) -> i64 {
    entity.part(PartKind::File).and_then(|file| file.iter().max()).map_or(0, |most| cut(*most))
}

fn with(entity: &Entity, less: &[u64], more: &[u64]) -> Series {
    let value = |at: usize, bytes: u64| {
        let less = less.get(at).copied().unwrap_or(0);
        bytes.saturating_sub(less).saturating_add(more.get(at).copied().unwrap_or(0))
    };
    let points: Vec<_> = entity.points.iter().enumerate().map(|(at, (t, b))| (*t, value(at, *b))).collect();
    let low: Vec<_> = entity.low.iter().enumerate().map(|(at, b)| value(at, *b)).collect();
    Series::new(&points, &low)
}

impl Scope<'_> {
    /// Growth of a part of the scope since `from`; `at_kill` where the kernel told its value then.
    pub(super) fn part_growth(&self, kind: PartKind, from: i64, at_kill: Option<u64>) -> Option<i64> {
        let entity = self.entity?;
        let series = part(entity, entity.part(kind)?);
        let end = at_kill.map(cut).or(series.last().map(|last| last.high))?;
        Some(end - series.at(from)?)
    }
}

/// Who counts: all for the machine, who lived at or below the cgroup for its limit.
pub(super) fn members<'t, 'a>(incident: &Incident, tracks: &'t [Track<'a>]) -> Vec<&'t Track<'a>> {
    let all = domain(incident) != Domain::Memcg;
    let top = incident.scope.memcg.as_ref().map(|memcg| memcg.level.path.as_bytes());
    tracks
        .iter()
        .filter(|track| all || track.in_scope || inside(track.path.map(Text::as_bytes), top))
        .collect()
}

/// Whether a path is at or below another.
pub(super) fn inside(path: Option<&[u8]>, top: Option<&[u8]>) -> bool {
    let (Some(path), Some(top)) = (path, top) else { return false };
    let top = top.strip_suffix(b"/").unwrap_or(top);
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

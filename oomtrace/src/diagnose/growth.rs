//! Who and what grew within a window, and what no process accounts for.

use std::collections::{BTreeMap, HashMap};

use super::scope::{Domain, Scope};
use super::series::cut;
use super::thresholds::{EXIT_SEEN_MS, KIND_SHARE, NEW_GROUND};
use super::tracks::Track;
use crate::model::{EntityKind, Incident, PartKind, Text};

/// One that grew, or gave memory back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grown<'t, 'a> {
    pub track: &'t Track<'a>,
    /// What it took; 0 when it gave back.
    pub bytes: i64,
    /// What it gave back, by shrinking or by exiting.
    pub freed: i64,
    /// It started within the window.
    pub young: bool,
    /// Of what it holds, mapped shared memory that it took.
    pub shmem: i64,
    /// Pages that it had of its parent when it was forked, and may still share.
    pub inherited: i64,
    /// By how much less and more it may have grown: between two samples it had some value between theirs.
    less: i64,
    more: i64,
    /// Of `more`, shared memory.
    more_shmem: i64,
}

/// Processes of one executable in one cgroup.
#[derive(Clone, Debug, Default)]
pub(super) struct Family<'t, 'a> {
    /// Its processes among [`Growth::processes`].
    pub members: Vec<usize>,
    /// The history's own sum over all of them, where it has one.
    pub track: Option<&'t Track<'a>>,
    /// Growth of all together, less what those gave back that exited.
    pub bytes: i64,
    /// How many there were, as far as that is known.
    pub count: usize,
    /// How many of those that were there at the kill started since the samples begin.
    pub young: usize,
}

impl Family<'_, '_> {
    /// Members that the record has one by one.
    pub(super) fn listed(&self) -> usize {
        self.members.len()
    }
}

/// Growth within a window.
#[derive(Debug, Default)]
pub(super) struct Growth<'t, 'a> {
    /// Begin of the window.
    pub from: i64,
    /// Of the scope, net.
    pub scope: i64,
    /// What there is to attribute: the scope's growth and what others gave back meanwhile.
    pub total: i64,
    pub processes: Vec<Grown<'t, 'a>>,
    pub families: Vec<Family<'t, 'a>>,
    pub cgroups: Vec<Grown<'t, 'a>>,
    /// By kind, of the scope.
    pub kinds: Vec<(PartKind, i64)>,
    /// Of the scope, in no process.
    pub unattributed: i64,
    /// By so much the processes grew more than the scope: shared memory, or charges that stayed elsewhere.
    pub overcounted: i64,
    /// Shared memory that processes have mapped, each page counted once.
    pub mapped_shmem: i64,
    /// What went up and down as it had done before: no growth.
    pub usual: i64,
    /// What came after the last statistics of the scope, and is taken to be of the kind that had grown until then.
    pub carried: Option<Carried>,
}

/// Memory whose kind no counter told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    pub kind: PartKind,
    pub bytes: i64,
    /// When the last statistics are from.
    pub since: i64,
}

/// Name and cgroup.
type Key<'t> = (&'t [u8], Option<&'t [u8]>);

fn key<'t>(track: &'t Track<'_>) -> Option<Key<'t>> {
    let (name, path) = track.family()?;
    Some((name.as_bytes(), path.map(Text::as_bytes)))
}

impl<'t, 'a> Growth<'t, 'a> {
    /// Since `from`.
    pub(super) fn since(incident: &Incident, scope: &Scope<'_>, tracks: &[&'t Track<'a>], from: i64) -> Self {
        let mut growth = Self { from, ..Self::default() };
        let of_kind = |kind| tracks.iter().copied().filter(move |track| track.kind == kind && !track.shadow);
        let (shared, mapped) = shmem_counted_once(of_kind(EntityKind::Process), scope, incident, from);
        growth.mapped_shmem = mapped;
        // Of several with one number the one that is there goes last, and stays.
        let (gone, there): (Vec<_>, Vec<_>) =
            of_kind(EntityKind::Process).partition(|track| track.exited.is_some());
        let parents: HashMap<_, _> =
            gone.into_iter().chain(there).filter_map(|track| Some((track.pid?, track))).collect();
        growth.processes =
            of_kind(EntityKind::Process).map(|track| grown(track, from, shared, &parents)).collect();
        growth.families = families(&growth.processes, of_kind(EntityKind::Family));
        growth.replaced();
        growth.cgroups = of_kind(EntityKind::Cgroup)
            .filter(|track| !same_entity(track, scope))
            .map(|track| grown(track, from, 1.0, &parents))
            .collect();
        growth.kinds = kinds(incident, scope, from);
        growth.settle(incident, scope);
        growth
    }

    /// Part of what there is to attribute, 0 to 1.
    pub(super) fn share(&self, bytes: i64) -> f64 {
        if self.total <= 0 { 0.0 } else { (bytes.max(0) as f64 / self.total as f64).min(1.0) }
    }

    /// Growth of a kind of memory; 0 when it is not known.
    pub(super) fn kind(&self, kind: PartKind) -> i64 {
        self.kinds.iter().find(|(found, _)| *found == kind).map_or(0, |(_, bytes)| *bytes)
    }

    /// A new process in place of one that exited is no growth, as far as it holds what the other did. Where the other may have
    /// held less when the window began, the new one may have grown by as much more.
    fn replaced(&mut self) {
        for family in &self.families {
            let members = || family.members.iter().map(|at| self.processes[*at]);
            let gone: i64 =
                members().filter(|grown| grown.track.exited.is_some()).map(|grown| grown.freed).sum();
            let born: i64 = members().filter(|grown| grown.young).map(|grown| grown.bytes).sum();
            let same = gone.min(born);
            if same <= 0 {
                continue;
            }
            let (kept_of_born, kept_of_gone) = (part(born - same, born), part(gone - same, gone));
            let unsure: i64 =
                members().filter(|grown| grown.track.exited.is_some()).map(|grown| grown.more).sum();
            let unsure = part(unsure.min(same), same);
            for at in &family.members {
                let grown = &mut self.processes[*at];
                if grown.young {
                    let kept = (grown.bytes as f64 * kept_of_born) as i64;
                    grown.more += ((grown.bytes - kept) as f64 * unsure) as i64;
                    grown.bytes = kept;
                }
                if grown.track.exited.is_some() {
                    grown.freed = (grown.freed as f64 * kept_of_gone) as i64;
                    grown.more = (grown.more as f64 * kept_of_gone) as i64;
                }
            }
        }
    }

    /// Processes are sampled less often than cgroups. What the scope grew by and they did not, or the other way round, is first
    /// looked for in what they may have done between two samples around the begin of the window.
    fn reconcile(&mut self, all_rest: i64, scope: &Scope<'_>) -> i64 {
        let elsewhere = self.elsewhere(scope);
        let rest = if all_rest > 0 { (all_rest - elsewhere).max(0) } else { all_rest };
        let slack = |grown: &Grown<'_, '_>| if rest > 0 { grown.more } else { grown.less.min(grown.bytes) };
        let all: i64 = self.processes.iter().map(slack).sum();
        let moved = rest.abs().min(all);
        if moved == 0 {
            return all_rest;
        }
        let mapped: i64 = self.processes.iter().map(|grown| grown.shmem).sum();
        for grown in &mut self.processes {
            let own = (moved as f64 * slack(grown) as f64 / all as f64) as i64;
            if rest > 0 {
                let kept = own.min(grown.freed);
                grown.freed -= kept;
                grown.bytes += own - kept;
                grown.shmem += ((own - kept) as f64 * part(grown.more_shmem, grown.more)) as i64;
            } else {
                grown.bytes -= own;
            }
        }
        let more: i64 = self.processes.iter().map(|grown| grown.shmem).sum::<i64>() - mapped;
        self.mapped_shmem +=
            (more as f64 * if mapped > 0 { part(self.mapped_shmem, mapped) } else { 1.0 }) as i64;
        all_rest - moved * rest.signum()
    }

    /// Growth that is known to be of kinds that are in no process.
    fn elsewhere(&self, scope: &Scope<'_>) -> i64 {
        let cache = if scope.without_cache { 0 } else { self.kind(PartKind::File).max(0) };
        let shmem = (self.kind(PartKind::Shmem) - self.mapped_shmem).max(0);
        self.kind(PartKind::Kernel).max(0) + shmem + cache
    }

    /// Who takes back what it, or the one in whose place it came, had held and given back before the window, does not grow.
    /// Only where enough is left that did, and more than `rest`, which is in no process: else the ups and downs are all there is.
    fn leave_out_the_usual(&mut self, incident: &Incident, rest: i64) {
        let peaks = self.earlier_peaks(incident);
        let teeth: Vec<i64> = self
            .processes
            .iter()
            .zip(peaks)
            .map(|(grown, peak)| {
                let end = grown.track.at_kill();
                peak.min(end).saturating_sub(end.saturating_sub(grown.bytes)).clamp(0, grown.bytes.max(0))
            })
            .collect();
        let (all, usual) =
            (self.processes.iter().map(|grown| grown.bytes).sum::<i64>(), teeth.iter().sum::<i64>());
        if ((all - usual) as f64) < NEW_GROUND * all as f64 || all - usual < rest {
            return;
        }
        for (grown, tooth) in self.processes.iter_mut().zip(teeth) {
            grown.bytes -= tooth;
        }
        self.usual = usual;
    }

    /// The most that each process had held before the window, or the one of its family that had ended when it began.
    fn earlier_peaks(&self, incident: &Incident) -> Vec<i64> {
        let lives = incident.history.as_ref().map_or(&[][..], |history| &history.earlier_lives);
        let was_killed = |exited: i64| {
            lives
                .iter()
                .any(|life| life.oom_killed && life.exited_ms.abs_diff(exited) <= EXIT_SEEN_MS.unsigned_abs())
        };
        let highest = |track: &Track<'_>, until: i64| {
            let points = track.series.points().iter().take_while(|point| point.t <= until);
            points.map(|point| point.high).max().unwrap_or(0)
        };
        let ended = |grown: &Grown<'_, '_>| grown.track.exited.filter(|exited| !was_killed(*exited));
        let mut taken = vec![false; self.processes.len()];
        let mut peak = |grown: &Grown<'_, '_>| {
            let own = highest(grown.track, self.from);
            let Some(started) = grown.track.started.filter(|_| grown.bytes > 0) else { return own };
            let before = self.processes.iter().enumerate().filter(|(at, other)| {
                let gone = ended(other).is_some_and(|exited| exited <= started.saturating_add(EXIT_SEEN_MS));
                gone && !taken[*at] && other.track.family() == grown.track.family()
            });
            let Some((at, last)) = before.max_by_key(|(_, other)| other.track.exited) else { return own };
            taken[at] = true;
            own.max(highest(last.track, 0))
        };
        self.processes.iter().map(&mut peak).collect()
    }

    /// Where the kernel's report does not tell the kinds at the kill, the last statistics do, and what came after them is of no
    /// kind. What of it is in no process is taken to be of the kind that had made most of the growth until then.
    fn carry_on(&mut self, incident: &Incident, scope: &Scope<'_>) {
        let Some(entity) =
            scope.entity.filter(|_| scope.domain == Domain::Memcg && incident.scope.stats.is_none())
        else {
            return;
        };
        let sampled = |points: &[(i64, u64)]| points.iter().rev().find(|(t, _)| *t < 0).copied();
        let (Some(first), Some((since, usage))) = (entity.points.first(), sampled(&entity.points)) else {
            return;
        };
        let late = scope.load.last().map_or(0, |last| last.high) - scope.load.at(since).unwrap_or(0);
        let bytes = late.min(self.unattributed - self.elsewhere(scope));
        let grew = |kind: PartKind| {
            let values = entity.part(kind)?;
            Some((kind, cut(*values.last()?) - cut(*values.first()?)))
        };
        let kinds = [PartKind::Shmem, PartKind::Kernel, PartKind::File];
        let asked = kinds.into_iter().filter(|kind| *kind != PartKind::File || !scope.without_cache);
        let Some((kind, most)) = asked.filter_map(grew).max_by_key(|(_, grew)| *grew) else { return };
        let until_then = cut(usage) - cut(first.1);
        if bytes <= 0 || most <= 0 || (most as f64) < KIND_SHARE * until_then as f64 {
            return;
        }
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, grown)) => *grown += bytes,
            None => self.kinds.push((kind, bytes)),
        }
        self.kinds.sort_by_key(|(kind, bytes)| (std::cmp::Reverse(*bytes), *kind as u8));
        self.carried = Some(Carried { kind, bytes, since });
    }

    /// Totals, and the families with those members that the record does not hold one by one.
    fn settle(&mut self, incident: &Incident, scope: &Scope<'_>) {
        let grown: i64 = self.processes.iter().map(|grown| grown.bytes).sum();
        let freed: i64 = self.processes.iter().map(|grown| grown.freed).sum();
        // A scope without a sample since the begin of the window tells nothing of it, whatever its processes did.
        let sampled = scope.load.last().is_some_and(|last| last.t > self.from);
        let measured = scope.domain != Domain::Nodes && sampled;
        let end = scope.load.last().map_or(0, |last| last.high);
        // Between two samples the scope had some value between theirs; the one that leaves the least unexplained is taken.
        let begin = scope.load.around(self.from).map(|(low, high)| (end + freed - grown).clamp(low, high));
        self.scope = if measured { end - begin.unwrap_or(end) } else { grown - freed };
        let rest = if measured { self.reconcile(self.scope + freed - grown, scope) } else { 0 };
        self.leave_out_the_usual(incident, rest);
        let grown: i64 = self.processes.iter().map(|grown| grown.bytes).sum();
        let freed: i64 = self.processes.iter().map(|grown| grown.freed).sum();
        let mut unlisted = 0;
        // Copies are anonymous memory, so no more than grew of that beside what is in processes.
        let copied = (rest - self.elsewhere(scope)).min(self.kind(PartKind::Anon) - grown + freed);
        for family in &mut self.families {
            let listed: i64 =
                family.members.iter().map(|at| self.processes[*at].bytes - self.processes[*at].freed).sum();
            // Each page that one of them writes after a fork is copied, and no resident memory shows it.
            let shared: i64 = family.members.iter().map(|at| self.processes[*at].inherited).sum();
            let together = listed + shared.min(copied.max(0));
            let whole = family.track.map_or(together, |track| grown_series(track, self.from));
            // Pages that a fork shares are in every member's resident memory: no more than what is left over.
            let more = (whole - listed).clamp(0, (rest - unlisted).max(0));
            unlisted += more;
            family.bytes = (listed + more).max(0);
        }
        self.unattributed = (rest - unlisted).max(0);
        self.overcounted = (-rest).max(0);
        self.total = (self.scope + freed - self.usual).max(grown + unlisted);
        self.carry_on(incident, scope);
    }
}

fn part(of: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { of as f64 / whole as f64 }
}

fn same_entity(track: &Track<'_>, scope: &Scope<'_>) -> bool {
    matches!((track.entity, scope.entity), (Some(a), Some(b)) if std::ptr::eq(a, b))
}

/// Growth of a family by its own sum; before its first point there was none of it.
fn grown_series(track: &Track<'_>, from: i64) -> i64 {
    let was_there = track.series.first().is_some_and(|first| first.t <= from);
    let begin = if was_there { track.series.at(from).unwrap_or(0) } else { 0 };
    track.at_kill() - begin
}

/// What a track took since `from`.
fn grown<'t, 'a>(
    track: &'t Track<'a>,
    from: i64,
    shared: f64,
    parents: &HashMap<u32, &'t Track<'a>>,
) -> Grown<'t, 'a> {
    let young = track.started.is_some_and(|started| started >= from);
    let gone_before = track.exited.is_some_and(|exited| exited <= from);
    let begin = match (young, gone_before) {
        (_, true) => 0,
        (true, false) => inherited(track, parents),
        (false, false) => track.series.at(from).unwrap_or(0),
    };
    let mut change = track.at_kill() - begin;
    let (mut mapped, mut more_shmem) = (0, 0);
    if let (Some(shmem), false) = (&track.shmem, gone_before || young && begin > 0) {
        let end = if track.exited.is_some() { 0 } else { shmem.last().map_or(0, |last| last.high) };
        let had = if young { 0 } else { shmem.at(from).unwrap_or(0) };
        mapped = (end - had).max(0);
        more_shmem = shmem.around(from).filter(|_| !young).map_or(0, |(low, _)| (had - low).max(0));
        change -= (mapped as f64 * (1.0 - shared)) as i64;
    }
    // One that came and went within the window left nothing.
    let freed = if young && track.exited.is_some() { 0 } else { (-change).max(0) };
    let (low, high) = track.series.around(from).filter(|_| !young && !gone_before).unwrap_or((begin, begin));
    Grown {
        track,
        bytes: change.max(0),
        freed,
        young,
        shmem: mapped,
        inherited: if track.exited.is_none() { inherited(track, parents) } else { 0 },
        less: (high - begin).max(0),
        more: (begin - low).max(0),
        more_shmem,
    }
}

/// A fork begins with its parent's pages, which are charged once: they are not its growth. After exec it has its own.
fn inherited(track: &Track<'_>, parents: &HashMap<u32, &Track<'_>>) -> i64 {
    let parent =
        track.ppid.and_then(|ppid| parents.get(&ppid)).filter(|parent| parent.family() == track.family());
    let forked = track.entity.is_none_or(|entity| entity.exec_ms.is_none());
    let Some(parent) = parent.filter(|_| forked) else { return 0 };
    let seen = track.series.points().iter().find(|point| point.low > 0).map_or(0, |point| point.low);
    let had = track.started.and_then(|started| parent.series.at(started)).unwrap_or(0);
    seen.min(had)
}

/// Shared memory is in the resident memory of all that have it mapped, and charged once. The part of it to count, and how much
/// that is.
fn shmem_counted_once<'t, 'a: 't>(
    tracks: impl Iterator<Item = &'t Track<'a>>,
    scope: &Scope<'_>,
    incident: &Incident,
    from: i64,
) -> (f64, i64) {
    let mapped = tracks.filter_map(|track| {
        let shmem = track.shmem.as_ref().filter(|_| track.exited.is_none())?;
        let young = track.started.is_some_and(|started| started >= from);
        Some((shmem.last()?.high - if young { 0 } else { shmem.at(from)? }).max(0))
    });
    let (sum, most) = mapped.fold((0, 0), |(sum, most): (i64, i64), one| (sum + one, most.max(one)));
    if sum == 0 {
        return (1.0, 0);
    }
    let charged = scope.part_growth(PartKind::Shmem, from, stats(incident, PartKind::Shmem)).unwrap_or(sum);
    let once = charged.clamp(most, sum);
    (once as f64 / sum as f64, once)
}

fn families<'t, 'a>(
    processes: &[Grown<'t, 'a>],
    summed: impl Iterator<Item = &'t Track<'a>>,
) -> Vec<Family<'t, 'a>> {
    let mut found: BTreeMap<Key<'t>, Family<'t, 'a>> = BTreeMap::new();
    for (at, grown) in processes.iter().enumerate() {
        let Some(name) = key(grown.track) else { continue };
        let family = found.entry(name).or_default();
        family.members.push(at);
        family.count += 1;
        family.young += usize::from(grown.track.started.is_some() && grown.track.exited.is_none());
    }
    for track in summed {
        let Some(name) = key(track) else { continue };
        let family = found.entry(name).or_default();
        family.track = Some(track);
        let listed = family.count;
        family.count = listed.max(track.members.unwrap_or(0) as usize);
    }
    let mut all: Vec<_> = found.into_values().collect();
    // Of those that are alike in this, the order of their names stays.
    all.sort_by_key(|family| {
        (family.members.first().copied(), family.track.map(|track| track.comm.map(Text::as_bytes)))
    });
    all
}

/// A kind's bytes by the kernel's own report of the kill.
fn stats(incident: &Incident, kind: PartKind) -> Option<u64> {
    let stats = incident.scope.stats.as_ref()?;
    match kind {
        PartKind::Anon => stats.anon_bytes,
        PartKind::File => stats.file_bytes,
        PartKind::Shmem => stats.shmem_bytes,
        PartKind::Kernel => stats.kernel_bytes,
        PartKind::Slab => stats.slab_bytes,
        PartKind::Sock => stats.sock_bytes,
        PartKind::Swap | PartKind::PageTables => None,
    }
}

fn kinds(incident: &Incident, scope: &Scope<'_>, from: i64) -> Vec<(PartKind, i64)> {
    let Some(entity) = scope.entity else { return Vec::new() };
    let memcg = scope.domain == Domain::Memcg;
    let change = |kind| {
        let at_kill = if memcg { stats(incident, kind) } else { None };
        Some((kind, scope.part_growth(kind, from, at_kill)?))
    };
    let mut all: Vec<_> = entity.parts.iter().filter_map(|part| change(part.kind)).collect();
    all.sort_by_key(|(kind, bytes)| (std::cmp::Reverse(*bytes), *kind as u8));
    all.dedup_by_key(|(kind, _)| *kind);
    all
}

//! Who matters for a kill: those that grew and those that are large.

use std::collections::{HashMap, HashSet};

use super::super::cgroups::Cgroup;
use super::super::pool::Pool;
use super::super::processes::Process;
use super::super::series::Series;
use super::super::words::{self, Shape};
use super::kill::AtKill;
use super::moment::Moment;
use super::scope::Domain;
use super::{History, MARGIN};

/// Taken by growth since the scope was last below [`MARGIN`] of its limit, by growth over all of the history, by size.
const GREW: usize = 12;
const GREW_EVER: usize = 4;
const LARGE: usize = 6;
/// Processes that have exited.
const EXITED: usize = 4;
/// Within this time before the kill at least.
const LATELY_MS: u32 = 60_000;
/// Of one family, in each of these.
const OF_FAMILY: usize = 4;
/// Cgroups, beside those of the scope itself.
const CGROUPS: usize = 12;
/// Families, by growth and by number.
const FAMILIES: usize = 4;
/// So many processes make a family that is of interest for its number alone.
const SWARM: u32 = 8;

/// Growth of one entity, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Growth {
    lately: u64,
    ever: u64,
    now: u64,
}

/// Growth until the kill, where `now` is known from elsewhere or else is the last point; since `age` and since the first
/// point. One that `began` while it was watched, so many ms before the kill, grew from nothing.
fn growth<S: Shape>(
    series: &Series<S>,
    pool: &Pool,
    moment: Moment,
    age: u32,
    now: Option<u64>,
    began: Option<u32>,
) -> Growth {
    let (mut first, mut base, mut last) = (None, None, None);
    for (old, point) in moment.points(series, pool) {
        if began.is_some_and(|began| old > began) {
            continue;
        }
        let size = words::bytes(S::size(point.words));
        first.get_or_insert(if began.is_some() { 0 } else { size });
        if old >= age {
            base = Some(size);
        }
        last = Some(size);
    }
    let now = now.or(last).unwrap_or(0);
    let first = first.unwrap_or(if began.is_some() { 0 } else { now });
    Growth { lately: now.saturating_sub(base.unwrap_or(first)), ever: now.saturating_sub(first), now }
}

/// How old the last point is at which the scope was below [`MARGIN`] of its limit; [`LATELY_MS`] at the least.
pub(super) fn marginal_age(history: &History, domain: &Domain, limit: Option<u64>, moment: Moment) -> u32 {
    let (series, limit) = match domain {
        Domain::Below(id, _) => {
            let Some(cgroup) = id.and_then(|id| history.cgroups.get(id)) else { return LATELY_MS };
            (&cgroup.series, limit.or(cgroup.limit))
        }
        Domain::All => (&history.system, Some(history.system_total)),
    };
    let Some(limit) = limit else { return LATELY_MS };
    let below = |(age, point): (u32, super::super::series::Point<'_>)| {
        let size = words::bytes(words::OfCgroup::size(point.words));
        (u128::from(size) * 100 < u128::from(limit) * MARGIN).then_some(age)
    };
    let last = moment.points(series, &history.pool).filter_map(below).last();
    last.unwrap_or(u32::MAX).max(LATELY_MS)
}

/// The processes of the domain that grew or are large, and those that have exited lately.
pub(super) fn processes<'a>(
    history: &'a History,
    domain: &Domain,
    moment: Moment,
    age: u32,
    at_kill: &HashMap<u32, AtKill>,
) -> Vec<&'a Process> {
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for process in history.processes.iter().filter(|p| p.first_ns < moment.kill_ns) {
        if !domain.has(process.cgroup, &history.cgroups) {
            continue;
        }
        if process.exited_ns != 0 && process.exited_ns < moment.kill_ns {
            let ms = moment.ms(process.exited_ns).unsigned_abs();
            if moment.is_awake_since(process.exited_ns) && ms <= u64::from(age.min(30 * LATELY_MS)) {
                gone.push((process.peak, process));
            }
            continue;
        }
        let now = at_kill.get(&process.key.pid).and_then(AtKill::size);
        let born = process.born_ns();
        let began = (born > history.began_ns && moment.is_awake_since(born))
            .then(|| u32::try_from(moment.ms(born).unsigned_abs()).unwrap_or(u32::MAX));
        there.push((growth(&process.series, &history.pool, moment, age, now, began), process));
    }
    let mut taken = of_all_families(pick(&mut there, GREW * 8, |g| g.lately), GREW);
    taken.extend(of_all_families(pick(&mut there, GREW_EVER * 8, |g| g.ever), GREW_EVER));
    taken.extend(of_all_families(pick(&mut there, LARGE * 8, |g| g.now), LARGE));
    gone.sort_by_key(|(peak, process)| std::cmp::Reverse((*peak, process.exited_ns)));
    taken.extend(gone.into_iter().take(EXITED).map(|(_, process)| process));
    let mut seen = HashSet::new();
    taken.retain(|process| seen.insert(process.key));
    taken
}

/// The first `most`, without what many of one family would add.
fn of_all_families(processes: Vec<&Process>, most: usize) -> Vec<&Process> {
    let mut number: HashMap<u32, usize> = HashMap::new();
    let few = processes.into_iter().filter(|process| {
        let number = number.entry(process.family).or_default();
        *number += 1;
        process.family == super::super::families::NONE || *number <= OF_FAMILY
    });
    few.take(most).collect()
}

fn pick<'a, T>(of: &mut [(Growth, &'a T)], most: usize, by: impl Fn(&Growth) -> u64) -> Vec<&'a T> {
    of.sort_by_key(|(growth, _)| std::cmp::Reverse(by(growth)));
    of.iter().take(most).take_while(|(growth, _)| by(growth) > 0).map(|(_, one)| *one).collect()
}

/// The cgroups of the domain that grew; those that were removed before the kill hold nothing any more, and come last.
pub(super) fn cgroups<'a>(
    history: &'a History,
    domain: &Domain,
    moment: Moment,
    age: u32,
) -> Vec<&'a Cgroup> {
    let in_scope = |c: &&Cgroup| domain.has(c.id, &history.cgroups);
    let with_growth = |c: &'a Cgroup| (growth(&c.series, &history.pool, moment, age, None, None), c);
    let is_gone = |c: &Cgroup| c.removed_ns != 0 && c.removed_ns < moment.kill_ns;
    let (mut gone, mut there): (Vec<_>, Vec<_>) =
        history.cgroups.iter().filter(in_scope).map(with_growth).partition(|(_, c)| is_gone(c));
    let mut taken = pick(&mut there, CGROUPS, |g| g.lately);
    taken.extend(pick(&mut there, CGROUPS / 2, |g| g.ever));
    let mut seen = HashSet::new();
    taken.retain(|cgroup| seen.insert(cgroup.id));
    let left = CGROUPS.saturating_sub(taken.len()).min(CGROUPS / 4);
    taken.extend(pick(&mut gone, left, |g| g.ever));
    taken
}

/// The families of the domain that grew, or have many members.
pub(super) fn families(history: &History, domain: &Domain, moment: Moment, age: u32) -> Vec<u32> {
    let mut all: Vec<(u64, u32, u32)> = Vec::new();
    for id in history.families.ids() {
        let Some(family) = history.families.get(id) else { continue };
        let of_many = family.most >= 2 || family.seen >= SWARM;
        if !of_many || !domain.has(family.cgroup, &history.cgroups) {
            continue;
        }
        let growth = growth(&family.series, &history.pool, moment, age, None, None);
        all.push((growth.lately.max(growth.ever / 2), family.seen, id));
    }
    all.sort_unstable_by(|one, other| other.cmp(one));
    let mut taken: Vec<u32> =
        all.iter().take(FAMILIES).filter(|(grew, ..)| *grew > 0).map(|(.., id)| *id).collect();
    all.sort_unstable_by_key(|(_, seen, _)| std::cmp::Reverse(*seen));
    taken.extend(all.iter().take(FAMILIES).filter(|(_, seen, _)| *seen >= SWARM).map(|(.., id)| *id));
    let mut known = HashSet::new();
    taken.retain(|id| known.insert(*id));
    taken
}

//! Rules over time: pending, firing, over, quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::forecast::Track;
use super::glob::matches;
use super::measure::Measured;
use super::rule::{Metric, Rule};
use super::snapshot::{ById, Snapshot, effective};
use crate::model::AlertOn;
use crate::sample::{CgroupSample, ProcessKey, ProcessSample};

/// After a longer pause (a sleep, a stuck disk) what was pending begins anew.
const GAP_NS: u64 = 30_000_000_000;
/// Events are counted over about this time.
const EVENTS_NS: u64 = 60_000_000_000;
/// Over a shorter time no rate is told.
const EVENTS_LEAST_NS: u64 = 9_000_000_000;

/// Tells subjects apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    System,
    Cgroup(u64),
    Process(ProcessKey),
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The machine.
    System,
    /// A memory cgroup: id and path.
    Cgroup(u64, Option<Arc<[u8]>>),
    /// A process, its name and the path of its cgroup.
    Process(u32, [u8; 16], Option<Arc<[u8]>>),
}

#[derive(Clone, Debug)]
enum State {
    /// It holds since then.
    Pending(u64),
    /// It was told.
    Firing { since: u64, fired: u64, over: Option<u64>, subject: Subject, last: Measured },
    /// Nothing is told until then.
    Quiet(u64),
}

/// An alert that begins or ends.
#[derive(Clone, Debug)]
pub struct Change {
    /// Of which rule.
    pub rule: Rule,
    /// About what.
    pub subject: Subject,
    /// The figures; the last ones when the subject is gone.
    pub measured: Measured,
    /// Whether it begins.
    pub firing: bool,
    /// Since when it has held, `CLOCK_BOOTTIME` ns.
    pub since_ns: u64,
    /// When it began to fire; the same when it ends.
    pub fired_ns: u64,
    /// Now.
    pub now_ns: u64,
    /// The cgroup or process is there no more.
    pub gone: bool,
}

/// Two counts of events, and when they were read.
#[derive(Clone, Copy, Debug)]
struct Counts {
    before: (u64, u64),
    latest: (u64, u64),
}

/// All rules and what is known of each subject.
#[derive(Debug, Default)]
pub struct Engine {
    rules: Vec<Rule>,
    states: BTreeMap<(usize, Key), State>,
    tracks: BTreeMap<Key, Track>,
    events: BTreeMap<(usize, u64), Counts>,
    last_ns: u64,
}

impl Engine {
    /// With these rules.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Takes other rules. Rules that stay keep their state; alerts of those that are gone end.
    #[must_use]
    pub fn replace(&mut self, rules: Vec<Rule>, now_ns: u64) -> Vec<Change> {
        let old = std::mem::replace(&mut self.rules, rules);
        self.events.clear();
        let mut changes = Vec::new();
        for ((rule, key), state) in std::mem::take(&mut self.states) {
            let Some(rule) = old.get(rule) else { continue };
            match self.rules.iter().position(|new| new == rule) {
                Some(at) => drop(self.states.insert((at, key), state)),
                None => changes.extend(ended(rule, state, now_ns, false)),
            }
        }
        changes
    }

    /// Alerts that fire, by rule.
    #[must_use]
    pub fn firing(&self) -> BTreeMap<&str, u64> {
        let mut firing: BTreeMap<&str, u64> = self.rules.iter().map(|rule| (rule.name.as_str(), 0)).collect();
        for ((rule, _), state) in &self.states {
            let name = self.rules.get(*rule).map(|rule| rule.name.as_str());
            if let Some(count) =
                name.filter(|_| matches!(state, State::Firing { .. })).and_then(|name| firing.get_mut(name))
            {
                *count += 1;
            }
        }
        firing
    }

    /// Compares what was seen with all rules, and returns what begins and ends.
    pub fn step(&mut self, snapshot: &Snapshot<'_>) -> Vec<Change> {
        let now = snapshot.now_ns;
        if now.saturating_sub(self.last_ns) > GAP_NS {
            self.states.retain(|_, state| !matches!(state, State::Pending(_)));
            self.tracks.clear();
        }
        self.last_ns = now;
        let by_id = snapshot.by_id();
        self.follow(snapshot, &by_id);
        let mut changes = Vec::new();
        let mut seen = BTreeSet::new();
        for at in 0..self.rules.len() {
            self.rule(at, snapshot, &by_id, &mut seen, &mut changes);
        }
        self.leave(&seen, now, &mut changes);
        changes
    }

    /// Keeps the growth of what some rule asks about.
    fn follow(&mut self, snapshot: &Snapshot<'_>, by_id: &ById<'_>) {
        let grows = |on: AlertOn| {
            let is_it =
                |rule: &&Rule| matches!(rule.metric, Metric::Growth | Metric::TimeToLimit) && rule.on == on;
            self.rules.iter().filter(is_it).collect::<Vec<_>>()
        };
        let mut wanted: Vec<(Key, u64, u64)> = Vec::new();
        if let Some(system) = snapshot.system.filter(|_| !grows(AlertOn::System).is_empty()) {
            wanted.push((Key::System, snapshot.now_ns, system.total.saturating_sub(system.available)));
        }
        let (cgroups, processes) = (grows(AlertOn::Cgroup), grows(AlertOn::Process));
        for cgroup in snapshot.cgroups {
            if cgroups.iter().any(|rule| concerns_cgroup(rule, cgroup, snapshot, by_id)) {
                wanted.push((Key::Cgroup(cgroup.id), snapshot.cgroups_ns, super::snapshot::used(cgroup)));
            }
        }
        for process in snapshot.processes {
            if processes.iter().any(|rule| concerns_process(rule, process)) {
                let used = process.anon + process.shmem + process.page_tables;
                wanted.push((Key::Process(process.key), snapshot.processes_ns, used));
            }
        }
        for (key, time, used) in wanted {
            self.tracks.entry(key).or_default().push(time, used);
        }
        self.tracks.retain(|_, track| !track.is_stale(snapshot.now_ns));
    }

    fn rule(
        &mut self,
        at: usize,
        snapshot: &Snapshot<'_>,
        by_id: &ById<'_>,
        seen: &mut BTreeSet<(usize, Key)>,
        changes: &mut Vec<Change>,
    ) {
        let Some(rule) = self.rules.get(at).cloned() else { return };
        let mut each =
            |engine: &mut Self, key, subject: &dyn Fn() -> Subject, measured: Measured, psi, events| {
                seen.insert((at, key));
                let measured = measured.grown(engine.tracks.get(&key)).of(&rule, psi, events);
                changes.extend(engine.turn(at, &rule, key, subject, measured, snapshot.now_ns));
            };
        match rule.on {
            AlertOn::System => {
                let Some(system) = &snapshot.system else { return };
                each(self, Key::System, &|| Subject::System, Measured::system(system), snapshot.psi, None);
            }
            AlertOn::Cgroup => {
                for cgroup in snapshot.cgroups {
                    if !concerns_cgroup(&rule, cgroup, snapshot, by_id) {
                        continue;
                    }
                    let limit = effective(cgroup.id, by_id);
                    let measured = Measured::cgroup(cgroup, limit, snapshot.system.as_ref());
                    let psi = snapshot.cgroup_psi.and_then(|psi| psi.get(&cgroup.id).copied());
                    let events = self.events(at, &rule, cgroup, snapshot.now_ns);
                    let subject = || Subject::Cgroup(cgroup.id, snapshot.path(cgroup.id).cloned());
                    each(self, Key::Cgroup(cgroup.id), &subject, measured, psi, events);
                }
            }
            AlertOn::Process => {
                for process in snapshot.processes.iter().filter(|process| concerns_process(&rule, process)) {
                    let measured = Measured::process(process, by_id, snapshot.system.as_ref());
                    let path = || snapshot.path(process.cgroup).cloned();
                    let subject = || Subject::Process(process.key.pid, process.comm, path());
                    each(self, Key::Process(process.key), &subject, measured, None, None);
                }
            }
        }
    }

    /// Events in a minute.
    #[expect(clippy::cast_precision_loss, reason = "compared with a threshold")]
    fn events(&mut self, at: usize, rule: &Rule, cgroup: &CgroupSample, now: u64) -> Option<f64> {
        let count = match rule.metric {
            Metric::HighEvents => cgroup.high_hits?,
            Metric::LimitEvents => cgroup.limit_hits?,
            _ => return None,
        };
        let new = Counts { before: (now, count), latest: (now, count) };
        let known = self.events.entry((at, cgroup.id)).or_insert(new);
        if now.saturating_sub(known.latest.0) >= EVENTS_NS / 2 {
            *known = Counts { before: known.latest, latest: (now, count) };
        }
        let time = now.saturating_sub(known.before.0);
        (time >= EVENTS_LEAST_NS)
            .then(|| count.saturating_sub(known.before.1) as f64 * EVENTS_NS as f64 / time as f64)
    }

    /// Moves one rule's state of one subject on.
    fn turn(
        &mut self,
        at: usize,
        rule: &Rule,
        key: Key,
        subject: &dyn Fn() -> Subject,
        measured: Measured,
        now: u64,
    ) -> Option<Change> {
        let holds = measured.value.is_some_and(|value| rule.holds(value));
        let state = self.states.get(&(at, key)).cloned();
        let (next, change) = match state {
            Some(State::Quiet(until)) if now < until => return None,
            None | Some(State::Quiet(_)) if !holds => (None, None),
            Some(State::Pending(_)) if !holds => (None, None),
            None | Some(State::Quiet(_)) => pending(rule, now, subject, measured, now),
            Some(State::Pending(since)) => pending(rule, since, subject, measured, now),
            Some(State::Firing { since, fired, over, subject, .. }) => {
                // No forecast any more means that growth is over; no figure means nothing.
                let is_over =
                    measured.value.map_or(rule.metric == Metric::TimeToLimit, |value| rule.is_over(value));
                let over = is_over.then(|| over.unwrap_or(now));
                let ends = over.is_some_and(|over| now.saturating_sub(over) >= ns(rule.clear_for));
                let state = State::Firing { since, fired, over, subject, last: measured };
                if ends {
                    (
                        Some(State::Quiet(now.saturating_add(ns(rule.cooldown)))),
                        ended(rule, state, now, false),
                    )
                } else {
                    (Some(state), None)
                }
            }
        };
        match next {
            Some(next) => drop(self.states.insert((at, key), next)),
            None => drop(self.states.remove(&(at, key))),
        }
        change
    }

    /// Alerts about what is gone end; a rule that is quiet stays so for its time.
    fn leave(&mut self, seen: &BTreeSet<(usize, Key)>, now: u64, changes: &mut Vec<Change>) {
        let gone: Vec<(usize, Key)> = self.states.keys().filter(|key| !seen.contains(key)).copied().collect();
        for key in gone {
            let Some(state) = self.states.remove(&key) else { continue };
            match state {
                State::Quiet(until) if now < until => drop(self.states.insert(key, State::Quiet(until))),
                state => changes.extend(self.rules.get(key.0).and_then(|rule| ended(rule, state, now, true))),
            }
        }
        self.events.retain(|(at, id), _| seen.contains(&(*at, Key::Cgroup(*id))));
    }
}

fn ns(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// It holds since then: told when that is long enough.
fn pending(
    rule: &Rule,
    since: u64,
    subject: &dyn Fn() -> Subject,
    measured: Measured,
    now: u64,
) -> (Option<State>, Option<Change>) {
    if now.saturating_sub(since) < ns(rule.hold) {
        return (Some(State::Pending(since)), None);
    }
    let subject = subject();
    let change = Change {
        rule: rule.clone(),
        subject: subject.clone(),
        measured,
        firing: true,
        since_ns: since,
        fired_ns: now,
        now_ns: now,
        gone: false,
    };
    (Some(State::Firing { since, fired: now, over: None, subject, last: measured }), Some(change))
}

/// What is told when a state ends, if it had been told.
fn ended(rule: &Rule, state: State, now: u64, gone: bool) -> Option<Change> {
    let State::Firing { since, fired, subject, last, .. } = state else { return None };
    Some(Change {
        rule: rule.clone(),
        subject,
        measured: last,
        firing: false,
        since_ns: since,
        fired_ns: fired,
        now_ns: now,
        gone,
    })
}

/// Whether a rule is about this cgroup. Without a pattern it is about those that carry the limit: what is below them has the
/// same figures.
fn concerns_cgroup(rule: &Rule, cgroup: &CgroupSample, snapshot: &Snapshot<'_>, by_id: &ById<'_>) -> bool {
    match &rule.pattern {
        None => effective(cgroup.id, by_id).is_some_and(|found| found.owner == cgroup.id),
        Some(pattern) => snapshot.path(cgroup.id).is_some_and(|path| matches(pattern.as_bytes(), path)),
    }
}

fn concerns_process(rule: &Rule, process: &ProcessSample) -> bool {
    let end = process.comm.iter().position(|byte| *byte == 0).unwrap_or(process.comm.len());
    rule.pattern.as_ref().is_none_or(|pattern| matches(pattern.as_bytes(), &process.comm[..end]))
}

//! The part of the history that matters for one kill.

mod entity;
mod kill;
mod moment;
mod rank;
mod row;
mod scope;

use std::collections::HashSet;
use std::sync::Arc;

use entity::Full;
use kill::AtKill;
use moment::Moment;
use scope::Domain;

use super::History;
use super::lives::comm_of;
use super::passes::Passes;
use super::processes::Process;
use crate::model::{self, Constraint, Incident, Life, Text};

/// Percent of the limit: who grew since the scope was last below it is to blame.
const MARGIN: u128 = 75;
/// Points of those that matter most, and of the others.
const LEAD: usize = 120;
const OTHERS: usize = 40;
/// Numbers in all entities together: they take about 10 bytes each.
const NUMBERS: usize = 8_000;
/// Candidates that no sample was taken of.
const UNSAMPLED: usize = 4;
const LIVES: usize = 24;
/// Victims that are looked for by name.
const NAMED: usize = 16;
/// Remarks are of interest for this long.
const LATELY_NS: u64 = 300_000_000_000;

impl History {
    /// How memory was used before the kill that `incident` tells of, which was at `kill_ns` on `CLOCK_BOOTTIME`.
    ///
    /// Nothing that was sampled after the kill is in it: what an entity held at the kill comes from the record itself.
    #[must_use]
    pub fn before(&self, incident: &Incident, kill_ns: u64) -> model::History {
        let moment = Moment::new(kill_ns, self.slept.map(|(until, _)| until));
        let domain = Domain::of(incident, &self.cgroups);
        let at_kill = kill::processes(incident);
        let limit = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.limit_bytes);
        let age = rank::marginal_age(self, &domain, limit, moment);

        let mut all = self.cgroups_before(incident, &domain, moment, age);
        all.push(entity::system(self, &domain, moment));
        let processes = self.processes_of(incident, &domain, moment, age, &at_kill);
        let known: HashSet<u32> = processes.iter().map(|process| process.key.pid).collect();
        all.extend(processes.iter().map(|p| entity::process(self, p, &domain, moment, &at_kill)));
        all.extend(processes.iter().filter_map(|p| entity::before_exec(self, p, &domain, moment)));
        all.extend(unsampled(incident, &known, &at_kill, moment));
        let families = rank::families(self, &domain, moment, age);
        all.extend(families.iter().filter_map(|id| entity::family(self, *id, &domain, moment, &at_kill)));
        all.retain(|full| !full.rows.is_empty());
        fit(&mut all);

        let close = self.close.iter().any(|id| domain.has(*id, &self.cgroups));
        let usual = |passes: &Passes| passes.interval_ms(moment.awake_ns(), kill_ns);
        let often = Some(&self.close_passes).filter(|_| close).and_then(usual);
        model::History {
            source: self.source,
            interval_ms: usual(&self.cgroup_passes).unwrap_or(0),
            process_interval_ms: often.or_else(|| usual(&self.process_passes)),
            span_ms: self.span_ms(moment),
            earlier_lives: self.earlier_lives(incident, &processes, &domain, moment),
            entities: all.into_iter().map(Full::finish).collect(),
            evicted: self.evicted(),
            notes: self.notes(incident, moment),
        }
    }

    /// The cgroup whose limit was hit first, then those around it, then those below it that grew.
    fn cgroups_before(&self, incident: &Incident, domain: &Domain, moment: Moment, age: u32) -> Vec<Full> {
        let v1 = incident.host.cgroup_version == Some(1);
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for level in kill::levels(incident).filter(|level| level.usage_bytes.is_some()) {
            let id = level.id.as_deref().and_then(|id| id.parse().ok());
            let sampled = id.and_then(|id| self.cgroups.get(id));
            let sampled = sampled.or_else(|| self.cgroups.at(level.path.as_bytes()));
            seen.extend(sampled.map(|cgroup| cgroup.id));
            all.push(entity::cgroup(self, sampled, Some(level), domain, moment, v1));
        }
        if let Some(first) = all.first_mut() {
            first.lead = true;
        }
        let victims = incident
            .victims
            .iter()
            .filter_map(|victim| self.cgroups.at(victim.cgroup.as_ref()?.path.as_bytes()));
        for cgroup in victims.chain(rank::cgroups(self, domain, moment, age)) {
            if seen.insert(cgroup.id) {
                all.push(entity::cgroup(self, Some(cgroup), None, domain, moment, v1));
            }
        }
        all
    }

    /// Victims and trigger, then those that grew, are large, or have exited.
    fn processes_of(
        &self,
        incident: &Incident,
        domain: &Domain,
        moment: Moment,
        age: u32,
        at_kill: &std::collections::HashMap<u32, AtKill>,
    ) -> Vec<&Process> {
        let trigger = incident.trigger.as_ref().map(|trigger| trigger.tgid.unwrap_or(trigger.pid));
        let named = incident.victims.iter().take(NAMED).map(|victim| victim.pid).chain(trigger);
        let mut all: Vec<&Process> =
            named.filter_map(|pid| self.processes.had(pid, moment.kill_ns)).collect();
        all.extend(rank::processes(self, domain, moment, age, at_kill));
        let mut seen = HashSet::new();
        all.retain(|process| seen.insert(process.key));
        all
    }

    fn earlier_lives(
        &self,
        incident: &Incident,
        of: &[&Process],
        domain: &Domain,
        moment: Moment,
    ) -> Vec<Life> {
        // A victim that no sample saw has earlier runs, too.
        let victims = incident.victims.iter().take(NAMED).map(|victim| {
            let path = victim.cgroup.as_ref().map(|cgroup| Arc::from(cgroup.path.as_bytes()));
            (victim.exe.as_ref().map(|exe| Arc::from(exe.as_bytes())), comm_of(&victim.comm), path)
        });
        let workloads: Vec<_> = of
            .iter()
            .map(|process| {
                let exe = self.families.get(process.family).and_then(|family| family.exe.clone());
                let path = self.cgroups.get(process.cgroup).and_then(|cgroup| cgroup.path.clone());
                (exe, process.comm, path)
            })
            .chain(victims)
            .collect();
        let wanted = |life: &&super::lives::Ended| {
            life.exit_ns < moment.kill_ns
                && life.path.as_deref().is_some_and(|path| domain.has_path(path))
                && workloads.iter().any(|(exe, comm, path)| life.same(exe.as_deref(), comm, path.as_deref()))
        };
        let lives = self.lives.newest().filter(wanted).take(LIVES);
        lives
            .map(|life| Life {
                pid: Some(life.pid),
                comm: Text::until_nul(&life.comm),
                exe: life.exe.as_deref().map(Text::new),
                path: life.path.as_deref().map(Text::new),
                started_ms: moment.ms(life.start_ns),
                exited_ms: moment.ms(life.exit_ns),
                peak_bytes: super::words::bytes(life.peak),
                oom_killed: life.killed,
            })
            .collect()
    }

    fn span_ms(&self, moment: Moment) -> u64 {
        let since = moment.awake_ns().max(self.began_ns);
        if since == 0 { 0 } else { moment.ms(since).min(0).unsigned_abs().min(moment.reach_ms().into()) }
    }

    fn evicted(&self) -> u64 {
        self.processes.evicted + self.processes.left_out + self.cgroups.evicted + self.cgroups.left_out
    }

    fn notes(&self, incident: &Incident, moment: Moment) -> Vec<String> {
        let kill_ns = moment.kill_ns;
        let mut notes = Vec::new();
        let passes = [("cgroups", &self.cgroup_passes), ("processes", &self.process_passes)];
        for (what, passes) in passes {
            let usual = passes.interval_ms(moment.awake_ns(), kill_ns);
            let last = passes.last_before(kill_ns).filter(|last| moment.is_awake_since(*last));
            match last.map(|last| (kill_ns - last) / 1_000_000) {
                Some(age) if usual.is_some_and(|usual| age > 3 * usual.max(100)) => {
                    notes.push(format!("{what} were last sampled {age} ms before the kill"));
                }
                Some(_) => {}
                None => notes.push(format!("{what} were not sampled before the kill")),
            }
        }
        if self.stretch > 1.05 {
            notes.push(format!(
                "samples are {:.1} times further apart than asked for, to keep the sampler below 1 % of a CPU",
                self.stretch
            ));
        }
        if let Some((until, slept)) = self.slept.filter(|(until, _)| *until <= kill_ns) {
            notes.push(format!(
                "the machine slept for {} s until {} s before the kill; what was before is left out",
                slept / 1_000_000_000,
                (kill_ns - until) / 1_000_000_000
            ));
        }
        if matches!(incident.scope.constraint, Some(Constraint::Cpuset | Constraint::MemoryPolicy)) {
            notes.push(
                "which processes use the nodes that ran out is not sampled: all are taken to".to_owned(),
            );
        }
        let lately = |(time, _): &&(u64, String)| *time < kill_ns && kill_ns - time < LATELY_NS;
        notes.extend(self.remarks.iter().filter(lately).map(|(_, text)| text.clone()));
        notes
    }
}

/// The largest candidates that were not sampled, and all victims.
fn unsampled(
    incident: &Incident,
    known: &HashSet<u32>,
    at_kill: &std::collections::HashMap<u32, AtKill>,
    moment: Moment,
) -> Vec<Full> {
    let victims = incident.victims.iter().map(|victim| victim.pid);
    let candidates = incident.candidates.iter().map(|candidate| candidate.pid);
    let mut seen = known.clone();
    let new = victims.chain(candidates).filter(|pid| seen.insert(*pid)).take(UNSAMPLED);
    new.filter_map(|pid| entity::unsampled(pid, at_kill.get(&pid)?, moment)).collect()
}

/// Thins points out until the record is of a reasonable size.
fn fit(all: &mut [Full]) {
    let (mut lead, mut others) = (LEAD, OTHERS);
    loop {
        for full in all.iter_mut() {
            row::thin(&mut full.rows, if full.lead { lead } else { others });
        }
        if all.iter().map(Full::values).sum::<usize>() <= NUMBERS || others <= 4 {
            return;
        }
        (lead, others) = (lead * 3 / 4, others * 3 / 4);
    }
}

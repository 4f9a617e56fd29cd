//! The thread that may block: enriches, renders and writes, one job after the other.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use oomtrace_common::{Level, SigKill};
use tokio::sync::Notify;

use super::cgroup_path::CgroupPaths;
use super::kernel_log::{KernelLog, Run};
use super::{history, job::Job, run::Tap, sigkill, stream::Tally, who::Who};
use crate::{
    collect::{Builder, Draft, Member, MemcgEvents},
    enrich::{Enricher, StartTimes},
    filter::{Filter, Verdict},
    kernel::{Roots, cgroup::container, clock},
    model::{Event, Footer, Header, Incident, Lost, NoKill, NoKillReason, System, Text, Update, VictimExit},
    pen::Pen,
    render::Render,
    sample::sampler::Running,
};

/// How long the kernel may take to print the end of its report, on a processor that others take from it.
const LOG_PATIENCE: Duration = Duration::from_millis(250);
/// With more jobs waiting there is more than this kill to be told of: its own exits come as jobs, too.
const FEW: u64 = 4;
/// With this many jobs waiting, the scene is left out: a storm of kills is reported late otherwise.
const BUSY: u64 = 64;
/// Scenes and reported kills kept.
const KEPT: usize = 64;
const REPORTED: usize = 4096;

/// After a signal: when jobs are no longer done, and when the output is no longer waited for.
const JOBS_AFTER: Duration = Duration::from_millis(800);
const OUTPUT_AFTER: Duration = Duration::from_millis(1_500);

/// Shared with the event loop.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Set when the worker can't or need not go on: closed pipe, count reached, failed output.
    pub done: AtomicBool,
    /// Wakes the event loop to look at `done`.
    pub wake: Notify,
    /// Jobs waiting.
    pub waiting: AtomicU64,
    /// Their bytes, about.
    pub weight: AtomicU64,
    /// When a signal came.
    pub hurried: OnceLock<Instant>,
    /// Kills that the worker was not told of, for want of memory.
    pub left_out: AtomicU64,
}

impl Shared {
    /// A signal has come: everything ends soon.
    pub(super) fn hurry(&self) {
        let _ = self.hurried.set(Instant::now());
    }

    /// Whether it came so long ago that no further job is done.
    fn is_late(&self) -> bool {
        self.hurried.get().is_some_and(|at| at.elapsed() > JOBS_AFTER)
    }

    /// How long the output is waited for; `None` for as long as it gets on.
    pub(super) fn until(&self) -> Option<Instant> {
        self.hurried.get().map(|at| *at + OUTPUT_AFTER)
    }

    /// Ends the trace.
    pub(super) fn stop(&self) {
        self.done.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

/// What the worker works with.
pub(super) struct Worker {
    /// Paths of cgroups that only their numbers are known of; of other SIGKILLs than the OOM killer's.
    pub paths: Option<CgroupPaths>,
    /// For looking at who sent them.
    pub roots: Roots,
    pub builder: Builder,
    pub enricher: Enricher,
    /// Follows memory, unless that is not wanted or not possible.
    pub sampler: Option<Running>,
    pub who: Option<Who>,
    pub log: Option<KernelLog>,
    pub filter: Filter,
    pub render: Box<dyn Render + Send>,
    pub pen: Option<Pen>,
    pub tap: Option<Tap>,
    /// Goes on in a new file, of what is written by the tap; is given the end of the old one.
    pub reopen: Option<Tap>,
    pub count: Option<u64>,
    pub shared: Arc<Shared>,
    /// Write the footer of a stream.
    pub framed: bool,
    pub tally: Tally,
}

/// State that lives as long as the stream.
#[derive(Default)]
struct Memory {
    scenes: VecDeque<(u64, System, Vec<String>)>,
    /// First record's times of reported kills, to tell those that filters kept out.
    reported: VecDeque<u64>,
    /// Kills counted by memory cgroups.
    events: MemcgEvents,
    /// The end, once it is known.
    footer: Option<Footer>,
}

impl Worker {
    /// Works until the event loop hangs up, and returns what was written.
    ///
    /// # Errors
    /// When the output can't be written; what was written before is valid.
    pub(super) fn run(mut self, header: Header, jobs: &Receiver<Job>) -> Result<Tally> {
        crate::survive::run_first();
        let mut memory = Memory::default();
        let result = self.serve(header, jobs, &mut memory);
        self.shared.stop();
        // Whatever still comes is taken and dropped, so that the event loop never waits for us.
        for _ in jobs.iter() {}
        let account = self.end(memory.footer.filter(|_| result.is_ok()));
        result?;
        let unwritten = account.unwritten.records;
        ensure!(unwritten == 0 && account.unsynced.is_none(), "{}", account.notes().join("; "));
        if let Some(skipped) = self.tally.skipped() {
            bail!("{skipped}");
        }
        Ok(self.tally)
    }

    fn serve(&mut self, header: Header, jobs: &Receiver<Job>, memory: &mut Memory) -> Result<()> {
        if self.framed && !self.write(&Event::Header(header))? {
            return Ok(());
        }
        for job in jobs.iter() {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            self.shared.weight.fetch_sub(job.weight(), Ordering::Relaxed);
            if job.takes_long() && self.shared.is_late() {
                let (kills, others) = job.missing();
                self.tally.skipped += kills;
                self.tally.skipped_others += others;
                continue;
            }
            let last = matches!(job, Job::Finish { .. });
            if !self.handle(job, memory)? || last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does one job; false when nobody reads on, or enough was reported.
    fn handle(&mut self, job: Job, memory: &mut Memory) -> Result<bool> {
        match job {
            Job::Scene(first, victim) => self.scene(first, victim, memory),
            Job::Who(tgid, start_time, dying) => {
                if dying {
                    self.enricher.scene().leave_alone(tgid);
                }
                if let Some(who) = &self.who {
                    who.tell(tgid, start_time, &mut self.enricher);
                }
                self.enricher.peek(tgid, start_time);
            }
            Job::Startup(startup, environ) => self.enricher.learn_startup(&startup, environ),
            Job::Kill(draft, lost) => return self.kill(&draft, lost, memory),
            Job::NoKill(draft, reason) => return self.no_kill(&draft, reason),
            Job::LateExit(first, pid, kill_to_exit_ns) if memory.reported.contains(&first) => {
                let (cmdline, runtime) = self.enricher.told_late(pid);
                let exits = vec![VictimExit { pid, kill_to_exit_ns, cmdline, runtime }];
                return self.write(&Event::Update(Update {
                    id: self.builder.id(first),
                    exits,
                    ..Update::default()
                }));
            }
            Job::LateVictim(first, member, levels) => {
                memory.events.late(first, &member);
                history::killed(self.sampler.as_ref(), &self.shared, member.task.tgid, first);
                if memory.reported.contains(&first) {
                    return self.late_victim(first, &member, &levels);
                }
            }
            Job::LateExit(..) => {}
            Job::SigKill(record) => return self.sigkill(&record),
            Job::Reopen => return self.reopen(),
            Job::KernelLog(last) => return self.kernel_log(last, memory),
            Job::Lost(kills, records, why) => {
                let time = clock::rfc3339(clock::boottime_ns());
                return self.write(&Event::Lost(Lost { time, kills, records, why }));
            }
            Job::Finish { lost_kills, vmstat_oom_kill, complete, notes } => {
                let time = clock::rfc3339(clock::boottime_ns());
                let notes = notes.into_iter().chain(self.log_verdict(vmstat_oom_kill)).collect::<Vec<_>>();
                memory.footer = Some(self.footer(time, lost_kills, vmstat_oom_kill, complete, notes));
            }
        }
        Ok(true)
    }

    /// Takes the scene of a kill that has just begun; kills that follow closely share one.
    fn scene(&mut self, first: u64, victim: u32, memory: &mut Memory) {
        if self.shared.waiting.load(Ordering::Relaxed) > BUSY {
            return;
        }
        self.enricher.scene().leave_alone(victim);
        let taken = self.enricher.scene().take(clock::boottime_ns().saturating_sub(first));
        if memory.scenes.len() == KEPT {
            memory.scenes.pop_front();
        }
        memory.scenes.push_back((first, taken.system, taken.notes));
    }

    /// Reports a kill, unless a filter keeps it out.
    fn kill(&mut self, draft: &Draft, lost: u64, memory: &mut Memory) -> Result<bool> {
        // The event path may hand over more before it hears of it.
        if self.has_enough() {
            return Ok(true);
        }
        let mut incident = self.builder.build(draft, lost);
        match memory.scenes.iter().position(|(first, ..)| *first == draft.first) {
            Some(at) => {
                let scene = memory.scenes.remove(at);
                if let Some((_, system, notes)) = scene {
                    incident.system = Some(system);
                    incident.source.notes.extend(notes);
                }
            }
            None => incident.source.notes.push("the scene was left out: too many kills at once".to_owned()),
        }
        if let Some((id, unseen)) = memory.events.unseen(draft) {
            incident.source.notes.push(format!(
                "memory.events of the victim's cgroup (id {id}) counted {unseen} more kills since its last one than were seen"
            ));
        }
        if let Some(log) = &mut self.log {
            // Where the decision was not seen the log has much of the answer.
            let may_wait = |waited| {
                draft.kill.is_none()
                    && waited < LOG_PATIENCE
                    && self.shared.waiting.load(Ordering::Relaxed) <= FEW
            };
            log.complete(&mut incident, draft, &self.builder, may_wait);
        }
        let starts: Vec<(u32, u64)> =
            draft.members.iter().map(|m| (m.task.tgid, m.task.start_time)).collect();
        self.finish(incident, &starts, draft.first, memory)
    }

    /// Reports the runs of the OOM killer that only the kernel's log told of.
    fn kernel_log(&mut self, last: bool, memory: &mut Memory) -> Result<bool> {
        let Some(log) = &mut self.log else { return Ok(true) };
        let swap = self.enricher.scene().total_swap_bytes();
        let runs = log.runs(&self.builder, swap, last);
        let kills = || runs.iter().filter_map(Run::kill);
        let told = kills().map(|incident| incident.victims.len() as u64).sum::<u64>();
        self.tally.logged = Some(self.tally.logged.unwrap_or(0) + told);
        // All of them before the first scene: each may still be on its way out.
        kills().for_each(|incident| self.enricher.leave_alone(incident));
        for run in runs {
            let goes_on = match run {
                Run::Kill(mut incident) => {
                    let first = incident.boottime_ns;
                    self.enricher.take_scene(&mut incident, clock::boottime_ns().saturating_sub(first));
                    self.finish(*incident, &[], first, memory)?
                }
                Run::NoKill(no_kill) => self.write(&Event::OomNoKill(*no_kill))?,
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the course of memory, who the victims are and the diagnosis, and reports the kill that began at `first`.
    fn finish(
        &mut self,
        mut incident: Incident,
        starts: StartTimes<'_>,
        first: u64,
        memory: &mut Memory,
    ) -> Result<bool> {
        history::fill(&mut incident, self.sampler.as_ref(), &self.shared);
        self.enricher.enrich(&mut incident, starts);
        locate(&mut incident);
        self.enricher.enrich_history(&mut incident);
        history::conclude(&mut incident);
        self.report(incident, first, memory)
    }

    /// Where the log was the only witness: whether it told of as many kills as the kernel counted.
    fn log_verdict(&self, risen: Option<u64>) -> Option<String> {
        let logged = self.tally.logged?;
        match risen {
            Some(risen) if risen == logged => None,
            Some(risen) => Some(format!(
                "/proc/vmstat counted {risen} kills, the kernel's log told of {logged}: a group's first victim counts \
                 twice, and a report that was cut or overwritten is missing"
            )),
            None => Some(
                "the kernel's log was the only witness, and /proc/vmstat can't be read to check it"
                    .to_owned(),
            ),
        }
    }

    fn report(&mut self, incident: Incident, first: u64, memory: &mut Memory) -> Result<bool> {
        if self.has_enough() {
            return Ok(true);
        }
        self.tally.kills += 1;
        let mut incident = incident;
        match self.filter.verdict(&incident) {
            Verdict::Yes => {}
            Verdict::No => {
                self.tally.filtered += 1;
                return Ok(true);
            }
            // Better one report too many than a kill that nobody hears of.
            Verdict::Unknown => {
                let note = "what the filter asks for is not known of this kill, so it is reported";
                incident.source.notes.push(note.to_owned());
            }
        }
        if memory.reported.len() == REPORTED {
            memory.reported.pop_front();
        }
        memory.reported.push_back(first);
        let open = self.write(&Event::OomKill(Box::new(incident)))?;
        if self.has_enough() {
            self.shared.stop();
        }
        Ok(open)
    }

    /// Whether as many kills were reported as were asked for.
    fn has_enough(&self) -> bool {
        self.count.is_some_and(|count| self.tally.kills - self.tally.filtered >= count)
    }

    fn no_kill(&mut self, draft: &Draft, reason: NoKillReason) -> Result<bool> {
        let task = draft.members.first().map(|m| m.task).or_else(|| draft.kill.as_deref().map(|k| k.chosen));
        let no_kill = NoKill {
            time: clock::rfc3339(draft.first),
            boottime_ns: draft.first,
            reason,
            pid: task.map(|t| t.tgid),
            comm: task.map(|t| Text::until_nul(&t.comm)),
            report: None,
        };
        self.write(&Event::OomNoKill(no_kill))
    }

    fn sigkill(&mut self, record: &SigKill) -> Result<bool> {
        let (target, event) =
            sigkill::event(record, &self.builder, &mut self.enricher, self.paths.as_ref(), &self.roots);
        if self.filter.verdict(&target) == Verdict::No { Ok(true) } else { self.write(&event) }
    }

    fn late_victim(&mut self, first: u64, member: &Member, levels: &[Level]) -> Result<bool> {
        // The enricher fills incidents.
        let mut incident =
            Incident { victims: vec![self.builder.late_victim(member, levels)], ..Incident::default() };
        let starts = [(member.task.tgid, member.task.start_time)];
        self.enricher.enrich(&mut incident, &starts);
        locate(&mut incident);
        let notes = incident.source.notes;
        let update =
            Update { id: self.builder.id(first), victims: incident.victims, notes, ..Update::default() };
        self.write(&Event::Update(update))
    }
}

/// Containers and units of the victims, from the shapes of their cgroups' paths.
pub(super) fn locate(incident: &mut Incident) {
    for victim in &mut incident.victims {
        let Some(cgroup) = &victim.cgroup else { continue };
        let identity = container::identify(cgroup.path.as_bytes());
        victim.container = identity.container;
        victim.unit = identity.unit;
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;

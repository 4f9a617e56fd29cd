//! Puts what user space knows into an incident.

use std::time::Duration;

use oomtrace_common::{Identity, Startup, UNKNOWN};

use super::grown;
use super::identity::{IdentityCache, IdentitySource, ProcessIdentity, merge};
use super::late::{Extent, Late, LateReader};
use super::process::Process;
use super::scene::{self, Scene};
use crate::kernel::{Roots, clock};
use crate::model::{CgroupRef, Incident, Runtime, Text, Victim};

/// How long one process may keep us waiting; reading it takes 0.1 ms.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(30) } else { Duration::from_millis(10) };

/// Threads that may wait for processes which do not answer.
const READERS_MAX: usize = 4;

/// Takes secrets out of arguments.
pub type Redactor = fn(args: &[Vec<u8>], is_cut: bool) -> Vec<Vec<u8>>;

/// The start times of processes as the kernel keeps them: process id, `start_boottime` in ns.
pub type StartTimes<'a> = &'a [(u32, u64)];

/// Everything that is kept ready for the next kill.
#[derive(Debug)]
pub struct Enricher {
    cache: IdentityCache,
    scene: Scene,
    late: Option<LateReader>,
    /// Who was looked at last: several records of a kill tell of the same victim.
    peeked: Option<(u32, u64)>,
    redact: Option<Redactor>,
}

impl Enricher {
    /// Opens files, starts the reader's thread and remembers the processes there are.
    ///
    /// `redact` is applied to every command line; `None` shows them as they are. Call it after the probes are
    /// attached: reading the command lines of a large machine takes a while, and what starts meanwhile is seen by
    /// either. A process that does not answer is not waited for.
    #[must_use]
    pub fn new(roots: &Roots, redact: Option<Redactor>) -> Self {
        let (scene, late) = (Scene::open(roots), LateReader::start(roots, READERS_MAX));
        Self { cache: IdentityCache::scan(roots), scene, late, peeked: None, redact }
    }

    /// The remembered identities.
    #[must_use]
    pub fn cache(&self) -> &IdentityCache {
        &self.cache
    }

    /// The open files of the scene.
    pub fn scene(&mut self) -> &mut Scene {
        &mut self.scene
    }

    /// Takes over what the kernel side kept of process `tgid` at its last `exec`.
    pub fn learn(&mut self, tgid: u32, identity: &Identity) {
        self.cache.learn_kept(tgid, identity.start_time, &ProcessIdentity::from_kernel(identity));
    }

    /// Takes over that process `tgid` was forked from `origin` and has not called `exec` since; see
    /// [`IdentityCache::learn_fork`].
    pub fn learn_fork(
        &mut self,
        tgid: u32,
        start_boottime_ns: u64,
        origin: u32,
        exec: Option<&Identity>,
    ) -> bool {
        self.cache.learn_fork(tgid, start_boottime_ns, origin, exec)
    }

    /// Looks at process `tgid` while it is still there, but at nothing that holds its memory: call it as soon as the kernel
    /// side tells of a victim, or of who sent a SIGKILL. Waits 10 ms at the most.
    pub fn peek(&mut self, tgid: u32, start_boottime_ns: u64) {
        let start = known_start(start_boottime_ns);
        let who = start.map(|start| (tgid, start));
        if who.is_some() && who == self.peeked {
            return;
        }
        self.peeked = who;
        let Some(process) = self.late.as_mut().and_then(|late| late.process(tgid, Extent::Unheld, PATIENCE))
        else {
            return;
        };
        // Nothing tells it from a process that has got its number since (see `Process::read_unheld`).
        let key = start.unwrap_or(UNKNOWN);
        let now = ProcessIdentity::from_process(process, clock::boottime_ns(), IdentitySource::AfterKill);
        let known = self.cache.lookup(tgid, start).filter(|known| start.is_some() || known.comm == now.comm);
        // What is known goes first: by now it may be a zombie, of which nothing but the name can be had.
        if let Some(more) = merge(known, Some(now)) {
            self.cache.learn(tgid, key, &more);
        }
    }

    /// Takes over what a victim was started with, as it was when it got its SIGKILL. Only what says how memory is managed
    /// is kept of `environ`.
    pub fn learn_startup(&mut self, startup: &Startup, mut environ: Vec<u8>) {
        let tgid = startup.header.current_tgid;
        let known = self.cache.lookup(tgid, known_start(startup.start_time));
        let told = ProcessIdentity::from_startup(startup, &environ);
        // The rest of it does not stay in memory.
        environ.fill(0);
        if let Some(identity) = merge(Some(told), known) {
            self.cache.learn(tgid, startup.start_time, &identity);
        }
    }

    /// What the header of a stream should say: parts that are missing from the start.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.cache.left_out() > 0 {
            notes.push(format!(
                "the command lines of {} processes are not kept ({} are): these are known only as they tell them when they \
                 are killed",
                self.cache.left_out(),
                self.cache.len()
            ));
        }
        if self.cache.unanswered() > 0 {
            notes.push(format!(
                "the command lines of {} processes could not be read, /proc did not answer in time: these are known only as \
                 they tell them when they are killed",
                self.cache.unanswered()
            ));
        }
        if self.late.is_none() {
            notes.push(
                "no thread could be started to read /proc after a kill (limit on processes or memory?): \
                 processes that start later may lack their executable and their cgroup"
                    .into(),
            );
        }
        notes
    }

    /// Keeps the victims of a kill out of the scenes that are taken from now on.
    pub fn leave_alone(&mut self, incident: &Incident) {
        for victim in &incident.victims {
            self.scene.leave_alone(victim.pid);
        }
    }

    /// Takes the machine as it is now, where `incident` does not have it. `age_ns` is the time since the kill.
    pub fn take_scene(&mut self, incident: &mut Incident, age_ns: u64) {
        if incident.system.is_none() {
            self.leave_alone(incident);
            let taken = self.scene.take(age_ns);
            incident.system = Some(taken.system);
            incident.source.notes.extend(taken.notes);
        }
    }

    /// Fills what is absent of those in `incident`: who the victims are, and where the trigger is.
    ///
    /// `starts` guards against a reused process id; a process that is not in it is recognised by its name.
    pub fn enrich(&mut self, incident: &mut Incident, starts: StartTimes<'_>) {
        for victim in &mut incident.victims {
            let start =
                starts.iter().find(|(pid, _)| *pid == victim.pid).and_then(|(_, start)| known_start(*start));
            if let Some(identity) = self.identify(victim, start, &mut incident.source.notes) {
                self.fill(victim, identity, &mut incident.source.notes);
            }
            self.retire(victim.pid);
        }
        scene::add_victims(incident);
        self.locate_trigger(incident);
    }

    /// Who the victim is: from before the kill where that is sure, else from `/proc` as far as it still goes, then
    /// from what was known before, then from the parent.
    fn identify(
        &mut self,
        victim: &Victim,
        start: Option<u64>,
        notes: &mut Vec<String>,
    ) -> Option<ProcessIdentity> {
        let known =
            self.cache.lookup(victim.pid, start).filter(|known| start.is_some() || named(known, victim));
        if let Some(known) = &known
            && !known.cmdline.is_empty()
            && ((start.is_some() && known.source.is_sure()) || named(known, victim))
        {
            return Some(known.clone());
        }
        // What is known bears another name: it may have called exec since.
        let now = self.read(victim.pid, notes).filter(|process| process.comm == victim.comm.as_bytes()).map(
            |process| ProcessIdentity::from_process(process, clock::boottime_ns(), IdentitySource::AfterKill),
        );
        let parent = victim.ppid.and_then(|ppid| self.cache.lookup(ppid, None)).filter(|p| named(p, victim));
        let parent = parent.map(|p| ProcessIdentity { source: IdentitySource::Parent, ..p.inherited() });
        let found = merge(merge(now, known.clone()), parent)?;
        if let Some(known) = known.filter(|known| found.source == known.source && !found.cmdline.is_empty()) {
            let then = known.comm.unwrap_or_default();
            notes.push(format!(
                "the command line of {} was taken {}, when it was named {:?}",
                victim.pid,
                known.source.describe(),
                String::from_utf8_lossy(&then)
            ));
        }
        Some(found)
    }

    /// Forgets what was learned for one kill, so that a storm of kills does not push out who lives on. What the scan
    /// found stays: processes that were forked from the victim may need it.
    fn retire(&mut self, pid: u32) {
        if self.cache.lookup(pid, None).is_some_and(|known| known.source.is_sure()) {
            self.cache.forget(pid);
        }
    }

    /// What victim `pid` told of itself after it was reported: arguments fit to be shown, runtime. Nothing where it did so
    /// before.
    pub fn told_late(&mut self, pid: u32) -> (Vec<Text>, Option<Runtime>) {
        let known = self.cache.lookup(pid, None).filter(|known| known.source == IdentitySource::Delivery);
        let Some(known) = known else { return Default::default() };
        self.cache.forget(pid);
        (self.shown(&known.cmdline, known.cmdline_cut), grown::runtime(&known))
    }

    /// Arguments without secrets.
    fn shown(&self, cmdline: &[Vec<u8>], is_cut: bool) -> Vec<Text> {
        let shown = self.redact.map_or_else(|| cmdline.to_vec(), |redact| redact(cmdline, is_cut));
        shown.into_iter().map(Text::new).collect()
    }

    /// Reads `/proc/<pid>` but not into its memory, with a note when it does not answer.
    fn read(&mut self, pid: u32, notes: &mut Vec<String>) -> Option<Process> {
        match self.late.as_mut()?.read(pid, Extent::Unheld, PATIENCE) {
            Late::Read(process) => Some(*process),
            Late::Gone => None,
            Late::NoAnswer => {
                let ms = PATIENCE.as_millis();
                notes.push(format!(
                    "/proc/{pid} did not answer within {ms} ms: who {pid} is may be incomplete"
                ));
                None
            }
        }
    }

    /// Reads a process that lives on, for who else than a victim matters.
    pub(super) fn look_at(&mut self, pid: u32, extent: Extent) -> Option<ProcessIdentity> {
        let process = self.late.as_mut()?.process(pid, extent, PATIENCE)?;
        Some(ProcessIdentity::from_process(process, clock::boottime_ns(), IdentitySource::AfterKill))
    }

    /// Puts an identity into what the victim lacks.
    fn fill(&self, victim: &mut Victim, identity: ProcessIdentity, notes: &mut Vec<String>) {
        victim.runtime = victim.runtime.take().or_else(|| grown::runtime(&identity));
        let ProcessIdentity { cmdline, cmdline_cut, exe, cgroup, ppid, uid, source, .. } = identity;
        if victim.cmdline.is_empty() && !cmdline.is_empty() {
            victim.cmdline = self.shown(&cmdline, cmdline_cut);
            if source == IdentitySource::Parent {
                notes.push(format!("the command line of {} was taken {}", victim.pid, source.describe()));
            }
            if cmdline_cut {
                notes.push(format!("the command line of {} is longer than what was kept of it", victim.pid));
            }
        }
        victim.exe = victim.exe.take().or(exe.map(Text::new));
        victim.ppid = victim.ppid.or(ppid);
        victim.uid = victim.uid.or(uid);
        let cgroup = cgroup.map(|path| CgroupRef { path: Text::new(path), id: None });
        victim.cgroup = victim.cgroup.take().or(cgroup);
    }

    /// Finds the trigger's cgroup where the kernel side could not read it. The trigger lives on, as a rule.
    fn locate_trigger(&mut self, incident: &mut Incident) {
        let notes = &mut incident.source.notes;
        let Some(trigger) = incident.trigger.as_mut().filter(|t| t.cgroup.is_none()) else { return };
        let pid = trigger.tgid.unwrap_or(trigger.pid);
        let process =
            self.read(pid, notes).filter(|p| p.comm == trigger.comm.as_bytes() || pid != trigger.pid);
        trigger.cgroup = process.and_then(|p| p.cgroup).map(Text::new);
    }
}

/// A start time, unless it is the kernel side's "could not be read".
fn known_start(start_boottime_ns: u64) -> Option<u64> {
    (start_boottime_ns != UNKNOWN && start_boottime_ns != 0).then_some(start_boottime_ns)
}

/// Whether what is known bears the victim's name; another one means an `exec` since, or another thread's name.
fn named(known: &ProcessIdentity, victim: &Victim) -> bool {
    known.comm.as_deref() == Some(victim.comm.as_bytes())
}

#[cfg(test)]
#[path = "enricher_order_tests.rs"]
mod order_tests;
#[cfg(test)]
#[path = "enricher_tests.rs"]
mod tests;

//! Takes samples at the right times and puts them into the history.

mod alloc;
mod clock;
mod close;
mod governor;
mod hook;
mod parts;
mod pressure;
mod thread;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use alloc::Allocations;
pub use clock::{Clock, Real};
pub use hook::{Growth, Hook};
pub use thread::{Running, start};

use close::Trends;
use governor::{Governor, Kind};
use hook::Armed;
use parts::Parts;

use super::history::History;
use super::{CgroupSample, Exited, ProcessKey, ProcessSample, Source};

/// Time between samples of cgroups, unless asked otherwise.
pub const INTERVAL: Duration = Duration::from_millis(100);
/// Samples of all processes are this many times further apart.
const PROCESSES: u32 = 10;
/// Pressure counts for this long.
const PRESSURE_NS: u64 = 2_000_000_000;
/// Names that are asked for after a pass.
const NAMES: usize = 64;

/// The state of sampling.
pub struct Sampler {
    source: Box<dyn Source>,
    history: Arc<Mutex<History>>,
    clock: Box<dyn Clock>,
    governor: Governor,
    interval: Duration,
    due: Due,
    /// CPU time up to which all is accounted for.
    spent_ns: u64,
    /// Pressure counts until then.
    pressed_until: u64,
    /// The machine has little memory left.
    scarce: bool,
    /// Cgroups in scopes that are close to their limit.
    close: Vec<u64>,
    hook: Option<Armed>,
    parts: Parts,
    trends: Trends,
    buffers: Buffers,
}

/// When what is to be done next, `CLOCK_BOOTTIME` ns.
#[derive(Debug, Default)]
struct Due {
    cgroups: u64,
    processes: u64,
    close: u64,
}

#[derive(Debug, Default)]
struct Buffers {
    processes: Vec<ProcessSample>,
    cgroups: Vec<CgroupSample>,
    exited: Vec<Exited>,
    keys: Vec<ProcessKey>,
    ids: Vec<u64>,
}

impl Sampler {
    /// Samples of cgroups and the machine every `interval`, of processes ten times as far apart unless a limit is close.
    #[must_use]
    pub fn new(source: Box<dyn Source>, interval: Duration, clock: Box<dyn Clock>) -> Self {
        let mut history = History::default();
        history.asleep_at_start(clock.slept_ns());
        Self {
            source,
            history: Arc::new(Mutex::new(history)),
            clock,
            governor: Governor::default(),
            interval: interval.max(Duration::from_millis(1)),
            due: Due::default(),
            spent_ns: 0,
            pressed_until: 0,
            scarce: false,
            close: Vec::new(),
            hook: None,
            parts: Parts::default(),
            trends: Trends::default(),
            buffers: Buffers::default(),
        }
    }

    /// Has a hook on allocations armed while somebody is close to a limit.
    #[must_use]
    pub fn with_hook(self, hook: Box<dyn Hook>) -> Self {
        Self { hook: Some(Armed::new(hook)), ..self }
    }

    /// What the samples go to. It is locked for the time of an insertion only, never while something is read.
    #[must_use]
    pub fn history(&self) -> Arc<Mutex<History>> {
        Arc::clone(&self.history)
    }

    /// Tasks stall for memory.
    pub fn pressure(&mut self) {
        self.pressed_until = self.clock.now_ns().saturating_add(PRESSURE_NS);
        self.due.processes = self.due.processes.min(self.due.cgroups);
    }

    /// Takes the samples that are due, and returns how long it is until the next are.
    pub fn step(&mut self) -> Duration {
        self.notice_sleep();
        let now = self.clock.now_ns();
        if now >= self.due.cgroups {
            self.cgroups(now);
        }
        if now >= self.due.processes {
            self.processes(now);
        } else if !self.close.is_empty() && now >= self.due.close {
            self.processes_close(now);
        }
        self.hook(now);
        self.names();
        let source = self.source.kind();
        let stretch = self.governor.stretch();
        let notes = self.source.notes();
        let mut history = lock(&self.history);
        history.taken_by(source, stretch);
        for note in notes {
            history.remark(now, note);
        }
        drop(history);
        let close = if self.close.is_empty() { u64::MAX } else { self.due.close };
        let next = self.due.cgroups.min(self.due.processes).min(close);
        let pause = Duration::from_nanos(next.saturating_sub(self.clock.now_ns()));
        if self.hook.as_ref().is_some_and(Armed::on) { pause.min(hook::EMPTY) } else { pause }
    }

    /// Arms the hook while it matters, and takes what it has told.
    fn hook(&mut self, now: u64) {
        let matters = self.scarce || now < self.pressed_until || !self.close.is_empty();
        let Some(hook) = &mut self.hook else { return };
        if let Some(remark) = hook.turn(matters, now, &self.history) {
            lock(&self.history).remark(now, remark);
        }
    }

    fn cgroups(&mut self, now: u64) {
        // The first time all are asked for their kinds of memory, later those that change.
        let first = self.due.cgroups == 0;
        let pass = self.source.cgroups(first, &mut self.buffers.cgroups);
        self.parts.ask(now, &self.close, &mut *self.source, &mut self.buffers.cgroups);
        let system = self.source.system();
        self.source.exited(&mut self.buffers.exited);
        // Whatever was read until now counts as read now: a kill in between must not find later values before it.
        let time = self.clock.now_ns().max(pass.time_ns);
        let mut history = lock(&self.history);
        history.cgroups(&self.buffers.cgroups, time, pass.complete);
        if let Some(system) = &system {
            history.system(system, time);
        }
        history.exited(&self.buffers.exited);
        let cache = |id| history.cache_of(id);
        close::cgroups(now, &self.buffers.cgroups, &mut self.trends, cache, &mut self.close);
        drop(history);
        self.scarce = system.is_some_and(|system| self.trends.machine(now, &system));
        let spent = self.spent();
        self.governor.took(Kind::Cgroups, spent, self.interval);
        self.due.cgroups = self.next(self.due.cgroups, self.interval);
        self.mind_the_machine(now);
    }

    /// With little memory left all processes are looked at as often as cgroups.
    fn mind_the_machine(&mut self, now: u64) {
        if self.scarce || now < self.pressed_until {
            self.due.processes = self.due.processes.min(self.due.cgroups);
        }
        if self.close.is_empty() {
            self.governor.rests(Kind::Close);
        }
    }

    fn processes(&mut self, now: u64) {
        let often = self.scarce || now < self.pressed_until;
        let interval = if often { self.interval } else { self.interval * PROCESSES };
        let pass = self.source.processes(&mut self.buffers.processes);
        let time = self.clock.now_ns().max(pass.time_ns);
        let mut history = lock(&self.history);
        history.processes(&self.buffers.processes, time, pass.complete);
        drop(history);
        let spent = self.spent();
        self.governor.took(Kind::Processes, spent, interval);
        self.due.processes = self.next(self.due.processes, interval);
        self.due.close = self.next(now, self.interval);
    }

    fn processes_close(&mut self, now: u64) {
        self.source.processes_of(&self.close, &mut self.buffers.processes);
        let time = self.clock.now_ns();
        let mut history = lock(&self.history);
        history.processes_close(&self.buffers.processes, time, &self.close);
        drop(history);
        let spent = self.spent();
        self.governor.took(Kind::Close, spent, self.interval);
        self.due.close = self.next(now, self.interval);
    }

    /// Finds out who is new.
    fn names(&mut self) {
        let Buffers { keys, ids, .. } = &mut self.buffers;
        keys.clear();
        ids.clear();
        lock(&self.history).nameless(NAMES, keys, ids);
        for key in keys.iter() {
            let image = self.source.image(*key);
            lock(&self.history).name_process(*key, &image);
        }
        for id in ids.iter() {
            if let Some(path) = self.source.cgroup_path(*id) {
                lock(&self.history).name_cgroup(*id, &path);
            }
        }
    }

    /// CPU time since this was asked last: what is done between passes counts for the next one.
    fn spent(&mut self) -> u64 {
        let now = self.clock.cpu_ns();
        let spent = now.saturating_sub(self.spent_ns);
        self.spent_ns = now;
        spent
    }

    fn notice_sleep(&mut self) {
        let asleep = self.clock.slept_ns();
        lock(&self.history).asleep(self.clock.now_ns(), asleep);
    }

    /// When a pass that was due at `due` is due again; what was missed is not made up for.
    fn next(&self, due: u64, interval: Duration) -> u64 {
        let interval = ns(self.governor.interval(interval));
        let next = due.saturating_add(interval);
        let now = self.clock.now_ns();
        // At least half of the interval lies between two passes, so that late ones do not come in pairs.
        if next < now.saturating_add(interval / 2) { now.saturating_add(interval) } else { next }
    }
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The history is whole after each insertion, so a thread that failed leaves nothing half done.
pub(super) fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! The command from its start to its end, in the thread beside the trace.

use std::time::{Duration, Instant};

use super::child::{Failed, Recipe};
use super::meter::Measured;
use super::place::Place;
use super::prepare::Prepared;
use super::supervise::{Ended, Supervisor};
use super::watch::Watch;
use crate::kernel::cgroup;
use crate::kernel::cgroup::Version;

/// Where the kernel's log is the only witness, a kill that was counted is in it after this time.
const LOG_PATIENCE: Duration = Duration::from_millis(2500);

/// What came of the command.
pub(super) struct Done {
    /// Its process id.
    pub(super) pid: u32,
    /// How it ended, or why it did not start.
    pub(super) ended: Result<Ended, Failed>,
    /// Its memory.
    pub(super) measured: Measured,
    /// Processes that the kernel killed in its cgroup and below, where that can be told.
    pub(super) own_kills: Option<u64>,
    /// Processes that it left running.
    pub(super) left: Vec<u32>,
    /// What the reader of a report should know.
    pub(super) notes: Vec<String>,
}

impl Done {
    fn not_started(failed: Failed, notes: Vec<String>) -> Self {
        let measured = Measured::default();
        Self { pid: 0, ended: Err(failed), measured, own_kills: None, left: Vec::new(), notes }
    }
}

/// A command that is about to run.
pub(super) struct Job {
    prepared: Prepared,
    watch: Watch,
    /// The kernel's log is the only witness.
    by_log: bool,
}

impl Job {
    pub(super) fn new(prepared: Prepared, watch: Watch, by_log: bool) -> Self {
        Self { prepared, watch, by_log }
    }

    /// Runs it to its end, and removes its cgroup.
    pub(super) fn run(self) -> Done {
        let Prepared { args, signals, original, user, mut place, mut meter, notes, .. } = self.prepared;
        let recipe = Recipe {
            command: &args.command,
            procs: place.as_ref().map(Place::procs),
            user: user.as_ref(),
            original,
        };
        let start = Instant::now();
        let pid = match recipe.start() {
            Ok(pid) => pid,
            Err(failed) => return Done::not_started(failed, notes),
        };
        let supervisor =
            Supervisor { pid, start, signals: &signals, timeout: args.timeout, meter: &mut meter };
        let ended = supervisor.wait();
        if self.by_log {
            wait_for_log(&self.watch, place.as_ref());
        }
        let mut left = meter.members();
        if ended.timed_out {
            left.drain(..).filter(|_| place.is_none()).for_each(kill);
            place.iter_mut().for_each(Place::kill_the_rest);
        }
        let measured = meter.finish();
        // In v1 a cgroup counts for itself alone: what runs in one below it is not counted.
        let whole = place.as_ref().is_some_and(|place| place.version() == Version::V2 || !place.has_below());
        let own_kills = measured.kills.filter(|_| whole);
        Done { pid: pid.cast_unsigned(), ended: Ok(ended), measured, own_kills, left, notes }
    }
}

/// Waits until the kernel's log has told of the kills that the command's cgroup counted.
fn wait_for_log(watch: &Watch, place: Option<&Place>) {
    let counted = || place.and_then(|place| cgroup::kills(place.dir(), place.version())).unwrap_or(0);
    let until = Instant::now() + LOG_PATIENCE;
    while counted() > watch.victims() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn kill(pid: u32) {
    // SAFETY: a plain call.
    unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
}

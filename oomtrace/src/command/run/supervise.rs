//! Watching over the command until it ends: its news, signals for it, its time, its memory.

use std::time::{Duration, Instant};

use super::meter::Meter;
use super::signals::{Came, Signals, stop_ourselves};

/// Time between SIGTERM and SIGKILL after `--timeout`.
const GRACE: Duration = Duration::from_secs(10);
/// Time between two looks at the command's memory.
const TICK: Duration = Duration::from_millis(100);

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, with this code.
    Exited(u8),
    /// By a signal.
    Signalled(i32),
}

impl End {
    fn of(status: libc::c_int) -> Option<Self> {
        if libc::WIFSIGNALED(status) {
            return Some(Self::Signalled(libc::WTERMSIG(status)));
        }
        libc::WIFEXITED(status)
            .then(|| Self::Exited(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX)))
    }

    /// As a shell would give it.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Signalled(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

/// The command's end and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// How.
    pub(super) end: End,
    /// It was ended because its time was over.
    pub(super) timed_out: bool,
    /// How long it ran.
    pub(super) took: Duration,
    /// Highest resident memory of any single process that the command waited for, itself included, bytes.
    pub(super) largest: u64,
}

/// What is done to the command.
pub(super) struct Supervisor<'a> {
    pub(super) pid: libc::pid_t,
    pub(super) start: Instant,
    pub(super) signals: &'a Signals,
    pub(super) timeout: Option<Duration>,
    pub(super) meter: &'a mut Meter,
}

impl Supervisor<'_> {
    /// Waits for the end of the command.
    pub(super) fn wait(mut self) -> Ended {
        let start = self.start;
        let mut timed_out = None;
        loop {
            if let Some((end, largest)) = self.news() {
                // The key that ended the command was for us as well: let through later, it would end us without a word.
                self.signals.wait(Duration::ZERO);
                return Ended { end, timed_out: timed_out.is_some(), took: start.elapsed(), largest };
            }
            for came in self.signals.wait(TICK) {
                self.handle(came);
            }
            self.meter.tick();
            timed_out = self.on_time(start, timed_out);
        }
    }

    /// Whether it has ended; stops when it has stopped, as the shell expects of a job.
    fn news(&self) -> Option<(End, u64)> {
        loop {
            let mut status = 0;
            // SAFETY: a plain structure of integers, for which zeros are valid.
            let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
            let flags = libc::WNOHANG | libc::WUNTRACED;
            // SAFETY: both live here.
            let changed = unsafe { libc::wait4(self.pid, &raw mut status, flags, &raw mut usage) };
            if changed != self.pid {
                return None;
            }
            if let Some(end) = End::of(status) {
                return Some((end, u64::try_from(usage.ru_maxrss).unwrap_or(0) << 10));
            }
            if libc::WIFSTOPPED(status) {
                self.stop_with_it(libc::WSTOPSIG(status));
            }
        }
    }

    /// Only for what a terminal does: who stops it by SIGSTOP knows its id, and may continue it without us.
    fn stop_with_it(&self, signal: libc::c_int) {
        if matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) {
            stop_ourselves(signal);
            self.send(libc::SIGCONT);
        }
    }

    fn handle(&mut self, came: Came) {
        match came.signal {
            libc::SIGCHLD => self.reap_adopted(),
            // The terminal tells the whole process group, and the command's own `kill 0` reached it as well.
            _ if came.from_terminal || came.sender.is_some_and(|pid| self.is_the_commands(pid)) => {}
            signal => self.send(signal),
        }
    }

    /// Descendants that lost their parent become our children where they have no cgroup.
    fn reap_adopted(&self) {
        while self.meter.adopts() {
            // SAFETY: a plain structure, for which zeros are valid.
            let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
            let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            // SAFETY: the structure lives here; without a child it stays as it is, with id 0.
            let pid = unsafe {
                libc::waitid(libc::P_ALL, 0, &raw mut info, flags);
                info.si_pid()
            };
            if pid == 0 || pid == self.pid {
                return;
            }
            // SAFETY: no status is asked for.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
        }
    }

    fn is_the_commands(&self, pid: u32) -> bool {
        pid == self.pid.cast_unsigned() || self.meter.members().contains(&pid)
    }

    fn send(&self, signal: libc::c_int) {
        // SAFETY: a plain call; the id can't have been reused, since we have not waited for its end.
        unsafe { libc::kill(self.pid, signal) };
    }

    /// SIGTERM when the time is over, SIGKILL some time after that, to all that belongs to the command.
    fn on_time(&self, start: Instant, asked: Option<Instant>) -> Option<Instant> {
        let timeout = self.timeout?;
        match asked {
            None if start.elapsed() >= timeout => {
                self.send_all(libc::SIGTERM);
                self.send_all(libc::SIGCONT);
                Some(Instant::now())
            }
            Some(at) if at.elapsed() >= GRACE => {
                self.send_all(libc::SIGKILL);
                asked
            }
            asked => asked,
        }
    }

    fn send_all(&self, signal: libc::c_int) {
        self.send(signal);
        for pid in
            self.meter.members().into_iter().map(u32::cast_signed).filter(|pid| *pid > 1 && *pid != self.pid)
        {
            // SAFETY: a plain call.
            unsafe { libc::kill(pid, signal) };
        }
    }
}

//! Starting the command as if oomtrace were not there, but for its cgroup and its user.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::signals::Before;
use crate::kernel::Roots;
use crate::rights::{Descent, User, environment_of};

/// Longest text of an `oom_score_adj`.
const SCORE_LEN: usize = 8;

/// What of this process is changed by tracing and has to be as before in the command.
#[derive(Clone, Copy)]
pub(super) struct Original {
    signals: Before,
    memlock: libc::rlimit,
    score: Option<i32>,
}

impl Original {
    /// Takes note; to be called before anything is traced.
    pub(super) fn note(signals: Before, roots: &Roots) -> Self {
        let mut memlock = MaybeUninit::<libc::rlimit>::zeroed();
        // SAFETY: room for the answer, for which zeros are valid.
        let memlock = unsafe {
            libc::getrlimit(libc::RLIMIT_MEMLOCK, memlock.as_mut_ptr());
            memlock.assume_init()
        };
        Self { signals, memlock, score: crate::survive::oom_score(roots) }
    }
}

/// How the command is started.
pub(super) struct Recipe<'a> {
    /// The command and its arguments.
    pub(super) command: &'a [OsString],
    /// Its cgroup's `cgroup.procs`.
    pub(super) procs: Option<&'a File>,
    /// Its user, when it is another.
    pub(super) user: Option<&'a User>,
    /// What it is to find as before.
    pub(super) original: Original,
}

/// Why the command could not be started.
#[derive(Debug)]
pub(super) enum Failed {
    /// It was not found.
    NotFound(io::Error),
    /// It was found and can't be executed.
    NotExecutable(io::Error),
    /// What oomtrace had to do before failed.
    Ours(&'static str, io::Error),
}

/// The steps between fork and exec.
const STEPS: [&str; 5] = [
    "give it back its oom_score_adj and limits",
    "move it into its memory cgroup",
    "become its user",
    "let it end with us",
    "give it back its signals",
];

impl Recipe<'_> {
    /// Starts it and returns its process id. The calling thread must live as long as the command does: the command is
    /// killed when it ends.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn start(&self) -> Result<libc::pid_t, Failed> {
        let (mut failures, failed) = pipe().map_err(|e| Failed::Ours("make a pipe", e))?;
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Failed::NotFound(io::ErrorKind::NotFound.into()));
        };
        let mut command = Command::new(program);
        command.args(arguments);
        self.set_environment(&mut command);
        // With file capabilities our own files in /proc are root's: then it was not lowered, and can't be written.
        let now = crate::survive::oom_score(&Roots::default());
        let lowered = self.original.score.filter(|score| now != Some(*score));
        let mut steps = Steps {
            original: self.original,
            score: score_text(lowered),
            procs: self.procs.map(std::os::fd::AsRawFd::as_raw_fd),
            user: self.user.map(Descent::new),
            // SAFETY: a plain call.
            parent: unsafe { libc::getpid() },
        };
        let report = failed.as_raw_fd();
        let before_exec = move || {
            steps.take().map_err(|(step, error)| {
                // SAFETY: an open descriptor and a live byte.
                unsafe { libc::write(report, (&raw const step).cast(), 1) };
                error
            })
        };
        // SAFETY: the closure makes system calls only.
        unsafe { command.pre_exec(before_exec) };
        let started = command.spawn();
        drop(failed);
        let mut step = [0];
        match started {
            // The child is waited for by its id alone.
            Ok(child) => Ok(child.id().cast_signed()),
            Err(error) if matches!(failures.read(&mut step), Ok(1)) => {
                Err(Failed::Ours(STEPS.get(usize::from(step[0])).unwrap_or(&""), error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failed::NotFound(error)),
            Err(error) => Err(Failed::NotExecutable(error)),
        }
    }

    /// The caller's environment; with another user, that one's.
    fn set_environment(&self, command: &mut Command) {
        if let Some(user) = self.user {
            environment_of(user, command);
        }
    }
}

/// What is done between fork and exec. Nothing of it may allocate or lock.
struct Steps {
    original: Original,
    score: Option<([u8; SCORE_LEN], usize)>,
    procs: Option<RawFd>,
    user: Option<Descent>,
    parent: libc::pid_t,
}

impl Steps {
    fn take(&mut self) -> Result<(), (u8, io::Error)> {
        self.give_back().map_err(|e| (0, e))?;
        self.join().map_err(|e| (1, e))?;
        self.user.as_mut().map_or(Ok(()), Descent::make).map_err(|e| (2, e))?;
        self.end_with_us().map_err(|e| (3, e))?;
        self.original.signals.restore().map_err(|e| (4, e))
    }

    fn give_back(&self) -> io::Result<()> {
        // SAFETY: live structures and strings; async-signal-safe calls.
        unsafe {
            check(libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const self.original.memlock))?;
            let Some((text, length)) = &self.score else { return Ok(()) };
            let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            check(file)?;
            let written = libc::write(file, text.as_ptr().cast(), *length);
            let error = io::Error::last_os_error();
            libc::close(file);
            if written < 0 { Err(error) } else { Ok(()) }
        }
    }

    fn join(&self) -> io::Result<()> {
        let Some(procs) = self.procs else { return Ok(()) };
        // SAFETY: an open descriptor and a constant.
        let written = unsafe { libc::write(procs, c"0".as_ptr().cast(), 1) };
        if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// After the user: changing that takes it back.
    fn end_with_us(&self) -> io::Result<()> {
        // SAFETY: plain calls.
        unsafe {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
            if libc::getppid() == self.parent {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        }
    }
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The number as text, made before the fork.
fn score_text(score: Option<i32>) -> Option<([u8; SCORE_LEN], usize)> {
    let text = score?.to_string();
    let mut bytes = [0; SCORE_LEN];
    bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    Some((bytes, text.len()))
}

/// A pipe that ends at exec.
fn pipe() -> io::Result<(File, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call made them, and nobody else has them.
    unsafe { Ok((File::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1]))) }
}

//! Signals while a command runs: read from a descriptor, so that none is lost and none ends us.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// What is read: everything that would end or stop us and can be held back, and the news of the command.
const HELD: [libc::c_int; 9] = [
    libc::SIGCHLD,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGTSTP,
    libc::SIGCONT,
];
/// `si_code` of a signal that the terminal's driver sent, to the whole foreground process group.
const SI_KERNEL: i32 = 0x80;

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Came {
    /// Which.
    pub(super) signal: i32,
    /// Who sent it, where that was a process.
    pub(super) sender: Option<u32>,
    /// It went to the whole process group: the command has it as well.
    pub(super) from_terminal: bool,
}

/// The signals that are held back.
#[derive(Debug)]
pub(super) struct Signals {
    fd: OwnedFd,
}

/// How signals were before, for the command.
#[derive(Clone, Copy)]
pub(super) struct Before {
    mask: libc::sigset_t,
    /// Ignored ones that we had to change.
    ignored: [(libc::c_int, bool); 2],
}

impl Before {
    /// Makes them so again, between fork and exec.
    ///
    /// # Errors
    /// The kernel's.
    pub(super) fn restore(&self) -> io::Result<()> {
        for (signal, ignored) in self.ignored {
            let handler = if ignored { libc::SIG_IGN } else { libc::SIG_DFL };
            // SAFETY: no handler is installed.
            unsafe { libc::signal(signal, handler) };
        }
        // SAFETY: the set was filled by the kernel; async-signal-safe.
        match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.mask, std::ptr::null_mut()) }
        {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// Lets signals end us again, in this thread: the command has ended, and a report that nobody reads must not be waited for.
pub(super) fn release() {
    let set = set(&[libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP]);
    // SAFETY: a set that was filled.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) };
}

impl Signals {
    /// Holds them back in this thread and those it starts from now on.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub(super) fn hold() -> Result<(Self, Before)> {
        // The output's writer ignores SIGXFSZ; with an ignored SIGCHLD there would be no news.
        let ignored = [libc::SIGXFSZ, libc::SIGCHLD].map(|signal| (signal, is_ignored(signal)));
        // SAFETY: no handler is installed.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
        let set = set(&HELD);
        let mut mask = MaybeUninit::uninit();
        // SAFETY: both sets live here; the old one is filled by the call.
        let mask = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, mask.as_mut_ptr());
            mask.assume_init()
        };
        // SAFETY: a set that was filled above.
        let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error()).context("can't receive signals");
        }
        // SAFETY: the call above made it, and nobody else has it.
        Ok((Self { fd: unsafe { OwnedFd::from_raw_fd(fd) } }, Before { mask, ignored }))
    }

    /// Waits for signals, and returns those that have come.
    pub(super) fn wait(&self, at_most: Duration) -> Vec<Came> {
        let mut poll = libc::pollfd { fd: self.fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // Rounded up: a wait of less than a millisecond must not become none.
        let ms = i32::try_from(at_most.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        // SAFETY: one live pollfd.
        unsafe { libc::poll(&raw mut poll, 1, ms) };
        std::iter::from_fn(|| self.next()).collect()
    }

    fn next(&self) -> Option<Came> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: room for one record, of plain integers, which zeros are valid for.
        let (read, info) = unsafe {
            let read = libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size);
            (read, info.assume_init())
        };
        if usize::try_from(read) != Ok(size) {
            return None;
        }
        let signal = i32::try_from(info.ssi_signo).ok()?;
        let sender = (info.ssi_code <= 0).then_some(info.ssi_pid).filter(|pid| *pid > 0);
        Some(Came { signal, sender, from_terminal: info.ssi_code == SI_KERNEL })
    }
}

/// Stops this process as the terminal would, and returns when it is continued.
pub(super) fn stop_ourselves(signal: libc::c_int) {
    let set = set(&[signal]);
    // SAFETY: live sets, no pointers kept. The signal goes to the process, and only this thread takes it.
    unsafe {
        libc::kill(libc::getpid(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

/// Ends this process by a signal, without a core of our own; returns where that is not possible, as in process 1 of a
/// container.
pub(super) fn die_of(signal: libc::c_int) {
    let set = set(&[signal]);
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: live structures, no handler is installed.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(signal, libc::SIG_DFL);
        libc::kill(libc::getpid(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
}

fn set(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the first call fills the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}

fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: room for the answer, for which zeros are valid.
    let action = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

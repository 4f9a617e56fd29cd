//! Reads a process after the kill without ever waiting long for it.
//!
//! `/proc/<pid>/cmdline` waits for the process's `mmap_lock`, and a task that is stuck in reclaim can hold that for
//! seconds, just then; so can a file system that an executable is on. So a thread of its own reads, and who asks goes on
//! without an answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::dir::Dir;
use super::process::Process;
use crate::kernel::Roots;

/// Stack of the thread: it is locked in memory as a whole, and the default would be 2 MiB.
const STACK: usize = 128 * 1024;

/// How much of a process is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All.
    Whole,
    /// All but what lies in its own memory; see [`Process::read_outside`].
    Outside,
}

/// What came of a read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// The process was there.
    Read(Box<Process>),
    /// There is no such process any more.
    Gone,
    /// No answer in time, to this request or still to an earlier one.
    NoAnswer,
}

/// The reader's thread, which ends when this is dropped (or, where it is stuck, with the program).
#[derive(Debug)]
pub(crate) struct LateReader {
    requests: SyncSender<(u32, Extent)>,
    answers: Receiver<(u32, Option<Box<Process>>)>,
    outstanding: u32,
}

impl LateReader {
    /// Starts the thread; `None` when the system refuses another one.
    pub(crate) fn start(roots: &Roots) -> Option<Self> {
        let proc = Dir::open(&roots.proc).ok()?;
        Self::with(move |pid, extent, buf| {
            let mut process = match extent {
                Extent::Whole => Process::read_at(&proc, pid, buf),
                Extent::Outside => Process::read_outside(&proc, pid, buf),
            }?;
            process.look_at_exe(&proc, buf);
            Some(process)
        })
    }

    /// Starts the thread on another way of reading.
    fn with(read: impl Fn(u32, Extent, &mut Vec<u8>) -> Option<Process> + Send + 'static) -> Option<Self> {
        let (requests, todo) = sync_channel::<(u32, Extent)>(1);
        let (done, answers) = sync_channel(1);
        let work = move || {
            let mut buf = Vec::new();
            while let Ok((pid, extent)) = todo.recv() {
                if done.send((pid, read(pid, extent, &mut buf).map(Box::new))).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("oomtrace-read".into()).stack_size(STACK).spawn(work).ok()?;
        Some(Self { requests, answers, outstanding: 0 })
    }

    /// Reads process `pid`, waiting at most `patience`.
    pub(crate) fn read(&mut self, pid: u32, extent: Extent, patience: Duration) -> Late {
        while self.outstanding > 0 && self.answers.try_recv().is_ok() {
            self.outstanding -= 1;
        }
        if self.outstanding > 0 || self.requests.try_send((pid, extent)).is_err() {
            return Late::NoAnswer;
        }
        self.outstanding += 1;
        let deadline = Instant::now() + patience;
        match self.answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((_, answer)) => {
                self.outstanding -= 1;
                answer.map_or(Late::Gone, Late::Read)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Late::NoAnswer,
        }
    }

    /// Like [`read`](Self::read); nothing where there is no such process, or no answer.
    pub(crate) fn process(&mut self, pid: u32, extent: Extent, patience: Duration) -> Option<Process> {
        match self.read(pid, extent, patience) {
            Late::Read(process) => Some(*process),
            Late::Gone | Late::NoAnswer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn reads_what_is_there() {
        let mut reader = LateReader::start(&Roots::default()).unwrap();
        for (extent, has_arguments) in [(Extent::Whole, true), (Extent::Outside, false)] {
            let Late::Read(me) = reader.read(std::process::id(), extent, SOON) else {
                panic!("we are alive")
            };
            assert_eq!(me.pid, std::process::id());
            assert_eq!((!me.cmdline.is_empty(), me.environment.is_some()), (has_arguments, has_arguments));
        }
        assert_eq!(reader.read(u32::MAX, Extent::Whole, SOON), Late::Gone);
    }

    #[test]
    fn a_process_that_hangs_is_not_waited_for_and_not_mixed_up() {
        let (release, gate) = channel::<()>();
        let slow = move |pid, _, _: &mut Vec<u8>| {
            if pid == 1 {
                gate.recv().unwrap();
            }
            Some(Process { pid, ..Process::default() })
        };
        let mut reader = LateReader::with(slow).unwrap();
        assert_eq!(reader.read(1, Extent::Whole, Duration::from_millis(5)), Late::NoAnswer);
        // Not even a wait of the full length for the next one.
        let start = Instant::now();
        assert_eq!(reader.read(2, Extent::Whole, SOON), Late::NoAnswer);
        assert!(start.elapsed() < SOON);
        release.send(()).unwrap();
        // The late answer to 1 must not be taken for that to 2.
        let answer = (0..2000).find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            match reader.read(2, Extent::Whole, SOON) {
                Late::Read(process) => Some(process.pid),
                _ => None,
            }
        });
        assert_eq!(answer, Some(2));
    }
}

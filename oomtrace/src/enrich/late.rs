//! Reads a process after the kill without ever waiting long for it.
//!
//! `/proc/<pid>/cmdline` waits for the process's `mmap_lock`, and a task that is stuck in reclaim can hold that for
//! seconds, just then; so can a file system that an executable is on. So a thread of its own reads, and who asks goes on
//! without an answer. The same before any kill: a process may hang for good when the trace starts.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::process::Process;
use crate::kernel::Roots;
use crate::kernel::proc::Dir;

/// Stack of a thread: it is locked in memory as a whole, and the default would be 2 MiB.
const STACK: usize = 128 * 1024;

/// How much of a process is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All.
    Whole,
    /// All but what lies in its executable.
    WithoutExe,
    /// What can be had without keeping its memory from being freed; see [`Process::read_unheld`].
    Unheld,
}

/// What came of a read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// The process was there.
    Read(Box<Process>),
    /// There is no such process any more.
    Gone,
    /// No answer in time, to this request or still to earlier ones.
    NoAnswer,
}

type Read = dyn Fn(u32, Extent, &mut Vec<u8>) -> Option<Process> + Send + Sync;

/// Reads in threads of its own, which end when this is dropped (or, where they are stuck, with the program).
///
/// One does, until a process does not answer: then the next one takes its place, so that what hangs costs its own answer
/// and not those of others.
pub(crate) struct LateReader {
    read: Arc<Read>,
    threads: Vec<Reader>,
    threads_max: usize,
}

impl fmt::Debug for LateReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LateReader").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl LateReader {
    /// Starts the first thread; there may be `threads_max`. `None` when the system refuses it.
    pub(crate) fn start(roots: &Roots, threads_max: usize) -> Option<Self> {
        let proc = Dir::open(&roots.proc).ok()?;
        let read = move |pid, extent, buf: &mut Vec<u8>| {
            let mut process = match extent {
                Extent::Whole | Extent::WithoutExe => Process::read_at(&proc, pid, buf),
                Extent::Unheld => Process::read_unheld(&proc, pid, buf),
            }?;
            if extent != Extent::WithoutExe {
                process.look_at_exe(&proc, buf);
            }
            Some(process)
        };
        Self::with(threads_max, read)
    }

    /// Starts the first thread on another way of reading.
    pub(super) fn with(
        threads_max: usize,
        read: impl Fn(u32, Extent, &mut Vec<u8>) -> Option<Process> + Send + Sync + 'static,
    ) -> Option<Self> {
        let read: Arc<Read> = Arc::new(read);
        let threads = vec![Reader::start(&read)?];
        Some(Self { read, threads, threads_max })
    }

    /// Reads process `pid`, waiting at most `patience`. Who is being read already is not asked again.
    pub(crate) fn read(&mut self, pid: u32, extent: Extent, patience: Duration) -> Late {
        self.threads.iter_mut().for_each(Reader::take_late_answer);
        if self.threads.iter().any(|thread| thread.busy_with == Some((pid, extent))) {
            return Late::NoAnswer;
        }
        self.idle().map_or(Late::NoAnswer, |thread| thread.read(pid, extent, patience))
    }

    /// A thread that waits for nothing, a new one if need be.
    fn idle(&mut self) -> Option<&mut Reader> {
        if self.threads.iter().all(|thread| thread.busy_with.is_some())
            && self.threads.len() < self.threads_max
        {
            self.threads.push(Reader::start(&self.read)?);
        }
        self.threads.iter_mut().find(|thread| thread.busy_with.is_none())
    }

    /// Like [`read`](Self::read); nothing where there is no such process, or no answer.
    pub(crate) fn process(&mut self, pid: u32, extent: Extent, patience: Duration) -> Option<Process> {
        match self.read(pid, extent, patience) {
            Late::Read(process) => Some(*process),
            Late::Gone | Late::NoAnswer => None,
        }
    }
}

/// One thread.
#[derive(Debug)]
struct Reader {
    requests: SyncSender<(u32, Extent)>,
    answers: Receiver<Option<Box<Process>>>,
    busy_with: Option<(u32, Extent)>,
}

impl Reader {
    fn start(read: &Arc<Read>) -> Option<Self> {
        let read = Arc::clone(read);
        let (requests, todo) = sync_channel::<(u32, Extent)>(1);
        let (done, answers) = sync_channel(1);
        let work = move || {
            let mut buf = Vec::new();
            while let Ok((pid, extent)) = todo.recv() {
                if done.send(read(pid, extent, &mut buf).map(Box::new)).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("oomtrace-read".into()).stack_size(STACK).spawn(work).ok()?;
        Some(Self { requests, answers, busy_with: None })
    }

    /// The answer that nobody waits for any more must not be taken for that to the next request.
    fn take_late_answer(&mut self) {
        if self.busy_with.is_some() && self.answers.try_recv().is_ok() {
            self.busy_with = None;
        }
    }

    fn read(&mut self, pid: u32, extent: Extent, patience: Duration) -> Late {
        self.busy_with = Some((pid, extent));
        if self.requests.try_send((pid, extent)).is_err() {
            return Late::NoAnswer;
        }
        let Ok(answer) = self.answers.recv_timeout(patience) else { return Late::NoAnswer };
        self.busy_with = None;
        answer.map_or(Late::Gone, Late::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, mpsc::channel};
    use std::time::Instant;

    const SOON: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(5);

    #[test]
    fn reads_what_is_there() {
        let mut reader = LateReader::start(&Roots::default(), 1).unwrap();
        for (extent, has_arguments) in
            [(Extent::Whole, true), (Extent::WithoutExe, true), (Extent::Unheld, false)]
        {
            let Late::Read(me) = reader.read(std::process::id(), extent, SOON) else {
                panic!("we are alive")
            };
            assert_eq!(me.pid, std::process::id());
            assert_eq!((!me.cmdline.is_empty(), me.environment.is_some()), (has_arguments, has_arguments));
        }
        assert_eq!(reader.read(u32::MAX, Extent::Whole, SOON), Late::Gone);
    }

    /// Numbers below 10 don't answer before the gate is opened (or dropped).
    fn slow(threads_max: usize) -> (LateReader, std::sync::mpsc::Sender<()>) {
        let (release, gate) = channel::<()>();
        let gate = Mutex::new(gate);
        let read = move |pid, _, _: &mut Vec<u8>| {
            if pid < 10 {
                let _ = gate.lock().unwrap().recv();
            }
            Some(Process { pid, ..Process::default() })
        };
        (LateReader::with(threads_max, read).unwrap(), release)
    }

    fn pid(late: Late) -> Option<u32> {
        match late {
            Late::Read(process) => Some(process.pid),
            _ => None,
        }
    }

    #[test]
    fn a_process_that_hangs_is_not_waited_for_and_not_mixed_up() {
        let (mut reader, release) = slow(1);
        assert_eq!(reader.read(1, Extent::Whole, SHORT), Late::NoAnswer);
        // Not even a wait of the full length for the next one.
        let start = Instant::now();
        assert_eq!(reader.read(12, Extent::Whole, SOON), Late::NoAnswer);
        assert!(start.elapsed() < SOON);
        release.send(()).unwrap();
        // The late answer to 1 must not be taken for that to 12.
        let answer = (0..2000).find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            pid(reader.read(12, Extent::Whole, SOON))
        });
        assert_eq!(answer, Some(12));
    }

    #[test]
    fn those_that_hang_cost_nobody_else_its_answer() {
        let (mut reader, release) = slow(3);
        for hung in [1, 2] {
            assert_eq!(reader.read(hung, Extent::Whole, SHORT), Late::NoAnswer);
            // Asked again, it does not take another thread.
            let start = Instant::now();
            assert_eq!(reader.read(hung, Extent::Whole, SOON), Late::NoAnswer);
            assert!(start.elapsed() < SOON);
            assert_eq!(pid(reader.read(10 + hung, Extent::Whole, SOON)), Some(10 + hung));
        }
        assert_eq!(reader.threads.len(), 3);
        assert_eq!(reader.read(3, Extent::Whole, SHORT), Late::NoAnswer);
        assert_eq!(reader.read(13, Extent::Whole, SOON), Late::NoAnswer);
        assert_eq!(reader.threads.len(), 3);
        // All of them answer in the end, and serve again.
        drop(release);
        let answer = (0..2000).find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            pid(reader.read(13, Extent::Whole, SOON))
        });
        assert_eq!(answer, Some(13));
    }
}

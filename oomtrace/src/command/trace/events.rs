//! The event path: ring buffer to assembler to worker. Nothing here opens files, forks or waits for output.

use std::{
    os::fd::{BorrowedFd, OwnedFd, RawFd},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use aya_log::EbpfLogger;
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
};

use super::{
    Session,
    counts::Counts,
    job::Job,
    worker::{self, Shared, Tally},
};
use crate::{
    collect::{Assembler, Closed, Decoded, Loss, LossReader, Ring, Witness},
    command::cli::TraceArgs,
    kernel::clock,
    model::NoKillReason,
    probe::Fact,
};

/// Jobs that may wait for the worker; beyond it the event loop waits, and the ring buffer holds what comes.
const JOBS: u64 = 16_384;
/// How long the event loop waits then before it looks again.
const FULL: Duration = Duration::from_millis(1);
/// Stack of a thread.
const STACK: usize = 256 * 1024;
/// What happens beside a trace has been reported after this time.
const LINGER: Duration = Duration::from_secs(2);
/// Quiet time after which kills seen are compared with kills counted.
const RECONCILE_AFTER: Duration = Duration::from_millis(500);

/// A report in the kernel's log is complete after this long without a further line.
const REPORT_QUIET: Duration = Duration::from_millis(1_100);

/// How a trace ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// Kills, before filters.
    pub kills: u64,
}

/// Something that happens while the trace runs.
pub type During = Box<dyn FnOnce() -> Result<()> + Send>;

/// Runs a session until it is told to stop. With `during`, the trace ends a little after that at the latest.
///
/// # Errors
/// When the output fails, or `during` does.
pub(super) fn run(mut session: Session, args: &TraceArgs, during: Option<During>) -> Result<Ended> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(async {
        // Before anything is written, so that no signal after the header goes unheard.
        let mut stop = Stop::new(args)?;
        let mut source = Source::take(&mut session)?;
        let (worker, header) = worker::prepare(&mut session, args)?;
        if source.ring.is_none() {
            source.kmsg = worker.log.as_ref().map(|log| watch(log.fd())).transpose()?;
        }
        let shared = Arc::clone(&worker.shared);
        let (jobs, inbox) = channel();
        let thread = thread("oomtrace-out", move || worker.run(header, &inbox))?;
        let background = during.map(|during| background(during, Arc::clone(&shared))).transpose()?;
        let mut path = EventPath::new(&mut session, jobs, shared);
        let followed = path.follow(&mut source, &mut stop).await;
        path.finish(&mut source);
        let tally = join(thread)?;
        followed?;
        if let Some(background) = background {
            background
                .join()
                .map_err(|_| anyhow!("the background thread failed; this is a bug in oomtrace"))??;
        }
        Ok(Ended { kills: tally.kills })
    })
}

/// A thread with a small stack: it is locked in memory as a whole.
fn thread<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    builder.spawn(run).with_context(|| format!("starting the thread {name}"))
}

/// Runs `during` beside the trace and ends the trace after it: at once when it failed, else when its records had time
/// to arrive.
fn background(during: During, shared: Arc<Shared>) -> Result<JoinHandle<Result<()>>> {
    thread("oomtrace-during", move || {
        let result = during();
        if result.is_ok() {
            std::thread::sleep(LINGER);
        }
        shared.stop();
        result
    })
}

fn join(thread: JoinHandle<Result<Tally>>) -> Result<Tally> {
    thread.join().map_err(|_| anyhow!("the output thread failed; this is a bug in oomtrace"))?
}

/// The kernel side's reading ends.
struct Source {
    ring: Option<Ring>,
    loss: Option<LossReader>,
    log: Option<AsyncFd<EbpfLogger<&'static dyn log::Log>>>,
    /// The kernel's log, when it is the only witness.
    kmsg: Option<AsyncFd<OwnedFd>>,
}

/// Waits for the kernel's log by a descriptor of its own for the same open file.
fn watch(fd: RawFd) -> Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is open: its owner is borrowed by the caller.
    let fd =
        unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().context("watching the kernel's log")?;
    // SAFETY: an owned descriptor is one and the same until it is dropped.
    unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }
        .map_err(std::io::Error::from)
        .context("watching the kernel's log")
}

impl Source {
    fn take(session: &mut Session) -> Result<Self> {
        let Some(ebpf) = session.ebpf.as_mut() else {
            return Ok(Self { ring: None, loss: None, log: None, kmsg: None });
        };
        let log = if session.layout.debug == 1 { kernel_side_log(ebpf) } else { None };
        Ok(Self { ring: Some(Ring::take(ebpf)?), loss: Some(LossReader::take(ebpf)?), log, kmsg: None })
    }
}

/// The log of the programs, for `-vv`.
fn kernel_side_log(ebpf: &mut aya::Ebpf) -> Option<AsyncFd<EbpfLogger<&'static dyn log::Log>>> {
    let logger =
        EbpfLogger::init(ebpf).map_err(|e| log::warn!("the kernel side's log can't be read: {e}")).ok()?;
    // SAFETY: the logger owns its map's descriptor, always gives the same one, and closes it only when dropped.
    unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) }.ok()
}

/// Why a trace ends.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    until: Option<Instant>,
    reader: Option<AsyncFd<OwnedFd>>,
}

impl Stop {
    fn new(args: &TraceArgs) -> Result<Self> {
        let on = |kind| signal(kind).context("handling signals");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
            until: args.duration.map(|d| Instant::now() + d),
            reader: if args.output.is_none() { closing_pipe() } else { None },
        })
    }

    /// Waits for a signal, the end of the time, or the reader of our output to go away.
    async fn asked(&mut self) {
        let Self { interrupt, terminate, hangup, until, reader } = self;
        let over = async {
            match until {
                Some(until) => tokio::time::sleep_until((*until).into()).await,
                None => std::future::pending().await,
            }
        };
        let gone = async {
            match reader {
                Some(pipe) => drop(pipe.ready(Interest::ERROR).await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            () = over => {}
            () = gone => {}
        }
    }
}

/// Standard output when it is a pipe: an error condition on it tells that nobody reads on.
fn closing_pipe() -> Option<AsyncFd<OwnedFd>> {
    use std::os::{fd::AsFd, unix::fs::FileTypeExt};
    let fd = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    let file = std::fs::File::from(fd);
    if !file.metadata().ok()?.file_type().is_fifo() {
        return None;
    }
    // SAFETY: an owned descriptor is one and the same until it is dropped.
    unsafe { AsyncFd::register_with_interest(file.into(), Interest::ERROR) }.ok()
}

/// The event path's state.
struct EventPath {
    assembler: Assembler,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    counts: Counts,
    /// What was reported as lost.
    loss: Loss,
    lost_kills: u64,
    /// First record's time of the last kill whose scene was asked for.
    scene: u64,
    /// When to compare kills seen with kills counted.
    reconcile: Option<Instant>,
}

impl EventPath {
    fn new(session: &mut Session, jobs: Sender<Job>, shared: Arc<Shared>) -> Self {
        let witness = Witness {
            signal: session.knows(Fact::Signal),
            mark: session.knows(Fact::Victim),
            exit: session.knows(Fact::Exit),
            returned: session.knows(Fact::Return),
        };
        Self {
            assembler: Assembler::new(witness),
            jobs,
            shared,
            counts: Counts::new(session.vmstat.take(), session.vmstat_at_start),
            loss: Loss::default(),
            lost_kills: 0,
            scene: 0,
            reconcile: None,
        }
    }

    /// Follows the ring buffer until asked to stop.
    async fn follow(&mut self, source: &mut Source, stop: &mut Stop) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        while !shared.done.load(Ordering::Acquire) {
            let Source { ring, loss, log, kmsg } = source;
            let due = self.due();
            tokio::select! {
                biased;
                undecoded = drain(ring.as_mut(), |record| self.take(record)) => {
                    if undecoded? > 0 {
                        log::error!("records of an unknown kind: kernel side and user side do not fit together");
                    }
                }
                () = sleep_until(due) => {}
                () = flush(log.as_mut()) => {}
                () = readable(kmsg.as_ref()) => self.read_kernel_log(),
                () = shared.wake.notified() => {}
                () = stop.asked() => return Ok(()),
            }
            self.lost(loss.as_ref());
            self.close();
            if source.ring.is_some() {
                self.reconcile();
            } else if self.reconcile.is_some_and(|at| Instant::now() >= at) {
                self.reconcile = None;
                self.send(Job::KernelLog);
            }
        }
        Ok(())
    }

    /// Reads the kernel's log now, and once more when the report that is being printed has been quiet for long enough.
    fn read_kernel_log(&mut self) {
        self.send(Job::KernelLog);
        self.reconcile = Some(Instant::now() + REPORT_QUIET);
    }

    /// When something is due without a record coming in.
    fn due(&self) -> Option<Instant> {
        let now = clock::boottime_ns();
        let kill =
            self.assembler.next_due().map(|at| Instant::now() + Duration::from_nanos(at.saturating_sub(now)));
        kill.into_iter().chain(self.reconcile).min()
    }

    /// Takes a record; what can't wait for the kill to be complete is asked for at once.
    fn take(&mut self, record: Decoded) {
        let who = match &record {
            Decoded::Signal(v) | Decoded::Mark(v) => Some((v.task.tgid, v.task.start_time)),
            Decoded::Kill(k) => Some((k.chosen.tgid, k.chosen.start_time)),
            _ => None,
        };
        let first = !matches!(record, Decoded::Exit(_));
        let opened = self.assembler.push(record);
        if let Some(begun) = opened.filter(|_| first) {
            self.scene = begun;
            self.send(Job::Scene(begun));
        }
        if let Some((tgid, start_time)) = who {
            self.send(Job::Who(tgid, start_time));
        }
    }

    /// Sends what the assembler has to say.
    fn close(&mut self) {
        for closed in self.assembler.poll(clock::boottime_ns()) {
            self.say(closed);
        }
    }

    fn say(&mut self, closed: Closed) {
        match closed {
            Closed::Kill(draft) => {
                self.counts.seen(&draft);
                self.reconcile = Some(Instant::now() + RECONCILE_AFTER);
                self.send(Job::Kill(draft, self.loss.records));
            }
            Closed::NoKill(draft, true) => self.send(Job::NoKill(draft, NoKillReason::AlreadyDying)),
            Closed::NoKill(draft, false) => self.send(Job::NoKill(draft, NoKillReason::AlreadyExited)),
            Closed::LateExit { first, tgid, kill_to_exit } => {
                self.send(Job::LateExit(first, tgid, kill_to_exit))
            }
            Closed::LateVictim { first, member } => {
                self.counts.seen_late();
                self.send(Job::LateVictim(first, member));
            }
        }
    }

    /// Hands over a job. Waits when the worker is far behind: then the ring buffer holds what comes, and counts.
    ///
    /// The channel grows with what waits: a bounded one would take, and lock, a megabyte from the start.
    fn send(&self, job: Job) {
        let Shared { waiting, done, .. } = &*self.shared;
        while waiting.load(Ordering::Relaxed) >= JOBS && !done.load(Ordering::Acquire) {
            std::thread::sleep(FULL);
        }
        waiting.fetch_add(1, Ordering::Relaxed);
        // A worker that has gone has said why.
        let _ = self.jobs.send(job);
    }

    /// Reports records that did not fit into the ring since the last time.
    fn lost(&mut self, reader: Option<&LossReader>) {
        let Some(now) = reader.map(LossReader::read) else { return };
        let records = now.records - self.loss.records;
        if records > 0 {
            self.assembler.set_lossy(true);
            let why = "the ring buffer was full; use a larger --ring-size".to_owned();
            self.send(Job::Lost(0, records, why));
        } else if !self.assembler.is_busy() {
            self.assembler.set_lossy(false);
        }
        self.loss = now;
    }

    /// When all is quiet after a kill: are there kills that were counted and not seen?
    fn reconcile(&mut self) {
        if self.assembler.is_busy() || self.reconcile.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.reconcile = None;
        self.lost_whole_kills();
        let unseen = self.counts.unseen(self.lost_kills);
        if unseen > 0 {
            let why = format!("/proc/vmstat counted {unseen} more kills than were seen");
            self.send(Job::Lost(unseen, 0, why));
        }
    }

    /// Reports kills whose every record was lost: their numbers are missing.
    fn lost_whole_kills(&mut self) {
        let missing = self.assembler.missing(self.loss.kills_numbered);
        if missing > self.lost_kills {
            let more = missing - self.lost_kills;
            self.lost_kills = missing;
            let why =
                "no record of these kills fitted into the ring buffer; use a larger --ring-size".to_owned();
            self.send(Job::Lost(more, 0, why));
        }
    }

    /// Reads what is left, reports what is open, and says goodbye.
    fn finish(mut self, source: &mut Source) {
        if let Some(ring) = source.ring.as_mut() {
            let mut left = Vec::new();
            ring.drain_now(|record| left.push(record));
            for record in left {
                self.take(record);
            }
        }
        self.lost(source.loss.as_ref());
        for closed in self.assembler.finish() {
            self.say(closed);
        }
        self.lost_whole_kills();
        let notes: Vec<String> = if source.ring.is_some() {
            self.counts.verdict(self.lost_kills).into_iter().collect()
        } else {
            // The worker knows how many kills the log told of.
            self.send(Job::KernelLog);
            Vec::new()
        };
        let complete = self.lost_kills == 0 && self.loss.records == 0 && notes.is_empty();
        let vmstat_oom_kill = self.counts.risen();
        self.send(Job::Finish { lost_kills: self.lost_kills, vmstat_oom_kill, complete, notes });
    }
}

async fn drain(ring: Option<&mut Ring>, each: impl FnMut(Decoded)) -> Result<u64> {
    match ring {
        Some(ring) => ring.drain(each).await,
        None => std::future::pending().await,
    }
}

async fn readable(kmsg: Option<&AsyncFd<OwnedFd>>) {
    let Some(kmsg) = kmsg else { return std::future::pending().await };
    if let Ok(mut guard) = kmsg.readable().await {
        guard.clear_ready();
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

async fn flush(log: Option<&mut AsyncFd<EbpfLogger<&'static dyn log::Log>>>) {
    let Some(log) = log else { return std::future::pending().await };
    if let Ok(mut guard) = log.readable_mut().await {
        guard.get_inner_mut().flush();
        guard.clear_ready();
    }
}

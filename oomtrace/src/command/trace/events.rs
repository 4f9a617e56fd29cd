//! The event path: ring buffer to assembler to worker. Nothing here opens files, forks or waits for output.

use std::{
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    Session,
    counts::Counts,
    job::Job,
    kernel_log::KernelLog,
    who::Who,
    worker::{Shared, Tally, Worker},
};
use crate::{
    collect::{Assembler, Builder, Closed, Decoded, Facts, Loss, LossReader, Ring, Witness},
    command::{
        cli::{Format, Redact, TraceArgs},
        output::Output,
        terminal::Look,
    },
    enrich::{Enricher, redact},
    kernel::clock,
    model::{Header, NoKillReason, SCHEMA},
    probe::Fact,
    render::{Ndjson, Render, Text, TextStyle},
};

/// Jobs that may wait for the worker; beyond it the event loop waits, and the ring buffer holds what comes.
const JOBS: usize = 16_384;
/// The worker's stack, locked in memory as a whole.
const WORKER_STACK: usize = 512 * 1024;
/// Quiet time after which kills seen are compared with kills counted.
const RECONCILE_AFTER: Duration = Duration::from_millis(500);

/// How a trace ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// Kills, before filters.
    pub kills: u64,
}

/// Runs a session until it is told to stop.
///
/// # Errors
/// When the output fails, or `during` does.
pub fn run(
    mut session: Session,
    args: &TraceArgs,
    during: impl FnOnce() -> Result<()> + Send + 'static,
) -> Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(async {
        let mut source = Source::take(&mut session)?;
        let (worker, header) = worker(&mut session, args)?;
        let shared = Arc::clone(&worker.shared);
        let (jobs, inbox) = sync_channel(JOBS);
        let thread = std::thread::Builder::new()
            .name("oomtrace-out".to_owned())
            .stack_size(WORKER_STACK)
            .spawn(move || worker.run(header, &inbox))
            .context("starting the output thread")?;
        let witness = Witness {
            signal: session.knows(Fact::Signal),
            mark: session.knows(Fact::Victim),
            exit: session.knows(Fact::Exit),
        };
        let counts = Counts::new(session.vmstat.take(), session.vmstat_at_start);
        let mut path =
            EventPath { assembler: Assembler::new(witness), jobs, shared, counts, loss: Loss::default(), lost_kills: 0, opened: 0 };
        let background = std::thread::Builder::new().name("oomtrace-demo".to_owned()).spawn(during)?;
        path.follow(&mut source, args).await?;
        path.finish(&source);
        let tally = join(thread)?;
        if background.is_finished() {
            background.join().map_err(|_| anyhow!("the background task failed"))??;
        }
        Ok(Ended { kills: tally.kills })
    })
}

fn join(thread: JoinHandle<Result<Tally>>) -> Result<Tally> {
    thread.join().map_err(|_| anyhow!("the output thread failed; this is a bug in oomtrace"))?
}

/// The kernel side's reading ends.
struct Source {
    ring: Option<Ring>,
    loss: Option<LossReader>,
    log: Option<aya_log::EbpfLogger<aya::maps::RingBuf<aya::maps::MapData>>>,
}

impl Source {
    fn take(session: &mut Session) -> Result<Self> {
        let Some(ebpf) = session.ebpf.as_mut() else { return Ok(Self { ring: None, loss: None, log: None }) };
        let log = if session.layout.debug == 1 {
            aya_log::EbpfLogger::init(ebpf).map_err(|e| log::warn!("the kernel side's log can't be read: {e}")).ok()
        } else {
            None
        };
        Ok(Self { ring: Some(Ring::take(ebpf)?), loss: Some(LossReader::take(ebpf)?), log })
    }
}

//! One trace from the attached probes to the last line: the event path here, the worker and what runs beside in threads.

use std::{
    sync::{Arc, atomic::Ordering, mpsc::channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};

use super::{
    events::EventPath,
    first::{Early, First},
    prepare,
    session::Session,
    settings::{Settings, Sink},
    source::{self, Source},
    stop::Stop,
    stream::Tally,
    worker::Shared,
};
use crate::model::Event;

/// Stack of a thread.
const STACK: usize = 256 * 1024;
/// What happens beside a trace has been reported after this time.
const LINGER: Duration = Duration::from_secs(2);

/// How a trace ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// Kills that were reported.
    pub reported: u64,
    /// After a signal: how long whatever is still to be done may take.
    pub until: Option<Instant>,
}

/// Something that happens while the trace runs. It is given a way to ask whether the trace has been told to stop, and
/// has to return soon after that.
pub type During = Box<dyn FnOnce(&dyn Fn() -> bool) -> Result<()> + Send>;

/// Is told of every event before it is written. It must not block for long: events wait behind it.
pub type Tap = Box<dyn FnMut(&Event) + Send>;

/// What runs beside a trace, and what the trace does for it.
pub struct Beside {
    /// What happens meanwhile.
    pub during: During,
    /// Is told of every event.
    pub tap: Option<Tap>,
    /// Goes on in a new file at SIGHUP, and is given the end of the old one; without it SIGHUP ends the trace.
    pub reopen: Option<Tap>,
    /// Is told of a kill before anything is worked out for it.
    pub first: Option<First>,
    /// The trace goes on for so long after `during`, for records that come late.
    pub linger: Duration,
    /// Signals are handled by `during`, and end the trace only through it.
    pub own_signals: bool,
}

impl From<During> for Beside {
    fn from(during: During) -> Self {
        Self { during, tap: None, reopen: None, first: None, linger: LINGER, own_signals: false }
    }
}

/// Runs a session until it is told to stop, and writes to `sink` if there is one. With something `beside`, the trace ends a little after that at the latest.
///
/// # Errors
/// When the output fails, or what runs beside does.
pub fn run(
    mut session: Session,
    settings: &Settings,
    sink: Option<Sink>,
    beside: Option<Beside>,
) -> Result<Ended> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(async {
        // Before anything is written, so that no signal after the header goes unheard.
        let ours = !beside.as_ref().is_some_and(|beside| beside.own_signals);
        let reopens = sink.as_ref().is_some_and(|sink| sink.output.can_reopen())
            || beside.as_ref().is_some_and(|beside| beside.reopen.is_some());
        let mut stop = Stop::new(settings, ours, reopens)?;
        let mut source = Source::take(&mut session)?;
        let (during, tap, reopen, first, linger) = match beside {
            Some(Beside { during, tap, reopen, first, linger, .. }) => {
                (Some(during), tap, reopen, first, linger)
            }
            None => (None, None, None, None, LINGER),
        };
        let (worker, header) = prepare::prepare(&mut session, settings, sink, (tap, reopen))?;
        if source.ring.is_none() {
            source.kmsg = worker.log.as_ref().map(|log| source::watch(log.fd())).transpose()?;
        }
        let shared = Arc::clone(&worker.shared);
        let early = first.map(|first| Early::start(&worker, first)).transpose()?;
        let (jobs, inbox) = channel();
        let thread = thread("oomtrace-out", move || worker.run(header, &inbox))?;
        let background = during.map(|during| background(during, linger, Arc::clone(&shared))).transpose()?;
        // What the event path frees later must not be malloc's.
        crate::survive::use_pool();
        let mut path = EventPath::new(&mut session, jobs, early, Arc::clone(&shared));
        crate::survive::run_first();
        let followed = path.follow(&mut source, &mut stop).await;
        path.shared.stop();
        path.finish(&mut source);
        let tally = join(thread);
        followed?;
        if let Some(background) = background {
            background
                .join()
                .map_err(|_| anyhow!("the background thread failed; this is a bug in oomtrace"))??;
        }
        let tally = tally?;
        Ok(Ended { reported: tally.kills - tally.filtered, until: shared.until() })
    })
}

/// A thread with a small stack: it is locked in memory as a whole.
pub(super) fn thread<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    let run = move || {
        crate::survive::prefault_stack();
        run()
    };
    builder.spawn(run).with_context(|| format!("starting the thread {name}"))
}

/// Runs `during` beside the trace and ends the trace after it: at once when it failed, else when its records had time
/// to arrive.
fn background(during: During, linger: Duration, shared: Arc<Shared>) -> Result<JoinHandle<Result<()>>> {
    thread("oomtrace-during", move || {
        let is_over = || shared.done.load(Ordering::Acquire);
        let result = during(&is_over);
        let end = Instant::now() + linger;
        while result.is_ok() && !is_over() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        shared.stop();
        result
    })
}

fn join(thread: JoinHandle<Result<Tally>>) -> Result<Tally> {
    thread.join().map_err(|_| anyhow!("the output thread failed; this is a bug in oomtrace"))?
}

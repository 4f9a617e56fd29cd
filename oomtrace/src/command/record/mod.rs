//! `oomtrace record`: keeps evidence of kills, also through a machine without memory and the death of the recorder.

mod args;
mod memory;
mod recorder;
mod short;
mod shorts;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::model::{Event, Incident};
use crate::output::Owner;
use crate::trace::{self, Beside, Session};
use memory::Sampler;
use recorder::Recorder;

pub use args::RecordArgs;

/// How often the end is looked for.
const TICK: Duration = Duration::from_millis(50);

/// Records until told to stop.
///
/// # Errors
/// When nothing can be traced here, or the file can't be written; each names cause and remedy. What was written before is
/// valid.
pub fn run(args: &RecordArgs) -> Result<()> {
    let owner = Owner::of_process()?;
    crate::survive::one_arena();
    crate::survive::no_huge_pages();
    if let Err(error) = crate::survive::keep_pool() {
        log::warn!("no memory is kept for kills ({error}): one while memory is out may not reach the disk");
    }
    // All room is taken before memory is locked and the first kill can come.
    let recorder = Arc::new(Mutex::new(Recorder::create(args, &owner)?));
    let settings = args.settings();
    let session = Session::open(&settings)?;
    let sampler = args.every().map(|every| (every, Sampler::new(&session.roots)));
    let (written, sampled, reopened) = (Arc::clone(&recorder), Arc::clone(&recorder), Arc::clone(&recorder));
    let can_reopen = lock(&recorder).can_reopen();
    let shorts = lock(&recorder).shorts();
    let first = move |incident: &Incident, is_sure: bool| lock(&shorts).put(incident, is_sure);
    let tap = move |event: &Event| lock(&written).event(event);
    let during = move |is_over: &dyn Fn() -> bool| {
        sample(&sampled, sampler, is_over);
        Ok(())
    };
    let beside = Beside {
        during: Box::new(during),
        tap: Some(Box::new(tap)),
        reopen: can_reopen
            .then(|| Box::new(move |footer: &Event| lock(&reopened).reopen(footer)) as trace::Tap),
        first: Some(Box::new(first)),
        linger: Duration::ZERO,
        own_signals: false,
    };
    let ended = trace::run(session, &settings, None, Some(beside));
    let recorder = Arc::into_inner(recorder)
        .map(|recorder| recorder.into_inner().unwrap_or_else(PoisonError::into_inner));
    // After a signal it is not waited for longer than that.
    let until = ended.as_ref().ok().and_then(|ended| ended.until);
    let finished = recorder.map_or(Ok(()), |recorder| recorder.finish(until));
    let ended = ended?;
    finished?;
    if !args.quiet {
        crate::output::tell(&format!("{} OOM kills recorded in {:?}", ended.reported, args.output));
    }
    Ok(())
}

/// Puts samples beside the kills until the trace is over.
fn sample(recorder: &Mutex<Recorder>, sampler: Option<(Duration, Sampler)>, is_over: &dyn Fn() -> bool) {
    let Some((every, mut sampler)) = sampler else {
        while !is_over() {
            std::thread::sleep(TICK);
        }
        return;
    };
    let mut next = Instant::now();
    while !is_over() {
        if Instant::now() < next {
            std::thread::sleep(TICK.min(every));
            continue;
        }
        let event = Event::Sample(sampler.take());
        lock(recorder).event(&event);
        // A sample that took long is not made up for.
        next = (next + every).max(Instant::now());
    }
}

fn lock<T>(writer: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

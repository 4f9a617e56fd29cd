//! The sampler's thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use super::pressure::Pressure;
use super::{History, Sampler};
use crate::kernel::Roots;

/// It is locked in memory as a whole.
const STACK: usize = 128 * 1024;
/// Longest sleep, so that an end is noticed.
const NAP: Duration = Duration::from_millis(250);
/// How long the history may be in use by the sampler; an insertion takes a few ms, unless its processor is taken from it or it
/// waits for memory.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same after it was in vain.
const SHORT_PATIENCE: Duration = Duration::from_millis(30);

/// A sampler that runs in a thread of its own, until this is dropped.
#[derive(Debug)]
pub struct Running {
    history: Arc<Mutex<History>>,
    stop: Arc<AtomicBool>,
    /// It was waited for in vain the last time.
    in_vain: AtomicBool,
}

impl Running {
    /// The history, unless the sampler keeps it for much longer than an insertion takes.
    #[must_use]
    pub fn history(&self) -> Option<MutexGuard<'_, History>> {
        let patience = if self.in_vain.load(Ordering::Relaxed) { SHORT_PATIENCE } else { PATIENCE };
        let deadline = Instant::now() + patience;
        let history = loop {
            match self.history.try_lock() {
                Ok(history) => break Some(history),
                Err(TryLockError::Poisoned(poisoned)) => break Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => break None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(200)),
            }
        };
        self.in_vain.store(history.is_none(), Ordering::Relaxed);
        history
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not waited for: it may be held up in a read that does not answer.
        self.stop.store(true, Ordering::Release);
    }
}

/// Starts the thread.
///
/// # Errors
/// When the system refuses another thread.
pub fn start(mut sampler: Sampler, roots: &Roots) -> std::io::Result<Running> {
    let stop = Arc::new(AtomicBool::new(false));
    let history = sampler.history();
    let mut pressure = Pressure::open(roots);
    let stopped = Arc::clone(&stop);
    let run = move || {
        while !stopped.load(Ordering::Acquire) {
            let pause = sampler.step();
            if pressure.wait(pause.min(NAP)) {
                sampler.pressure();
                // The trigger fires once in its window; this keeps a broken one from making it spin.
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    };
    std::thread::Builder::new().name("oomtrace-smpl".to_owned()).stack_size(STACK).spawn(run)?;
    Ok(Running { history, stop, in_vain: AtomicBool::new(false) })
}

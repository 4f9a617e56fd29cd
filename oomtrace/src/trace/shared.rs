//! What the event path and the worker share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// After a signal: when jobs are no longer done, and when the output is no longer waited for.
const JOBS_AFTER: Duration = Duration::from_millis(800);
const OUTPUT_AFTER: Duration = Duration::from_millis(1_500);

/// Shared with the event loop.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Set when the worker can't or need not go on: closed pipe, count reached, failed output.
    pub done: AtomicBool,
    /// Wakes the event loop to look at `done`.
    pub wake: Notify,
    /// Jobs waiting.
    pub waiting: AtomicU64,
    /// Their bytes, about.
    pub weight: AtomicU64,
    /// When a signal came.
    pub hurried: OnceLock<Instant>,
    /// Kills that the worker was not told of, for want of memory.
    pub left_out: AtomicU64,
}

impl Shared {
    /// A signal has come: everything ends soon.
    pub(super) fn hurry(&self) {
        let _ = self.hurried.set(Instant::now());
    }

    /// Whether it came so long ago that no further job is done.
    pub(super) fn is_late(&self) -> bool {
        self.hurried.get().is_some_and(|at| at.elapsed() > JOBS_AFTER)
    }

    /// How long the output is waited for; `None` for as long as it gets on.
    pub(super) fn until(&self) -> Option<Instant> {
        self.hurried.get().map(|at| *at + OUTPUT_AFTER)
    }

    /// Ends the trace.
    pub(super) fn stop(&self) {
        self.done.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

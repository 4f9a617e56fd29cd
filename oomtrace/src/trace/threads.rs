//! Threads of a trace.

use std::thread::JoinHandle;

use anyhow::{Context as _, Result};

/// Stack of a thread.
const STACK: usize = 256 * 1024;
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

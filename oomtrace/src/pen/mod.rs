//! Writing without being waited for: records go into a queue of bounded size, and a thread of its own brings them out.
//!
//! The reader of a pipe may have stopped, a terminal may be held, a disk may be full or slow: none of that holds up whoever has
//! something to write. What fails is tried again, in order. While the queue is full and nothing moves, what is new is left out
//! and counted, so that what is written stays the beginning of the stream. The end waits for the queue, but not for ever.

mod account;
mod nib;
mod sinks;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

pub(crate) use crate::output::Standing;
use crate::output::Wrote;
pub use account::{Account, Count};
use nib::Nib;
pub use sinks::Packed;

/// Bytes that may wait.
const ROOM: usize = 8 << 20;
/// With nothing written for so long the output does not get on.
const STUCK: Duration = Duration::from_millis(700);
/// Stack of the thread.
const STACK: usize = 256 * 1024;

/// What a pen writes to.
pub trait Sink: Send {
    /// Writes all of a block; after a failure the same block is given again.
    ///
    /// # Errors
    /// Names the output, the cause and what to do about it.
    fn write(&mut self, block: &[u8]) -> Result<Wrote>;
    /// Brings what was written to the disk.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn sync(&mut self) -> Result<()>;
    /// Whether it has a name that may come to lead elsewhere.
    fn may_move(&self) -> bool;
    /// Whether the file is still where it was opened.
    fn standing(&self) -> Standing;
    /// Opens the name anew, and goes on there; what was open stays where that fails.
    ///
    /// # Errors
    /// As opening.
    fn reopen(&mut self) -> Result<()>;
    /// Ends the file well.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn finish(&mut self) -> Result<()>;
    /// For messages.
    fn name(&self) -> String;
}

/// Writes the last block, knowing what came of all before.
pub type Last = Box<dyn FnOnce(&Account) -> Vec<u8> + Send>;

enum Item {
    Block {
        text: Vec<u8>,
        count: Count,
        sync: bool,
    },
    /// What a file ends with that another one follows, and then the other.
    Reopen(Vec<u8>),
    Last(Last),
}

impl Item {
    fn length(&self) -> usize {
        match self {
            Self::Block { text, .. } | Self::Reopen(text) => text.len(),
            Self::Last(_) => 0,
        }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<Item>,
    /// Bytes in the queue, and in the block that is being written.
    bytes: usize,
    account: Account,
    /// The block that is being written.
    in_hand: Count,
    /// What a new file begins with.
    header: Vec<u8>,
    /// When something was written last, or nothing was to be written.
    moved: Option<Instant>,
    /// Not waited for any more: what is in the queue is counted as unwritten.
    is_given_up: bool,
    /// The end is near: nothing is waited for when the queue is full.
    is_hurried: bool,
    is_done: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what is to be written.
pub struct Pen {
    shared: Arc<Shared>,
}

impl Pen {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(sink: Box<dyn Sink>) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.lock().moved = Some(Instant::now());
        let nib = Nib::new(Arc::clone(&shared), sink);
        let builder = std::thread::Builder::new().name("oomtrace-pen".to_owned()).stack_size(STACK);
        let run = move || {
            crate::survive::prefault_stack();
            nib.run();
        };
        builder.spawn(run).context("starting the thread that writes")?;
        Ok(Self { shared })
    }

    /// What the stream begins with, and each file after the first.
    pub fn header(&self, text: Vec<u8>) -> Wrote {
        self.shared.lock().header.clone_from(&text);
        self.put(text, Count::one(false), true)
    }

    /// Takes a block of whole lines. `sync` brings it to the disk at once. Where the queue is full this waits for as long as
    /// the output gets on; then the block is left out and counted.
    pub fn put(&self, text: Vec<u8>, count: Count, sync: bool) -> Wrote {
        let mut state = self.shared.lock();
        while !state.account.is_closed && state.bytes + text.len() > ROOM && state.bytes > 0 {
            let left = state.moved.map_or(STUCK, |at| STUCK.saturating_sub(at.elapsed()));
            if left.is_zero() || state.is_hurried {
                state.account.unwritten.add(count);
                return Wrote::All;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.account.is_closed {
            return Wrote::Closed;
        }
        self.push(&mut state, Item::Block { text, count, sync });
        Wrote::All
    }

    /// What was left out so far.
    #[must_use]
    pub fn unwritten(&self) -> Count {
        self.shared.lock().account.unwritten
    }

    /// Whether there is room, so that what was left out can be said.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.lock().bytes < ROOM / 2
    }

    /// Goes on in a new file of the same name, which begins with the header; `text` ends the old one.
    pub fn reopen(&self, text: Vec<u8>) {
        self.push(&mut self.shared.lock(), Item::Reopen(text));
    }

    /// Writes `last` after all before, and waits for it: for as long as the output gets on, but at most `until`.
    #[must_use]
    pub fn finish(self, last: Option<Last>, until: Option<Instant>) -> Account {
        let mut state = self.shared.lock();
        let last = last.unwrap_or_else(|| Box::new(|_| Vec::new()));
        self.push(&mut state, Item::Last(last));
        while !state.is_done {
            let stuck = state.moved.map_or(STUCK, |at| STUCK.saturating_sub(at.elapsed()));
            let left =
                until.map_or(stuck, |until| stuck.min(until.saturating_duration_since(Instant::now())));
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if !state.is_done {
            state.is_given_up = true;
            let in_hand = state.in_hand;
            state.account.unwritten.add(in_hand);
            for item in std::mem::take(&mut state.queue) {
                if let Item::Block { count, .. } = item {
                    state.account.unwritten.add(count);
                }
            }
            if state.account.unwritten.records == 0 && !state.account.is_closed {
                let why = state.account.why.clone();
                let why = why.unwrap_or_else(|| account::NOT_READ.to_owned());
                state.account.unsynced.get_or_insert(format!("the end could not be written: {why}"));
            }
            self.shared.changed.notify_all();
        }
        state.account.clone()
    }

    fn push(&self, state: &mut State, item: Item) {
        if state.queue.is_empty() && state.bytes == 0 {
            state.moved = Some(Instant::now());
        }
        state.bytes += item.length();
        state.queue.push_back(item);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;

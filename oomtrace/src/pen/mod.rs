//! Writing without being waited for: records go into a queue of bounded size, and a thread of its own brings them out.
//!
//! The reader of a pipe may have stopped, a terminal may be held, a disk may be full or slow: none of that holds up whoever has
//! something to write. What fails is tried again, in order. While the queue is full and nothing moves, what is new is left out
//! and counted, so that what is written stays the beginning of the stream. The end waits for the queue, but not for ever.

mod sinks;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::output::Wrote;
pub use sinks::Packed;

/// Bytes that may wait.
const ROOM: usize = 8 << 20;
/// With nothing written for so long the output does not get on.
const STUCK: Duration = Duration::from_millis(700);
/// Between two attempts of a write that fails.
const AGAIN: Duration = Duration::from_millis(250);
/// Between two looks at a file while there is nothing to write.
const LOOK: Duration = Duration::from_secs(1);
/// Stack of the thread.
const STACK: usize = 256 * 1024;

/// Where the file is that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Under its name; also what has no name.
    InPlace,
    /// It has another name by now, or none that is known.
    Renamed,
    /// It has no name any more: what is written to it is lost.
    Deleted,
}

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

/// Records, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub records: u64,
    /// Kills among them.
    pub kills: u64,
}

impl Count {
    /// One record.
    #[must_use]
    pub fn one(is_kill: bool) -> Self {
        Self { records: 1, kills: u64::from(is_kill) }
    }

    fn add(&mut self, other: Self) {
        self.records += other.records;
        self.kills += other.kills;
    }
}

/// What is known when the end is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What did not reach the output.
    pub unwritten: Count,
    /// What did.
    pub written: Count,
    /// How often the output was deleted, and so made anew.
    pub deleted: u64,
    /// Why something did not reach it.
    pub why: Option<String>,
    /// The disk did not take what it had accepted.
    pub unsynced: Option<String>,
    /// The reader has gone, who needs no more.
    pub is_closed: bool,
}

impl Account {
    /// What the end of a stream should say; empty when all is well.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let records = self.unwritten.records;
        if records > 0 {
            let why = self.why.as_deref().unwrap_or(NOT_READ);
            notes.push(format!("{records} records could not be written: {why}"));
        }
        notes.extend(self.unsynced.clone());
        if self.deleted > 0 {
            notes.push(format!(
                "the output was deleted {} times while it was written to: a new one was made each time",
                self.deleted
            ));
        }
        notes
    }
}

/// Why, where no write failed.
const NOT_READ: &str = "the output takes no more (its reader has stopped, or the disk hangs)";

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
        let nib = Nib {
            shared: Arc::clone(&shared),
            sink,
            is_failing: false,
            is_stranded: false,
            was: Standing::InPlace,
        };
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
        self.put(text, Count::default(), true)
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

    /// From now on nothing is waited for.
    pub fn hurry(&self) {
        self.shared.lock().is_hurried = true;
        self.shared.changed.notify_all();
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

/// The thread that writes.
struct Nib {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    is_failing: bool,
    /// No new file could be opened, and that was said.
    is_stranded: bool,
    was: Standing,
}

impl Nib {
    fn run(mut self) {
        while let Some(item) = self.next() {
            let is_last = matches!(item, Item::Last(_));
            let length = item.length();
            let is_open = match item {
                Item::Block { text, count, sync } => self.block(&text, count, sync),
                Item::Reopen(text) => self.block(&text, Count::default(), false) && self.reopen(),
                Item::Last(last) => {
                    let account = self.shared.lock().account.clone();
                    let text = last(&account);
                    self.block(&text, Count::default(), false) && self.end()
                }
            };
            let mut state = self.shared.lock();
            state.in_hand = Count::default();
            state.bytes = state.bytes.saturating_sub(length);
            state.moved = Some(Instant::now());
            state.is_done = is_last || !is_open;
            self.shared.changed.notify_all();
            if state.is_done {
                return;
            }
        }
    }

    /// Waits for something to write, and looks after the file meanwhile.
    fn next(&mut self) -> Option<Item> {
        loop {
            let mut state = self.shared.lock();
            if state.is_given_up {
                return None;
            }
            if let Some(item) = state.queue.pop_front() {
                if let Item::Block { count, .. } = &item {
                    state.in_hand = *count;
                }
                return Some(item);
            }
            if self.sink.may_move() {
                drop(self.shared.changed.wait_timeout(state, LOOK));
                self.look();
            } else {
                drop(self.shared.changed.wait(state));
            }
        }
    }

    /// Writes a block, for as long as it takes; false when nobody reads any more, or it is not waited for.
    fn block(&mut self, text: &[u8], count: Count, sync: bool) -> bool {
        self.look();
        loop {
            let tried = if text.is_empty() { Ok(Wrote::All) } else { self.sink.write(text) };
            match tried {
                Ok(Wrote::All) => {
                    // What the disk did not take after all can't be told apart: the end says it.
                    let synced = if sync { self.sink.sync() } else { Ok(()) };
                    self.works(synced.err(), count);
                    return true;
                }
                Ok(Wrote::Closed) => {
                    self.shared.lock().account.is_closed = true;
                    return false;
                }
                Err(error) => self.fails(&error),
            }
            if !self.pause() {
                return false;
            }
            self.look();
        }
    }

    fn works(&mut self, unsynced: Option<anyhow::Error>, count: Count) {
        if std::mem::take(&mut self.is_failing) {
            log::warn!("{} can be written to again; what waited is written", self.sink.name());
        }
        let account = &mut self.shared.lock().account;
        account.written.add(count);
        if account.unwritten.records == 0 {
            account.why = None;
        }
        if let Some(error) = unsynced {
            account.unsynced = Some(format!("{error:#}"));
        }
    }

    fn fails(&mut self, error: &anyhow::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            log::warn!("{error:#}; it is tried again, and {} MiB of records are kept for then", ROOM >> 20);
        }
        self.shared.lock().account.why = Some(format!("{error:#}"));
    }

    /// Waits before another attempt; false when that is of no use any more. A new file is used as soon as one is asked for.
    fn pause(&mut self) -> bool {
        let state = self.shared.lock();
        let is_asked = |item: &Item| matches!(item, Item::Reopen(_));
        if !state.queue.iter().any(is_asked) {
            if state.is_given_up {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(state, AGAIN);
            return !waited.unwrap_or_else(PoisonError::into_inner).0.is_given_up;
        }
        let mut state = state;
        if let Some(at) = state.queue.iter().position(is_asked)
            && let Some(item) = state.queue.remove(at)
        {
            // It would end a file that takes no more.
            state.bytes = state.bytes.saturating_sub(item.length());
        }
        drop(state);
        self.reopen()
    }

    /// Looks whether the file is still where it was opened. One that was deleted is made anew, since nobody would find what is
    /// written; one that was renamed is written on until a new one is asked for.
    fn look(&mut self) {
        match self.sink.standing() {
            Standing::InPlace => self.was = Standing::InPlace,
            Standing::Renamed => {
                if std::mem::replace(&mut self.was, Standing::Renamed) == Standing::InPlace {
                    log::warn!(
                        "{} was renamed or replaced: records go on into the old file until SIGHUP",
                        self.sink.name()
                    );
                }
            }
            Standing::Deleted => {
                if std::mem::replace(&mut self.was, Standing::Deleted) != Standing::Deleted {
                    log::warn!("{} was deleted: it is made anew", self.sink.name());
                    self.shared.lock().account.deleted += 1;
                }
                self.reopen();
            }
        }
    }

    /// Goes on in a new file, or in the old one where none can be opened.
    fn reopen(&mut self) -> bool {
        if let Err(error) = self.sink.reopen() {
            if !std::mem::replace(&mut self.is_stranded, true) {
                log::warn!("{error:#}; records go on into the old file");
            }
            return true;
        }
        (self.was, self.is_stranded) = (Standing::InPlace, false);
        let header = self.shared.lock().header.clone();
        loop {
            match self.sink.write(&header) {
                Ok(Wrote::All) => return true,
                Ok(Wrote::Closed) => return false,
                Err(error) => self.fails(&error),
            }
            let state = self.shared.lock();
            let waited = self.shared.changed.wait_timeout(state, AGAIN);
            if waited.unwrap_or_else(PoisonError::into_inner).0.is_given_up {
                return false;
            }
        }
    }

    fn end(&mut self) -> bool {
        if let Err(error) = self.sink.finish() {
            self.shared.lock().account.unsynced = Some(format!("{error:#}"));
        }
        true
    }
}

#[cfg(test)]
mod tests;

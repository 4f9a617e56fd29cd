//! The thread that writes: block after block, again where it fails, and into a new file where the old one is gone.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{Count, Item, ROOM, Shared, Sink, Standing};
use crate::output::Wrote;

/// Between two looks at a file while there is nothing to write.
const LOOK: Duration = Duration::from_secs(1);
/// Between two attempts of a write that fails.
const AGAIN: Duration = Duration::from_millis(250);
/// The thread that writes.
pub(super) struct Nib {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    is_failing: bool,
    /// No new file could be opened, and that was said.
    is_stranded: bool,
    was: Standing,
}

impl Nib {
    pub(super) fn new(shared: Arc<Shared>, sink: Box<dyn Sink>) -> Self {
        Self { shared, sink, is_failing: false, is_stranded: false, was: Standing::InPlace }
    }

    pub(super) fn run(mut self) {
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

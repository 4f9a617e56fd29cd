//! The first account of a kill: from its records alone, in a thread that waits for nothing else, neither for memory nor for
//! the worker.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::Result;

use super::worker::{Worker, locate};
use crate::collect::{Builder, Draft};
use crate::filter::{Filter, Verdict};
use crate::model::Incident;

/// Kills that may wait; their first account is left out beyond it.
const WAITING: usize = 1024;

/// Is told of a kill as soon as its records are complete, before anything is read or worked out for it, and whether the
/// filters are sure of it. It is called in a thread that takes its memory from the pool ([`crate::survive::use_pool`]).
pub type First = Box<dyn FnMut(&Incident, bool) + Send>;

/// The way to that thread.
pub(super) struct Early {
    kills: SyncSender<(Arc<Draft>, u64)>,
    thread: JoinHandle<()>,
}

impl Early {
    /// Starts it.
    pub(super) fn start(worker: &Worker, tell: First) -> Result<Self> {
        let builder = Builder::new(worker.builder.facts().clone());
        let (filter, count) = (worker.filter.clone(), worker.count);
        let (kills, inbox) = sync_channel(WAITING);
        let run = move || follow(&inbox, &builder, &filter, count, tell);
        Ok(Self { kills, thread: super::run::thread("oomtrace-first", run)? })
    }

    /// Hands over a kill and the number of records lost so far.
    pub(super) fn tell(&self, draft: &Arc<Draft>, lost: u64) {
        // A disk that is slower than the kills: the worker's account is all there will be.
        let _ = self.kills.try_send((Arc::clone(draft), lost));
    }

    /// Waits until all is written.
    pub(super) fn finish(self) {
        drop(self.kills);
        let _ = self.thread.join();
    }
}

fn follow(
    inbox: &Receiver<(Arc<Draft>, u64)>,
    builder: &Builder,
    filter: &Filter,
    count: Option<u64>,
    mut tell: First,
) {
    crate::survive::run_first();
    crate::survive::use_pool();
    let mut told = 0;
    for (draft, lost) in inbox {
        if count.is_some_and(|count| told >= count) {
            continue;
        }
        let mut incident = builder.build(&draft, lost);
        locate(&mut incident);
        let verdict = filter.verdict(&incident);
        if verdict != Verdict::No {
            told += u64::from(verdict == Verdict::Yes);
            tell(&incident, verdict == Verdict::Yes);
        }
    }
}

//! Records on their way to the sinks.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Result;

use crate::agent::config::Settings;
use crate::agent::sinks::{Account, Helper, Kind, Outbox};
use crate::agent::spool::Spool;
use crate::kernel::clock;
use crate::model::Event;

/// Records that are kept in memory, so that the spool need not be read for what has just come.
const KEPT: usize = 64;

/// The queues, and the latest records.
pub(super) struct Delivery {
    outbox: Outbox,
    kept: VecDeque<(u64, Arc<Event>)>,
    settings: Settings,
}

impl Delivery {
    /// Starts the threads of the sinks; `queued` is what earlier runs left.
    pub(super) fn new(settings: &Settings, helper: Option<Helper>) -> Self {
        Self { outbox: Outbox::new(helper), kept: VecDeque::new(), settings: settings.clone() }
    }

    /// Uses the sinks of `settings`.
    pub(super) fn set(
        &mut self,
        settings: &Settings,
        queued: Vec<(String, u64)>,
        spool: &mut Spool,
    ) -> Result<()> {
        self.settings = settings.clone();
        let gone = self.outbox.set(&settings.sinks, &settings.labels, queued)?;
        if !gone.is_empty() {
            log::warn!(
                "{} records wait for sinks that are not configured any more: they are given up",
                gone.len()
            );
        }
        gone.iter().for_each(|(name, seq)| spool.delivered(name, *seq));
        Ok(())
    }

    /// Whether the sinks differ.
    pub(super) fn differs(&self, settings: &Settings) -> bool {
        self.settings.sinks != settings.sinks || self.settings.labels != settings.labels
    }

    /// Whether a helper is missing that runs programs.
    pub(super) fn needs_helper(settings: &Settings) -> bool {
        settings.sinks.iter().any(|sink| sink.kind() == Kind::Exec)
    }

    /// Makes sure that a record will go to its sinks, also if the agent dies before it has been handed on.
    pub(super) fn promise(&self, event: &Event, seq: u64, spool: &mut Spool) {
        for sink in self.settings.sinks.iter().filter(|sink| sink.takes(event)) {
            spool.queue(sink.name(), seq);
        }
    }

    /// Hands on a record that is as complete as it will be.
    pub(super) fn push(&mut self, event: Event, seq: u64, spool: &mut Spool) {
        let (_, gone) = self.outbox.push(&event, seq);
        gone.iter().for_each(|(name, seq)| spool.delivered(name, *seq));
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((seq, Arc::new(event)));
    }

    /// Brings out what is due.
    pub(super) fn turn(&mut self, spool: &mut Spool) {
        let kept = &self.kept;
        let fetch = |seq| {
            let known =
                kept.iter().rev().find(|(known, _)| *known == seq).map(|(_, event)| Arc::clone(event));
            known.or_else(|| spool.get(seq).map(Arc::new))
        };
        let done = self.outbox.turn(clock::monotonic_ns() / 1000, fetch);
        done.iter().for_each(|(name, seq)| spool.delivered(name, *seq));
    }

    /// Whether an answer is waited for.
    pub(super) fn is_busy(&self) -> bool {
        self.outbox.is_busy()
    }

    /// What became of each sink's records.
    pub(super) fn accounts(&self) -> Vec<(String, Account)> {
        self.outbox.accounts()
    }
}

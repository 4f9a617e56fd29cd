//! What is still to be delivered, sink by sink.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::backoff::wait;
use super::helper::Helper;
use super::http::Delivery;
use super::sink::{Kind, Sink};
use super::worker::{Job, Worker};
use crate::model::Event;

/// Records that may wait for one sink; beyond it the oldest give way.
const MOST: usize = 10_000;
/// Tries of a record that the other side refuses.
const TRIES: u32 = 5;

/// What became of a sink's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Delivered.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Given up: refused, or no longer in the spool.
    pub dropped: u64,
    /// Waiting.
    pub waiting: u64,
}

struct Lane {
    sink: Sink,
    worker: Worker,
    queue: VecDeque<u64>,
    in_flight: Option<u64>,
    failures: u32,
    next: Instant,
    account: Account,
}

/// All queues.
#[derive(Default)]
pub struct Outbox {
    lanes: Vec<Lane>,
    helper: Option<Helper>,
}

impl Outbox {
    /// With a helper for programs.
    #[must_use]
    pub fn new(helper: Option<Helper>) -> Self {
        Self { lanes: Vec::new(), helper }
    }

    /// Uses these sinks from now on. `queued` is what the spool has for them; what is for sinks that are gone is returned.
    ///
    /// # Errors
    /// A thread can't be started.
    pub fn set(
        &mut self,
        sinks: &[Sink],
        labels: &BTreeMap<String, String>,
        queued: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>> {
        let mut queues: BTreeMap<String, VecDeque<u64>> = BTreeMap::new();
        for (name, seq) in queued {
            queues.entry(name).or_default().push_back(seq);
        }
        for lane in std::mem::take(&mut self.lanes) {
            let queue = queues.entry(lane.sink.name().to_owned()).or_default();
            // What is under way is sent again: at least once.
            queue.extend(lane.in_flight.into_iter().chain(lane.queue));
        }
        for sink in sinks {
            let queue = queues.remove(sink.name()).unwrap_or_default();
            let helper = self.helper.clone().filter(|_| sink.kind() == Kind::Exec);
            self.lanes.push(Lane {
                worker: Worker::start(sink, labels, helper)?,
                sink: sink.clone(),
                queue,
                in_flight: None,
                failures: 0,
                next: Instant::now(),
                account: Account::default(),
            });
        }
        Ok(queues
            .into_iter()
            .flat_map(|(name, queue)| queue.into_iter().map(move |seq| (name.clone(), seq)))
            .collect())
    }

    /// Queues a record; returns the sinks that it is for, and what had to give way.
    pub fn push(&mut self, event: &Event, seq: u64) -> (Vec<String>, Vec<(String, u64)>) {
        let (mut names, mut gone) = (Vec::new(), Vec::new());
        for lane in self.lanes.iter_mut().filter(|lane| lane.sink.takes(event)) {
            lane.queue.push_back(seq);
            names.push(lane.sink.name().to_owned());
            if lane.queue.len() > MOST
                && let Some(oldest) = lane.queue.pop_front()
            {
                lane.account.dropped += 1;
                gone.push((lane.sink.name().to_owned(), oldest));
            }
        }
        (names, gone)
    }

    /// Brings out what is due; `fetch` gives a record by its number. Returns what is done with.
    pub fn turn(
        &mut self,
        chance: u64,
        mut fetch: impl FnMut(u64) -> Option<Arc<Event>>,
    ) -> Vec<(String, u64)> {
        let mut done = Vec::new();
        for lane in &mut self.lanes {
            let answer = lane.in_flight.and_then(|_| lane.worker.answer());
            if let Some(seq) = answer.and_then(|answer| lane.settle(answer, chance)) {
                done.push((lane.sink.name().to_owned(), seq));
            }
            while lane.in_flight.is_none() && Instant::now() >= lane.next {
                let Some(seq) = lane.queue.front().copied() else { break };
                let Some(event) = fetch(seq) else {
                    // It gave way in the spool.
                    lane.queue.pop_front();
                    lane.account.dropped += 1;
                    done.push((lane.sink.name().to_owned(), seq));
                    continue;
                };
                lane.queue.pop_front();
                lane.in_flight = Some(seq);
                let _ = lane.worker.give(Job { event });
            }
        }
        done
    }

    /// Whether something waits that can be brought out now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.lanes
            .iter()
            .any(|lane| lane.in_flight.is_some() || (!lane.queue.is_empty() && lane.failures == 0))
    }

    /// What became of each sink's records.
    #[must_use]
    pub fn accounts(&self) -> Vec<(String, Account)> {
        let account = |lane: &Lane| Account {
            waiting: lane.queue.len() as u64 + u64::from(lane.in_flight.is_some()),
            ..lane.account
        };
        self.lanes.iter().map(|lane| (lane.sink.name().to_owned(), account(lane))).collect()
    }
}

impl Lane {
    /// Takes an answer; the number of the record when it is done with.
    fn settle(&mut self, answer: Delivery, chance: u64) -> Option<u64> {
        let seq = self.in_flight.take()?;
        let name = self.sink.name().to_owned();
        let why = match answer {
            Delivery::Done => {
                if self.failures > 0 {
                    log::warn!("sink {name:?} takes records again");
                }
                (self.failures, self.account.delivered) = (0, self.account.delivered + 1);
                return Some(seq);
            }
            Delivery::Refused(why) if self.failures + 1 >= TRIES => {
                log::error!("sink {name:?} does not take a record, which is given up: {why}");
                self.failures = 0;
                self.account.failed += 1;
                self.account.dropped += 1;
                return Some(seq);
            }
            Delivery::Refused(why) | Delivery::Later(why) => why,
        };
        self.account.failed += 1;
        self.failures += 1;
        if self.failures == 1 {
            log::error!("sink {name:?} does not take records, which wait in the spool: {why}");
        }
        self.queue.push_front(seq);
        self.next = Instant::now() + wait(self.failures, chance);
        None
    }
}

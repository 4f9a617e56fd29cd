//! Memory of a chosen kind taken at a chosen pace: the generator of `oombench`.
//!
//! It writes down in a [`Ledger`] what it does, so that the truth about a kill comes from the one who caused it.

mod kernel;
mod pace;
mod pages;
mod spec;
mod store;
mod swarm;

use std::time::Duration;

use anyhow::Result;

use crate::oombench::ledger::{Entry, Ledger};
use crate::sys;
use pace::Pace;
use spec::Spec;
use store::Store;

/// Runs what `KEY=VALUE` arguments describe, until it is killed or its time is over.
pub(super) fn run(arguments: &[Vec<u8>]) -> Result<i32> {
    let spec = Spec::parse(arguments)?;
    match spec.children {
        Some(children) if spec.leaker.is_some() => swarm::pool(&spec, children),
        Some(children) => swarm::swarm(&spec, children),
        None => one(&spec, spec.slot),
    }
}

/// Time that passes for a process that grows. Where it had to wait for a CPU, what it missed is not made up for: a busy
/// machine slows a service down and does not let it grow in leaps.
struct Clock {
    last_ns: u64,
    sum: Duration,
}

impl Clock {
    /// The time so far; a tick was to take `pause`.
    fn tick(&mut self, pause: Duration) -> Duration {
        let now = sys::boottime_ns();
        self.sum += Duration::from_nanos(now - self.last_ns).min(pause * 3);
        self.last_ns = now;
        self.sum
    }
}

/// One process that grows.
fn one(spec: &Spec, slot: usize) -> Result<i32> {
    let ledger = spec.ledger.as_deref().map(Ledger::open).transpose()?;
    let mut base = pages::Pages::anon(spec.base, false)?;
    base.take(spec.base);
    let mut entry =
        Entry { pid: u64::from(std::process::id()), base: spec.base, ready: 1, ..Entry::default() };
    let note = |entry: &Entry| {
        if let Some(ledger) = &ledger {
            ledger.put(slot, entry);
        }
    };
    note(&entry);
    let mut store = Store::new(spec)?;
    std::thread::sleep(spec.wait);
    let mut pace = Pace::new(spec);
    entry.onset_ns = sys::boottime_ns();
    entry.last_ns = entry.onset_ns;
    note(&entry);
    let mut clock = Clock { last_ns: entry.onset_ns, sum: Duration::ZERO };
    loop {
        let elapsed = clock.tick(pace.pause());
        if spec.exit_after.is_some_and(|end| elapsed >= end) {
            return Ok(0);
        }
        let due = pace.due(elapsed);
        if due < store.held() {
            store.give_back(due);
        }
        while store.held() < due {
            let step = (due - store.held()).min(spec.step);
            store.take(step)?;
            entry.grown = store.held();
            entry.last_ns = sys::boottime_ns();
            note(&entry);
        }
        std::thread::sleep(pace.pause());
    }
}

//! Kills that may still be updated: a record waits for what comes later, so that whoever only inserts need not join.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::evidence::fold;
use crate::model::{Incident, Update};

/// How long a kill waits for its updates.
const WAIT: Duration = Duration::from_secs(2);
/// Kills that wait; in a storm the oldest wait less.
const MOST: usize = 64;

/// A kill that waits.
pub(super) struct Recent {
    /// Its number in the spool.
    pub(super) seq: u64,
    pub(super) incident: Incident,
    /// It was updated.
    pub(super) is_changed: bool,
    until: Instant,
}

/// Kills that wait.
#[derive(Default)]
pub(super) struct Waiting(VecDeque<Recent>);

impl Waiting {
    /// Takes a kill.
    pub(super) fn push(&mut self, seq: u64, incident: Incident) {
        self.0.push_back(Recent { seq, incident, is_changed: false, until: Instant::now() + WAIT });
    }

    /// Puts an update into its kill; gives it back when that does not wait.
    pub(super) fn update(&mut self, update: Update) -> Option<Update> {
        let Some(recent) = self.0.iter_mut().rev().find(|recent| recent.incident.id == update.id) else {
            return Some(update);
        };
        recent.is_changed |= fold::update(std::slice::from_mut(&mut recent.incident), update);
        None
    }

    /// The next one that has waited for long enough; all of them at the `end`.
    pub(super) fn pop(&mut self, end: bool) -> Option<Recent> {
        let first = self.0.front()?;
        let is_due = end || self.0.len() > MOST || Instant::now() >= first.until;
        if is_due { self.0.pop_front() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_finds_its_kill_while_it_waits() {
        let mut waiting = Waiting::default();
        waiting.push(1, Incident { id: "a".into(), ..Incident::default() });
        let update = |id: &str| Update { id: id.into(), notes: vec!["late".into()], ..Update::default() };
        assert!(waiting.update(update("b")).is_some());
        assert!(waiting.update(update("a")).is_none());
        assert!(waiting.pop(false).is_none());
        let recent = waiting.pop(true).unwrap();
        assert!(recent.is_changed && recent.incident.source.notes == ["late"]);
        assert!(waiting.update(update("a")).is_some());
    }
}

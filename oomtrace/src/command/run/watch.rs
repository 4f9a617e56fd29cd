//! What the trace told while the command ran.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::scope::Scope;
use crate::evidence::fold;
use crate::model::{Event, Footer, Header, Incident, Sigkill};
use crate::trace::Tap;

/// Whole records kept of the command's kills, and of others; all are counted.
const KEPT: usize = 64;
const KEPT_ELSEWHERE: usize = 8;
const KEPT_SIGKILLS: usize = 256;

/// All that was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Who speaks.
    pub(super) header: Option<Header>,
    /// The command's kills, the first of them.
    pub(super) kills: Vec<Incident>,
    /// How many of the command's kills there were.
    pub(super) count: u64,
    /// How many processes died in them.
    pub(super) victims: u64,
    /// Kills of others, the first of them.
    pub(super) elsewhere: Vec<Incident>,
    /// How many of others there were.
    pub(super) count_elsewhere: u64,
    /// SIGKILLs by others than the OOM killer, to anybody, the last of them: of a target's cgroup nothing need be known.
    pub(super) sigkills: VecDeque<Sigkill>,
    /// Why something may have been missed.
    pub(super) lost: Vec<String>,
    /// The sums at the end.
    pub(super) footer: Option<Footer>,
}

impl Seen {
    fn take(&mut self, event: &Event, scope: &Scope) {
        match event {
            Event::Header(header) => self.header = Some(header.clone()),
            Event::OomKill(incident) if scope.has(incident) => {
                self.count += 1;
                self.victims += victims_in(incident);
                keep(&mut self.kills, incident, KEPT);
            }
            Event::OomKill(incident) => {
                self.count_elsewhere += 1;
                keep(&mut self.elsewhere, incident, KEPT_ELSEWHERE);
            }
            Event::Update(update) => {
                let before = victims_of(&self.kills, &update.id);
                if fold::update(&mut self.kills, update.clone()) {
                    self.victims += victims_of(&self.kills, &update.id) - before;
                } else {
                    fold::update(&mut self.elsewhere, update.clone());
                }
            }
            Event::Sigkill(sigkill) => {
                if self.sigkills.len() == KEPT_SIGKILLS {
                    self.sigkills.pop_front();
                }
                self.sigkills.push_back((**sigkill).clone());
            }
            Event::Lost(lost) if self.lost.len() < KEPT => self.lost.push(lost.why.clone()),
            Event::Footer(footer) => self.footer = Some(footer.clone()),
            _ => {}
        }
    }

    /// Whether the OOM killer killed this process.
    pub(super) fn killed(&self, pid: u32) -> bool {
        let is = |incident: &Incident| incident.victims.iter().any(|v| v.pid == pid || v.ns_pid == Some(pid));
        self.kills.iter().chain(&self.elsewhere).any(is)
    }

    /// The SIGKILL that ended this process, when it was not the OOM killer's.
    pub(super) fn sigkill_to(&self, pid: u32) -> Option<&Sigkill> {
        self.sigkills.iter().rev().find(|sigkill| sigkill.target.pid == pid)
    }

    /// The last SIGKILL to a child of this process, when it was not the OOM killer's.
    pub(super) fn sigkill_to_child(&self, pid: u32) -> Option<&Sigkill> {
        self.sigkills.iter().rev().find(|sigkill| sigkill.target.ppid == Some(pid))
    }

    /// Whether the probes were attached throughout and nothing was lost.
    pub(super) fn is_complete(&self) -> bool {
        self.lost.is_empty() && self.footer.as_ref().is_some_and(|footer| footer.complete)
    }
}

/// A kill has a victim, also where nothing is known of it.
fn victims_in(incident: &Incident) -> u64 {
    incident.victims.len().max(1) as u64
}

/// Victims of the kill with this id, as far as it is kept.
fn victims_of(kept: &[Incident], id: &str) -> u64 {
    kept.iter().rev().find(|incident| incident.id == id).map_or(0, victims_in)
}

fn keep(kept: &mut Vec<Incident>, incident: &Incident, at_most: usize) {
    if kept.len() < at_most {
        kept.push(incident.clone());
    }
}

/// Shared between the trace and the command's supervisor.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Arc<Mutex<Seen>>);

impl Watch {
    /// What the trace is to tell.
    pub(super) fn tap(&self, scope: Scope) -> Tap {
        let seen = self.clone();
        Box::new(move |event| seen.lock().take(event, &scope))
    }

    /// Processes of the command that were seen killed by now.
    pub(super) fn victims(&self) -> u64 {
        self.lock().victims
    }

    /// All that was told.
    pub(super) fn into_seen(self) -> Seen {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Update, Victim, VictimExit};

    #[test]
    fn counted_though_not_all_are_kept() {
        let watch = Watch::default();
        let mut tap = watch.tap(Scope::System);
        let incident =
            |pid| Incident { victims: vec![Victim { pid, ..Victim::default() }], ..Incident::default() };
        for pid in 0..100 {
            tap(&Event::OomKill(Box::new(Incident { id: pid.to_string(), ..incident(pid) })));
        }
        // One of them is known already, from the kernel's log.
        let victims = [incident(777).victims, incident(7).victims].concat();
        let exits = vec![VictimExit { pid: 7, kill_to_exit_ns: 5, ..VictimExit::default() }];
        tap(&Event::Update(Update { id: "7".into(), victims, exits, ..Update::default() }));
        let seen = watch.into_seen();
        assert_eq!((seen.kills.len(), seen.count, seen.victims), (KEPT, 100, 101));
        assert_eq!(seen.kills[7].victims[0].kill_to_exit_ns, Some(5));
        assert!(seen.killed(7) && seen.killed(777) && !seen.killed(99_999));
        assert!(!seen.is_complete());
    }
}

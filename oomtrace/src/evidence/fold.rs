//! Later news of an incident, put into it.

use super::ring::SHORT;
use crate::model::{Incident, Update};

/// Kills among which that of an update is looked for, the newest first: a tracer remembers as many for late news.
const RECENT: usize = 4096;
/// Victims that updates may add to, and notes.
const VICTIMS: usize = 4096;
const NOTES: usize = 256;

/// Adds an update to the incident that it belongs to; false when that is not there.
pub(crate) fn update(incidents: &mut [Incident], update: Update) -> bool {
    // The newest first: an update follows its kill closely.
    let Some(incident) = incidents.iter_mut().rev().take(RECENT).find(|one| one.id == update.id) else {
        return false;
    };
    for victim in update.victims {
        let is_known = incident.victims.iter().any(|known| known.pid == victim.pid);
        if !is_known && incident.victims.len() < VICTIMS {
            incident.victims.push(victim);
        }
    }
    for exit in update.exits {
        if let Some(victim) = incident.victims.iter_mut().find(|victim| victim.pid == exit.pid) {
            victim.kill_to_exit_ns = Some(exit.kill_to_exit_ns);
            if !exit.cmdline.is_empty() {
                victim.cmdline = exit.cmdline;
            }
            victim.runtime = exit.runtime.or_else(|| victim.runtime.take());
        }
    }
    incident.source.notes.extend(update.notes);
    incident.source.notes.truncate(NOTES);
    true
}

/// Adds an incident; of two accounts of the same kill the later one counts, unless it is the shorter one.
pub(super) fn incident(incidents: &mut Vec<Incident>, new: Incident) {
    match incidents.iter_mut().rev().take(RECENT).find(|known| known.id == new.id && !new.id.is_empty()) {
        Some(_) if is_short(&new) => {}
        Some(known) => *known = new,
        None => incidents.push(new),
    }
}

/// Whether it was written in short, before all was known.
pub(super) fn is_short(incident: &Incident) -> bool {
    incident.source.notes.iter().any(|note| note == SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Runtime, Victim, VictimExit};

    fn known() -> Vec<Incident> {
        let victims = vec![Victim { pid: 7, ..Victim::default() }];
        vec![Incident { id: "a-1".into(), victims, ..Incident::default() }]
    }

    #[test]
    fn an_update_adds_what_is_new() {
        let mut incidents = known();
        let news = Update {
            id: "a-1".into(),
            exits: vec![
                VictimExit {
                    pid: 7,
                    kill_to_exit_ns: 5,
                    cmdline: vec!["java".into()],
                    runtime: Some(Runtime { environment_read: true, ..Runtime::default() }),
                },
                VictimExit { pid: 8, kill_to_exit_ns: 6, ..VictimExit::default() },
            ],
            victims: [7, 8].map(|pid| Victim { pid, ..Victim::default() }).into(),
            notes: vec!["late".into()],
        };
        assert!(update(&mut incidents, news));
        let [first, second] = incidents[0].victims.as_slice() else { panic!("{incidents:?}") };
        assert_eq!((first.kill_to_exit_ns, second.kill_to_exit_ns), (Some(5), Some(6)));
        assert_eq!((&first.cmdline[..], &second.cmdline[..]), (&["java".into()][..], &[][..]));
        assert!(first.runtime.as_ref().unwrap().environment_read && second.runtime.is_none());
        assert_eq!(incidents[0].source.notes, ["late"]);
    }

    #[test]
    fn an_update_of_another_kill_is_an_orphan() {
        assert!(!update(&mut known(), Update { id: "a-2".into(), ..Update::default() }));
    }

    #[test]
    fn the_later_account_of_a_kill_counts() {
        let mut incidents = known();
        incident(&mut incidents, Incident { id: "a-1".into(), boottime_ns: 9, ..Incident::default() });
        incident(&mut incidents, Incident { id: "a-2".into(), ..Incident::default() });
        assert_eq!(incidents.iter().map(|i| i.boottime_ns).collect::<Vec<_>>(), [9, 0]);
    }

    /// Two threads write them, so the short one may come second.
    #[test]
    fn a_short_account_replaces_none() {
        let mut incidents = known();
        let mut short = Incident { id: "a-1".into(), ..Incident::default() };
        short.source.notes.push(SHORT.into());
        incident(&mut incidents, short);
        assert_eq!(incidents[0].victims.len(), 1);
    }
}

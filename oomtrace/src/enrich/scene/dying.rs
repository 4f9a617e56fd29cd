//! Processes that are being killed: their files are not read, because reading `statm` or `status` would hold what their exit
//! is to free (see [`Process::read_unheld`](crate::enrich::process::Process::read_unheld)).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::top;
use crate::model::{Incident, Memory, TopProcess, Victim};

/// Processes remembered: those of a large group that is killed as a whole.
const KEPT: usize = 128;
/// For how long. Then a process that was killed is gone as a rule, and its number may be another one's.
const LONG: Duration = Duration::from_secs(10);

/// Processes that were killed a short time ago.
#[derive(Debug)]
pub(super) struct Dying(VecDeque<(u32, Instant)>);

impl Dying {
    /// With room for all, since the first ones come when memory is out.
    pub(super) fn new() -> Self {
        Self(VecDeque::with_capacity(KEPT))
    }

    pub(super) fn add(&mut self, pid: u32) {
        self.0.retain(|(dying, _)| *dying != pid);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((pid, Instant::now()));
    }

    /// The one that was added last.
    pub(super) fn latest(&self) -> Option<u32> {
        self.0.back().map(|(pid, _)| *pid)
    }

    pub(super) fn has(&self, pid: u32) -> bool {
        self.0.iter().any(|(dying, since)| *dying == pid && since.elapsed() < LONG)
    }
}

/// Adds to the largest processes of an incident's scene its victims, with what the kernel had counted for them.
pub(in crate::enrich) fn add_victims(incident: &mut Incident) {
    let Incident { victims, system: Some(system), .. } = incident else { return };
    for process in victims.iter().filter_map(process) {
        top::add(&mut system.top_processes, process);
    }
}

/// What a victim held; `None` where the kernel did not say.
fn process(victim: &Victim) -> Option<TopProcess> {
    let Memory { anon_bytes, file_bytes, shmem_bytes, swap_bytes, .. } = victim.memory;
    let others = file_bytes.unwrap_or(0).saturating_add(shmem_bytes.unwrap_or(0));
    let rss_bytes = anon_bytes?.saturating_add(others);
    Some(TopProcess { pid: victim.pid, comm: victim.comm.clone(), rss_bytes, swap_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;

    #[test]
    fn only_the_last_ones_are_remembered() {
        let mut dying = Dying::new();
        for pid in 0..=u32::try_from(KEPT).unwrap() {
            dying.add(pid);
            dying.add(pid);
        }
        assert!(!dying.has(0) && dying.has(1) && dying.0.len() == KEPT);
    }

    #[test]
    fn victims_take_their_place_among_the_largest() {
        let listed = |pid, rss_bytes| TopProcess { pid, rss_bytes, ..TopProcess::default() };
        let victim = |pid, anon_bytes| Victim {
            pid,
            memory: Memory { anon_bytes, file_bytes: Some(1), ..Memory::default() },
            ..Victim::default()
        };
        let top = (1..=10).map(|pid| listed(pid, 100 - u64::from(pid))).collect();
        let system = System { top_processes: top, ..System::default() };
        // One was read for an earlier kill, before its own; one is known by its name alone.
        let victims = vec![victim(50, Some(96)), victim(1, Some(5)), victim(60, None), victim(70, Some(3))];
        let mut incident = Incident { victims, system: Some(system), ..Incident::default() };
        add_victims(&mut incident);
        let top = incident.system.unwrap().top_processes;
        let seen: Vec<_> = top.iter().map(|process| (process.pid, process.rss_bytes)).collect();
        assert_eq!(seen[..3], [(2, 98), (50, 97), (3, 97)]);
        assert_eq!((seen.len(), seen[9]), (10, (1, 6)));
    }
}

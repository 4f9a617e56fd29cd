//! Earlier lives: what processes of the same executable in a cgroup of the same path needed before.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::enrich::identity::same_start;
use crate::model::{EARLIER_OF_ONE, Text, Victim};

/// Lives that are kept.
const MOST: usize = 512;
/// Of one workload.
const OF_ONE: usize = EARLIER_OF_ONE;
/// Shorter ones tell nothing about what a workload needs, unless the OOM killer ended them.
const WORTH_NS: u64 = 2_000_000_000;

/// A name as samples have it.
pub(super) fn comm_of(name: &Text) -> [u8; 16] {
    let mut comm = [0; 16];
    for (to, from) in comm[..15].iter_mut().zip(name.as_bytes()) {
        *to = *from;
    }
    comm
}

/// A life that has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) pid: u32,
    pub(super) comm: [u8; 16],
    pub(super) exe: Option<Arc<[u8]>>,
    pub(super) path: Option<Arc<[u8]>>,
    pub(super) start_ns: u64,
    pub(super) exit_ns: u64,
    /// Highest memory, in pages.
    pub(super) peak: u32,
    pub(super) killed: bool,
}

impl Ended {
    /// Whether both are lives of one workload.
    pub(super) fn same(&self, exe: Option<&[u8]>, comm: &[u8; 16], path: Option<&[u8]>) -> bool {
        let named = match (self.exe.as_deref(), exe) {
            (Some(one), Some(other)) => one == other,
            _ => self.comm == *comm,
        };
        named && path.is_some() && self.path.as_deref() == path
    }
}

/// The last lives, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Lives {
    all: VecDeque<Ended>,
}

impl Lives {
    /// Keeps a life, if it is worth it; of one workload the oldest gives way, else the oldest of all.
    pub(super) fn keep(&mut self, life: Ended) {
        if self.known(&life) || !life.killed && life.exit_ns.saturating_sub(life.start_ns) < WORTH_NS {
            return;
        }
        let of_one = |other: &Ended| other.same(life.exe.as_deref(), &life.comm, life.path.as_deref());
        if self.all.iter().filter(|other| of_one(other)).count() >= OF_ONE {
            if let Some(at) = self.all.iter().position(of_one) {
                self.all.remove(at);
            }
        } else if self.all.len() == MOST {
            self.all.pop_front();
        }
        self.all.push_back(life);
    }

    /// Both a pass and the kernel side may report an exit: it is one life.
    fn known(&mut self, life: &Ended) -> bool {
        let is_it = |other: &&mut Ended| other.pid == life.pid && same_start(other.start_ns, life.start_ns);
        let Some(known) = self.all.iter_mut().rev().find(is_it) else { return false };
        known.killed |= life.killed;
        known.peak = known.peak.max(life.peak);
        known.exit_ns = known.exit_ns.min(life.exit_ns);
        known.exe = known.exe.take().or_else(|| life.exe.clone());
        known.path = known.path.take().or_else(|| life.path.clone());
        true
    }

    /// The OOM killer ended the last life of `pid`.
    pub(super) fn killed(&mut self, pid: u32, since_ns: u64) {
        if let Some(life) = self.all.iter_mut().rev().find(|l| l.pid == pid && l.exit_ns >= since_ns) {
            life.killed = true;
        }
    }

    /// A victim's run, as the record of its kill has it; what is known of it already is kept, its exit may be reported yet.
    pub(super) fn keep_killed(&mut self, victim: &Victim, exe: Option<Arc<[u8]>>, time: &str, kill_ns: u64) {
        let began = victim.start_time.as_deref().and_then(|start| start.parse::<Timestamp>().ok());
        let Some((began, kill)) = began.zip(time.parse::<Timestamp>().ok()) else { return };
        let ran = u64::try_from(kill.duration_since(began).as_nanos()).unwrap_or(0);
        let memory = &victim.memory;
        let parts = [
            memory.anon_bytes,
            memory.file_bytes,
            memory.shmem_bytes,
            memory.swap_bytes,
            memory.page_table_bytes,
        ];
        self.keep(Ended {
            pid: victim.pid,
            comm: comm_of(&victim.comm),
            exe: exe.or_else(|| victim.exe.as_ref().map(|exe| Arc::from(exe.as_bytes()))),
            path: victim.cgroup.as_ref().map(|cgroup| Arc::from(cgroup.path.as_bytes())),
            start_ns: kill_ns.saturating_sub(ran),
            exit_ns: kill_ns,
            peak: super::words::pages(parts.into_iter().flatten().fold(0, u64::saturating_add)),
            killed: true,
        });
    }

    /// All, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Ended> {
        self.all.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(pid: u32, comm: u8, seconds: u64) -> Ended {
        let (start_ns, exit_ns) = (u64::from(pid), u64::from(pid) + seconds * 1_000_000_000);
        let path = Some(Arc::from(b"/a".as_slice()));
        Ended { pid, comm: [comm; 16], exe: None, path, start_ns, exit_ns, peak: pid, killed: false }
    }

    #[test]
    fn one_workload_does_not_push_out_the_others() {
        let mut lives = Lives::default();
        lives.keep(life(1, 1, 10));
        for pid in 2..2000 {
            lives.keep(life(pid, 2, 10));
        }
        assert_eq!(lives.newest().count(), 1 + OF_ONE);
        assert_eq!(lives.newest().next().unwrap().pid, 1999);
    }

    #[test]
    fn an_exit_that_is_reported_twice_is_one_life() {
        let mut lives = Lives::default();
        lives.keep(Ended { killed: true, ..life(7, 1, 10) });
        lives.keep(Ended { peak: 99, exit_ns: 12_000_000_000, ..life(7, 1, 10) });
        let all: Vec<_> = lives.newest().map(|life| (life.peak, life.killed)).collect();
        assert_eq!(all, [(99, true)]);
        lives.keep(Ended { start_ns: 20_000_000_000, exit_ns: 30_000_000_000, ..life(7, 1, 10) });
        assert_eq!(lives.newest().count(), 2, "a later process with the same number");
    }

    #[test]
    fn short_ones_are_left_out_and_the_number_is_bounded() {
        let mut lives = Lives::default();
        lives.keep(life(1, 1, 1));
        assert_eq!(lives.newest().count(), 0);
        for pid in 0..1000_u32 {
            let comm = pid.to_be_bytes();
            let mut one = life(pid, 0, 10);
            one.comm[..4].copy_from_slice(&comm);
            lives.keep(one);
        }
        assert_eq!(lives.newest().count(), MOST);
    }
}

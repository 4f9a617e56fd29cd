//! SIGKILLs that were not the OOM killer's.

use std::collections::VecDeque;

use oomtrace_common::{SigKill, signal_info};

use super::Draft;

/// A SIGKILL of the kernel that no OOM kill has claimed within this time had another reason. The assembler reports a kill
/// 35 ms after its SIGKILL at the latest, unless its own records were lost.
const CLAIMED_WITHIN: u64 = 500_000_000;
/// SIGKILLs that wait at the most; beyond it the oldest is told without waiting.
const WAITING_MAX: usize = 4096;
/// Victims of OOM kills that are remembered, for a SIGKILL that is read after its kill was reported.
const CLAIMS_KEPT: usize = 4096;

/// Holds back what the kernel sent until it is known whether an OOM kill was the reason.
#[derive(Debug, Default)]
pub struct Sigkills {
    waiting: VecDeque<Box<SigKill>>,
    claims: VecDeque<(u32, u64)>,
    ready: VecDeque<Box<SigKill>>,
}

impl Sigkills {
    /// Takes a record. What a process sent can't be the OOM killer's.
    pub fn push(&mut self, record: Box<SigKill>) {
        if record.info != signal_info::KERNEL {
            self.ready.push_back(record);
        } else if !self.claims.contains(&key(&record)) {
            if self.waiting.len() == WAITING_MAX {
                self.ready.extend(self.waiting.pop_front());
            }
            self.waiting.push_back(record);
        }
    }

    /// Drops what belongs to an OOM kill.
    pub fn claim(&mut self, draft: &Draft) {
        for member in &draft.members {
            self.claim_one(member.task.tgid, member.task.start_time);
        }
    }

    /// The same of one victim.
    pub fn claim_one(&mut self, tgid: u32, start_time: u64) {
        self.waiting.retain(|record| key(record) != (tgid, start_time));
        if self.claims.len() == CLAIMS_KEPT {
            self.claims.pop_front();
        }
        self.claims.push_back((tgid, start_time));
    }

    /// What can be told at `now` (boottime ns).
    pub fn poll(&mut self, now: u64) -> impl Iterator<Item = Box<SigKill>> + use<> {
        while self.waiting.front().is_some_and(|record| record.header.time + CLAIMED_WITHIN <= now) {
            self.ready.extend(self.waiting.pop_front());
        }
        std::mem::take(&mut self.ready).into_iter()
    }

    /// When [`poll`](Self::poll) has something to say by the passing of time alone (boottime ns).
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.waiting.front().map(|record| record.header.time + CLAIMED_WITHIN)
    }
}

fn key(record: &SigKill) -> (u32, u64) {
    (record.task.tgid, record.task.start_time)
}

#[cfg(test)]
mod tests {
    use oomtrace_common::{decode, kind};

    use super::*;
    use crate::collect::Member;
    use crate::model::Role;

    fn record(tgid: u32, info: u32, time: u64) -> Box<SigKill> {
        let mut record: SigKill = decode(&[0; size_of::<SigKill>()]).unwrap();
        record.header.kind = kind::SIGKILL;
        (record.header.time, record.task.tgid, record.info) = (time, tgid, info);
        Box::new(record)
    }

    fn told(sigkills: &mut Sigkills, now: u64) -> Vec<u32> {
        sigkills.poll(now).map(|record| record.task.tgid).collect()
    }

    #[test]
    fn a_process_s_is_told_at_once_and_the_kernel_s_when_nobody_claimed_it() {
        let mut sigkills = Sigkills::default();
        sigkills.push(record(1, signal_info::GIVEN, 0));
        sigkills.push(record(2, signal_info::NONE, 0));
        sigkills.push(record(3, signal_info::KERNEL, 0));
        assert_eq!(told(&mut sigkills, 1), [1, 2]);
        assert_eq!(sigkills.next_due(), Some(CLAIMED_WITHIN));
        assert_eq!(told(&mut sigkills, CLAIMED_WITHIN), [3]);
        assert_eq!(told(&mut sigkills, u64::MAX), [0; 0]);
    }

    #[test]
    fn an_oom_kill_claims_its_victims_before_and_after() {
        let mut sigkills = Sigkills::default();
        sigkills.push(record(3, signal_info::KERNEL, 0));
        let task = record(3, 0, 0).task;
        let member = Member { role: Role::Chosen, task, signalled: Some(0), marked: None, exited: None };
        sigkills.claim(&Draft { members: vec![member], ..Draft::default() });
        sigkills.push(record(3, signal_info::KERNEL, 1));
        sigkills.push(record(4, signal_info::KERNEL, 1));
        assert_eq!(told(&mut sigkills, u64::MAX), [4]);
    }

    #[test]
    fn a_flood_is_told_early_and_not_dropped() {
        let mut sigkills = Sigkills::default();
        for tgid in 0..=WAITING_MAX as u32 {
            sigkills.push(record(tgid, signal_info::KERNEL, 0));
        }
        assert_eq!(told(&mut sigkills, 1), [0]);
    }
}

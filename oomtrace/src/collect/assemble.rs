//! One incident per kill: a state machine over records and time, without I/O.
//!
//! What makes it more than a map by number: `memory.oom.group` marks many victims in one go, a dead leader gives a
//! thread's id, a mark alone is no kill, a decision may find its victim gone, and processes that share the mm are
//! signalled but never marked.

use std::collections::VecDeque;

use oomtrace_common::{Exit, Level, Task, Victim};

use super::{Decoded, Draft, Member};
use crate::model::Role;

/// A kill is handed on at the latest this long after its SIGKILL, with or without its victims' exits; where the decision is not
/// seen, after its mark, with which trigger and paths come.
const REPORT_WITHIN: u64 = 35_000_000;
/// Without a hook on the return of `oom_kill_process`: this long after the last record, a kill is over.
const QUIET: u64 = 1_000_000;
/// Likewise, a decision that no SIGKILL followed within this time found its victim gone. In between the kernel prints its
/// report, which takes seconds on a serial console.
const NO_VICTIM_AFTER: u64 = 10_000_000_000;
/// With that hook its record is awaited for so long: a report of 10,000 tasks takes minutes there.
const RETURN_WITHIN: u64 = 900_000_000_000;
/// A kernel SIGKILL that no mark followed within this time was not the OOM killer's.
const SIGNAL_KEPT: u64 = 1_000_000_000;
/// Levels kept of a reported group's paths.
const LATE_LEVELS: usize = 256;
/// Reported kills whose late exits are still awaited.
const REPORTED_KEPT: usize = 1024;

/// Which hooks are attached: the absence of a record only means something when its hook would have sent one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Witness {
    /// `signal_generate`.
    pub signal: bool,
    /// `mark_victim`.
    pub mark: bool,
    /// `sched_process_exit`.
    pub exit: bool,
    /// The return of `oom_kill_process`.
    pub returned: bool,
}

/// What the assembler has to say.
#[derive(Clone, Debug)]
pub enum Closed {
    /// A kill.
    Kill(Box<Draft>),
    /// The OOM killer ran and found its victim dying or gone: the draft, and whether it was marked.
    NoKill(Box<Draft>, bool),
    /// A victim of a kill that was reported earlier exited; `first` is the time of the kill's first record.
    LateExit {
        /// Boottime ns.
        first: u64,
        /// Process.
        tgid: u32,
        /// ns.
        kill_to_exit: u64,
    },
    /// A victim of a kill that was reported earlier.
    LateVictim {
        /// Boottime ns.
        first: u64,
        /// The victim.
        member: Box<Member>,
        /// The paths that are known of the kill's cgroups.
        levels: Vec<Level>,
    },
}

/// A reported kill whose victims may still exit.
#[derive(Debug)]
struct Reported {
    seq: Option<u64>,
    first: u64,
    members: Vec<Member>,
    /// Paths, of a group only: its further victims may lie in the same cgroups.
    levels: Vec<Level>,
}

/// Puts records together.
#[derive(Debug, Default)]
pub struct Assembler {
    witness: Witness,
    open: VecDeque<Draft>,
    signals: VecDeque<Victim>,
    reported: VecDeque<Reported>,
    out: VecDeque<Closed>,
    /// Victims that came after the report of their kill: its first record's time, the victim.
    late: Vec<(u64, Member)>,
    /// Highest number seen, to find kills of which nothing arrived.
    highest: u64,
    /// Numbers of which a kill was told.
    seen: u64,
    /// Kills begun.
    begun: u64,
    /// Records were lost lately: a missing one proves nothing.
    lossy: bool,
}

impl Assembler {
    /// An empty one.
    #[must_use]
    pub fn new(witness: Witness) -> Self {
        Self { witness, ..Self::default() }
    }

    /// Kills whose number was given out by `given` (the kernel side's counter) but of which no record arrived.
    #[must_use]
    pub fn missing(&self, given: u64) -> u64 {
        given.max(self.highest).saturating_sub(self.seen)
    }

    /// Tells whether records were lost since the open kills began.
    pub fn set_lossy(&mut self, lossy: bool) {
        self.lossy = lossy;
    }

    /// True while records of a kill are awaited.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes a record; when it is the first of a kill, returns its time.
    pub fn push(&mut self, record: Decoded) -> Option<u64> {
        let (before, time) = (self.begun, record.header().time);
        self.take(record);
        (self.begun > before).then_some(time)
    }

    fn take(&mut self, record: Decoded) {
        let seq = record.header().seq;
        match record {
            Decoded::Level(level) if self.was_reported(seq) => self.late_level(*level),
            Decoded::Kill(_) | Decoded::Trigger(_) | Decoded::Candidate(_) if self.was_reported(seq) => {}
            Decoded::Kill(kill) => {
                let draft = self.draft(kill.header.seq, &kill.header);
                draft.kill = Some(kill);
            }
            Decoded::Trigger(trigger) => {
                let draft = self.draft(trigger.header.seq, &trigger.header);
                draft.trigger = Some(trigger);
            }
            Decoded::Level(level) => self.draft(level.header.seq, &level.header).levels.push(*level),
            Decoded::Candidate(one) => self.draft(one.header.seq, &one.header).candidates.push(*one),
            Decoded::Plain(plain) => {
                let draft = self.draft(plain.header.seq, &plain.header);
                draft.plain = Some(plain);
            }
            // They are no part of a kill, and have their own ways: `Sigkills` and the worker.
            Decoded::SigKill(_) | Decoded::Startup(..) => {}
            Decoded::Signal(victim) => self.signal(*victim),
            Decoded::Mark(victim) => self.mark(&victim),
            Decoded::Exit(exit) => self.exit(&exit),
            Decoded::Return(header) => {
                if let Some(draft) = self.open.iter_mut().find(|d| d.seq == Some(header.seq)) {
                    draft.touch(&header);
                    draft.returned = true;
                }
            }
        }
    }

    /// Keeps a level of a group's path that came after the report.
    fn late_level(&mut self, level: Level) {
        let seq = Some(level.header.seq);
        let reported = self.reported.iter_mut().rev().find(|r| r.seq == seq && !r.levels.is_empty());
        if let Some(reported) = reported.filter(|r| r.levels.len() < LATE_LEVELS) {
            reported.levels.push(level);
        }
    }

    fn was_reported(&self, seq: u64) -> bool {
        seq != 0 && self.reported.iter().rev().any(|r| r.seq == Some(seq))
    }

    /// The open draft with this number, begun now when there is none.
    fn draft(&mut self, seq: u64, header: &oomtrace_common::Header) -> &mut Draft {
        let at = self.open.iter().position(|d| seq != 0 && d.seq == Some(seq)).unwrap_or_else(|| {
            if seq > self.highest {
                self.highest = seq;
            }
            self.seen += u64::from(seq != 0);
            self.begun += 1;
            self.open.push_back(Draft::new((seq != 0).then_some(seq), header));
            self.open.len() - 1
        });
        let draft = &mut self.open[at];
        draft.touch(header);
        draft
    }

    fn signal(&mut self, victim: Victim) {
        let (seq, time) = (victim.header.seq, victim.header.time);
        if seq != 0 {
            if self.late(seq, &victim.task, Some(time), None) {
                return;
            }
            self.draft(seq, &victim.header).signalled(&victim.task, time);
        } else if let Some(draft) = self.sharer_of(&victim) {
            draft.touch(&victim.header);
            draft.signalled(&victim.task, time);
        } else {
            self.signals.push_back(victim);
            while self.signals.front().is_some_and(|s| s.header.time + SIGNAL_KEPT < time) {
                self.signals.pop_front();
            }
        }
    }

    /// The open kill by the same thread whose victim has the same mm.
    fn sharer_of(&mut self, victim: &Victim) -> Option<&mut Draft> {
        let (tid, mm) = (victim.header.current_tid, victim.task.mm_id);
        self.open.iter_mut().rev().find(|d| {
            mm != 0
                && d.current_tid == tid
                && d.members.iter().any(|m| m.task.mm_id == mm && m.marked.is_some())
        })
    }

    fn mark(&mut self, victim: &Victim) {
        let (seq, time) = (victim.header.seq, victim.header.time);
        if seq != 0 && self.late(seq, &victim.task, None, Some(time)) {
            return;
        }
        let signal = self.take_signal(victim);
        let draft = self.draft(seq, &victim.header);
        if let Some(signal) = signal {
            draft.touch(&signal.header);
            draft.signalled(&signal.task, signal.header.time);
        }
        draft.marked(&victim.task, time);
    }

    /// The kernel's SIGKILL that came before a mark in the same thread.
    fn take_signal(&mut self, mark: &Victim) -> Option<Victim> {
        let at = self.signals.iter().rposition(|s| {
            s.header.current_tid == mark.header.current_tid && s.task.tgid == mark.task.tgid
        })?;
        self.signals.remove(at)
    }

    /// Handles a victim of a kill that was reported already; true when it was.
    fn late(&mut self, seq: u64, task: &Task, signalled: Option<u64>, marked: Option<u64>) -> bool {
        if self.open.iter().any(|d| d.seq == Some(seq)) {
            return false;
        }
        let Some(reported) = self.reported.iter_mut().find(|r| r.seq == Some(seq)) else { return false };
        if reported.members.iter().any(|m| m.task.tgid == task.tgid) {
            return true;
        }
        let shares = task.mm_id != 0 && reported.members.iter().any(|m| m.task.mm_id == task.mm_id);
        let role = if shares && marked.is_none() { Role::SharedMm } else { Role::GroupMember };
        let member = Member { role, task: *task, signalled, marked, exited: None };
        reported.members.push(member.clone());
        self.late.push((reported.first, member));
        true
    }

    fn exit(&mut self, exit: &Exit) {
        let time = exit.header.time;
        let is_it =
            |member: &Member| member.task.tgid == exit.tgid && member.task.start_time == exit.start_time;
        // Several may have it: a thread of a victim that runs out of memory itself is marked once more.
        for draft in &mut self.open {
            if let Some(member) = draft.members.iter_mut().find(|member| is_it(member)) {
                member.exited = Some(time);
                draft.touch(&exit.header);
            }
        }
        for reported in self.reported.iter_mut().rev() {
            let Some(member) = reported.members.iter_mut().find(|member| is_it(member)) else {
                continue;
            };
            if member.exited.is_none() {
                member.exited = Some(time);
                if let Some(kill_to_exit) = member.kill_to_exit() {
                    let (first, tgid) = (reported.first, exit.tgid);
                    self.out.push_back(Closed::LateExit { first, tgid, kill_to_exit });
                }
            }
        }
    }

    /// Closes what is complete or due at `now` (boottime ns) and returns what there is to say.
    pub fn poll(&mut self, now: u64) -> Vec<Closed> {
        let mut at = 0;
        while at < self.open.len() {
            if self.due(&self.open[at], now) { self.close(at) } else { at += 1 }
        }
        self.take_out()
    }

    /// Closes everything, complete or not.
    pub fn finish(&mut self) -> Vec<Closed> {
        // Nobody has been killed yet where the kernel is still printing: what comes of it comes after the end.
        if self.witness.returned && self.witness.signal && !self.lossy {
            self.open.retain(|draft| draft.returned || draft.kill.is_none() || !draft.members.is_empty());
        }
        while !self.open.is_empty() {
            self.close(0);
        }
        self.take_out()
    }

    /// What there is to say. Late victims come first: their paths have come in with them by now, and exits refer to them.
    fn take_out(&mut self) -> Vec<Closed> {
        let late = std::mem::take(&mut self.late).into_iter().map(|(first, member)| {
            let reported = self.reported.iter().rev().find(|r| r.first == first);
            let levels = reported.map(|r| r.levels.clone()).unwrap_or_default();
            Closed::LateVictim { first, member: Box::new(member), levels }
        });
        let late: Vec<Closed> = late.collect();
        late.into_iter().chain(self.out.drain(..)).collect()
    }

    /// When `poll` has to be called next, boottime ns.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.open.iter().map(|d| self.due_at(d)).min()
    }

    fn due(&self, draft: &Draft, now: u64) -> bool {
        now >= self.due_at(draft)
    }

    fn due_at(&self, draft: &Draft) -> u64 {
        let killed = draft.members.first().and_then(|first| match draft.kill {
            Some(_) => first.killed(),
            None => first.marked.or(first.signalled),
        });
        let Some(killed) = killed else {
            return match (draft.returned, &draft.plain) {
                (true, _) => draft.last,
                // Nothing more comes of a kill that only the plain tracepoint told.
                (false, Some(_)) => draft.last + QUIET,
                (false, None) if self.witness.returned && !self.lossy => draft.first + RETURN_WITHIN,
                (false, None) => draft.first + NO_VICTIM_AFTER,
            };
        };
        let gone = draft.all_exited() || !self.witness.exit;
        let over = match (draft.returned, draft.group()) {
            (true, _) => gone.then_some(draft.last),
            (false, false) if !self.witness.returned => gone.then_some(draft.last + QUIET),
            _ => None,
        };
        over.map_or(killed + REPORT_WITHIN, |over| over.min(killed + REPORT_WITHIN))
    }

    fn close(&mut self, at: usize) {
        let Some(mut draft) = self.open.remove(at) else { return };
        while let Some(more) = self.open.iter().position(|d| draft.same_group(d)) {
            if let Some(other) = self.open.remove(more) {
                draft.absorb(other);
            }
        }
        let marked = draft.members.iter().any(|m| m.marked.is_some());
        if draft.kill.is_none() && draft.members.is_empty() && draft.plain.is_none() {
            // Only companions of records that were lost: the kill itself counts as lost.
            self.seen -= u64::from(draft.seq.is_some());
        } else if self.is_kill(&draft) {
            self.keep_reported(&draft);
            self.out.push_back(Closed::Kill(Box::new(draft)));
        } else {
            self.out.push_back(Closed::NoKill(Box::new(draft), marked));
        }
    }

    /// Whether SIGKILL was sent, as far as the attached hooks can tell.
    fn is_kill(&self, draft: &Draft) -> bool {
        let signalled = draft.members.iter().any(|m| m.signalled.is_some());
        let marked = draft.members.iter().any(|m| m.marked.is_some());
        if signalled || draft.plain.is_some() {
            return true;
        }
        match self.witness {
            // The missing record may be one that did not fit into the ring.
            _ if self.lossy => true,
            Witness { signal: true, .. } => false,
            Witness { mark: true, .. } => marked,
            _ => draft.kill.is_some(),
        }
    }

    fn keep_reported(&mut self, draft: &Draft) {
        if self.reported.len() == REPORTED_KEPT {
            self.reported.pop_front();
        }
        self.reported.push_back(Reported {
            seq: draft.seq,
            first: draft.first,
            members: draft.members.clone(),
            levels: if draft.group() { draft.levels.clone() } else { Vec::new() },
        });
    }
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;

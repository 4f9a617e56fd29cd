//! A kill while its records come in.

use model::Role;
use oomtrace_common::{Candidate, Header, Kill, Level, Plain, Task, Trigger};

use crate::model;

/// A process that was killed, as far as it is known.
#[derive(Clone, Debug)]
pub struct Member {
    /// Why it died.
    pub role: Role,
    /// The task, from the latest record that had it.
    pub task: Task,
    /// When the kernel sent SIGKILL (boottime ns).
    pub signalled: Option<u64>,
    /// When it was marked (boottime ns).
    pub marked: Option<u64>,
    /// When its last thread exited (boottime ns).
    pub exited: Option<u64>,
}

impl Member {
    /// When it was killed: SIGKILL, else the mark.
    #[must_use]
    pub fn killed(&self) -> Option<u64> {
        self.signalled.or(self.marked)
    }

    /// From SIGKILL to the last thread's exit, ns.
    #[must_use]
    pub fn kill_to_exit(&self) -> Option<u64> {
        Some(self.exited?.saturating_sub(self.killed()?))
    }
}

/// A kill while its records come in.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Number given by the kernel side; `None` for one the kernel side could not number.
    pub seq: Option<u64>,
    /// The thread that ran the OOM killer.
    pub current_tid: u32,
    /// Its process.
    pub current_tgid: u32,
    /// Its name.
    pub current_comm: [u8; oomtrace_common::COMM_LEN],
    /// Time of the record that began it (boottime ns): it names the kill.
    pub first: u64,
    /// Time of the last record (boottime ns).
    pub last: u64,
    /// `oom_kill_process` has returned: no further victim will come.
    pub returned: bool,
    /// The kernel's decision.
    pub kill: Option<Box<Kill>>,
    /// The trigger.
    pub trigger: Option<Box<Trigger>>,
    /// The victim by the tracepoint's format file.
    pub plain: Option<Box<Plain>>,
    /// Killed processes, the chosen one first.
    pub members: Vec<Member>,
    /// Levels of memory cgroup paths, of several leaves.
    pub levels: Vec<Level>,
    /// Scored tasks.
    pub candidates: Vec<Candidate>,
    /// Programs that contributed, by their number in records.
    pub probes: Vec<u32>,
}

impl Draft {
    /// Begins with the record that has `header`.
    #[must_use]
    pub fn new(seq: Option<u64>, header: &Header) -> Self {
        Self {
            seq,
            current_tid: header.current_tid,
            current_tgid: header.current_tgid,
            current_comm: header.current_comm,
            first: header.time,
            last: header.time,
            ..Self::default()
        }
    }

    /// Takes note of a record.
    pub fn touch(&mut self, header: &Header) {
        self.last = self.last.max(header.time);
        if !self.probes.contains(&header.probe) {
            self.probes.push(header.probe);
        }
    }

    /// The killed process with this id.
    pub fn member(&mut self, tgid: u32) -> Option<&mut Member> {
        self.members.iter_mut().find(|m| m.task.tgid == tgid)
    }

    /// Adds or completes a process that got SIGKILL.
    pub fn signalled(&mut self, task: &Task, time: u64) {
        let role = self.role_of_signalled(task);
        match self.member(task.tgid) {
            Some(member) => {
                member.signalled.get_or_insert(time);
            }
            None => self.add(role, task, Some(time), None),
        }
    }

    /// Adds or completes a process that was marked. A sharer of the mm is never marked, unless as a group's member.
    pub fn marked(&mut self, task: &Task, time: u64) {
        let role = self.role_of_marked(task);
        match self.member(task.tgid) {
            Some(member) => {
                member.marked.get_or_insert(time);
                member.task = *task;
                if member.role == Role::SharedMm {
                    member.role = role;
                }
            }
            None => self.add(role, task, None, Some(time)),
        }
    }

    fn add(&mut self, role: Role, task: &Task, signalled: Option<u64>, marked: Option<u64>) {
        let member = Member { role, task: *task, signalled, marked, exited: None };
        let at = if role == Role::Chosen { 0 } else { self.members.len() };
        self.members.insert(at, member);
    }

    fn is_chosen(&self, task: &Task) -> bool {
        match &self.kill {
            Some(kill) => kill.chosen.tgid == task.tgid,
            None => self.members.is_empty(),
        }
    }

    fn role_of_signalled(&self, task: &Task) -> Role {
        let shares = task.mm_id != 0 && self.members.iter().any(|m| m.task.mm_id == task.mm_id);
        match (self.is_chosen(task), shares) {
            (true, _) => Role::Chosen,
            (false, true) => Role::SharedMm,
            (false, false) => Role::GroupMember,
        }
    }

    fn role_of_marked(&self, task: &Task) -> Role {
        if self.is_chosen(task) { Role::Chosen } else { Role::GroupMember }
    }

    /// True when some level of its cgroups has `memory.oom.group` set: more victims may follow.
    #[must_use]
    pub fn group(&self) -> bool {
        self.levels.iter().any(|l| l.oom_group == 1)
    }

    /// True when every killed process is gone.
    #[must_use]
    pub fn all_exited(&self) -> bool {
        !self.members.is_empty() && self.members.iter().all(|m| m.exited.is_some())
    }

    /// True when `other` is a further victim of the same group kill, told by a kernel whose decision could not be seen.
    #[must_use]
    pub fn same_group(&self, other: &Self) -> bool {
        let undecided = self.kill.is_none() && other.kill.is_none();
        let near = other.first.saturating_sub(self.last) < 200_000_000;
        undecided
            && near
            && self.current_tid == other.current_tid
            && self
                .levels
                .iter()
                .any(|l| l.oom_group == 1 && other.levels.iter().any(|o| o.oom_group == 1 && o.id == l.id))
    }

    /// Takes the victims and paths of a further draft of the same group kill.
    pub fn absorb(&mut self, other: Self) {
        self.last = self.last.max(other.last);
        for mut member in other.members {
            member.role = if member.role == Role::Chosen { Role::GroupMember } else { member.role };
            if self.member(member.task.tgid).is_none() {
                self.members.push(member);
            }
        }
        self.levels.extend(other.levels);
    }
}

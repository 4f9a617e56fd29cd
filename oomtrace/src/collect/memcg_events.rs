//! Kills counted by the memory cgroups themselves (`oom_kill` of memory.events) against kills seen.

use std::collections::HashMap;

use oomtrace_common::{Level, UNKNOWN};

use super::{Draft, Member};
use crate::model::Role;

/// Cgroups that are remembered; the others are not compared.
const CGROUPS_MAX: usize = 1024;

/// What each memory cgroup had counted at its last kill, by kernfs id.
#[derive(Debug, Default)]
pub struct MemcgEvents {
    /// The count expected at most when the next kill begins, and the last kill's first record's time.
    expected: HashMap<u64, (u64, u64)>,
}

impl MemcgEvents {
    /// Compares what the victim's cgroup had counted before this kill with what was seen in it, and returns the cgroup's
    /// id and the kills that nobody saw. Without the kernel's decision the levels are read after the count, else before.
    pub fn unseen(&mut self, draft: &Draft) -> Option<(u64, u64)> {
        let chosen = draft.members.first()?.task.memcg_id;
        let level = draft.levels.iter().find(|l| l.id == chosen && l.events_oom_kill != UNKNOWN)?;
        let before = Self::before(level, draft);
        // A group's first victim is counted once more, and members in cgroups below count here, too.
        let most = draft.members.iter().filter(|m| m.role != Role::SharedMm).count() as u64
            + u64::from(draft.group());
        let unseen = self.expected.get(&chosen).map_or(0, |(at_most, _)| before.saturating_sub(*at_most));
        if self.expected.len() < CGROUPS_MAX || self.expected.contains_key(&chosen) {
            self.expected.insert(chosen, (before + most, draft.first));
        }
        (unseen > 0).then_some((chosen, unseen))
    }

    /// Takes note of a victim that came after the report of its kill, which began at `first`.
    pub fn late(&mut self, first: u64, member: &Member) {
        if member.role != Role::SharedMm
            && let Some((at_most, _)) = self.expected.values_mut().find(|(_, last)| *last == first)
        {
            *at_most += 1;
        }
    }

    fn before(level: &Level, draft: &Draft) -> u64 {
        level.events_oom_kill.saturating_sub(u64::from(draft.kill.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use oomtrace_common::{Kill, Task, decode};

    use super::*;

    fn zeroed<T: oomtrace_common::Record>() -> T {
        decode(&vec![0; size_of::<T>()]).unwrap()
    }

    fn draft(counted: u64, decided: bool) -> Draft {
        let task = Task { tgid: 10, memcg_id: 5, ..zeroed() };
        let member = Member { role: Role::Chosen, task, signalled: Some(1), marked: None, exited: None };
        Draft {
            kill: decided.then(|| Box::new(zeroed::<Kill>())),
            members: vec![member],
            levels: vec![Level { id: 5, leaf_id: 5, events_oom_kill: counted, ..zeroed() }],
            ..Draft::default()
        }
    }

    #[test]
    fn counts_that_follow_each_other_are_silent() {
        let mut events = MemcgEvents::default();
        assert_eq!(events.unseen(&draft(3, true)), None, "what was before the trace");
        assert_eq!(events.unseen(&draft(4, true)), None);
        assert_eq!(events.unseen(&draft(5, true)), None);
        let mut events = MemcgEvents::default();
        assert_eq!(events.unseen(&draft(1, false)), None);
        assert_eq!(events.unseen(&draft(2, false)), None);
    }

    #[test]
    fn what_was_seen_late_was_seen() {
        let mut events = MemcgEvents::default();
        let first = Draft { first: 9, ..draft(3, true) };
        assert_eq!(events.unseen(&first), None);
        let member = first.members[0].clone();
        events.late(9, &Member { role: Role::GroupMember, ..member.clone() });
        events.late(9, &Member { role: Role::SharedMm, ..member.clone() });
        events.late(8, &member);
        assert_eq!(events.unseen(&draft(6, true)), Some((5, 1)));
    }

    #[test]
    fn a_gap_is_told() {
        let mut events = MemcgEvents::default();
        assert_eq!(events.unseen(&draft(3, true)), None);
        assert_eq!(events.unseen(&draft(6, true)), Some((5, 2)));
        assert_eq!(events.unseen(&draft(7, true)), None, "told once");
    }
}

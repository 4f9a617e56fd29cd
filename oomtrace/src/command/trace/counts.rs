//! Kills seen against kills counted by the kernel.

use crate::{
    collect::{Draft, Member},
    kernel::counters::VmstatOomKill,
    model::Role,
};

/// Keeps both counts.
///
/// The kernel counts each process it kills, except those that only share the mm, and a group's first victim twice:
/// `memory.oom.group` runs the kill for it again, if it still has its mm then.
#[derive(Debug, Default)]
pub(super) struct Counts {
    vmstat: Option<VmstatOomKill>,
    start: Option<u64>,
    at_least: u64,
    at_most: u64,
    reported: u64,
}

impl Counts {
    /// Counts from `start` on.
    #[must_use]
    pub(super) fn new(vmstat: Option<VmstatOomKill>, start: Option<u64>) -> Self {
        Self { vmstat, start, ..Self::default() }
    }

    /// A kill was seen.
    pub(super) fn seen(&mut self, draft: &Draft) {
        let counted = draft.members.iter().filter(|m| m.role != Role::SharedMm).count().max(1) as u64;
        self.at_least += counted;
        self.at_most += counted + u64::from(draft.group());
    }

    /// A further victim of a kill was seen.
    pub(super) fn seen_late(&mut self, member: &Member) {
        let counted = u64::from(member.role != Role::SharedMm);
        self.at_least += counted;
        self.at_most += counted;
    }

    /// By how much the kernel's counter rose; `None` when it can't be read.
    pub(super) fn risen(&mut self) -> Option<u64> {
        let now = self.vmstat.as_mut()?.read()?;
        now.checked_sub(self.start?)
    }

    /// Kills that the kernel counted and nobody saw, beyond what was said before.
    pub(super) fn unseen(&mut self, lost: u64) -> u64 {
        let Some(risen) = self.risen() else { return 0 };
        let unseen = risen.saturating_sub(self.at_most + lost).saturating_sub(self.reported);
        self.reported += unseen;
        unseen
    }

    /// What the two counts say at the end, when they differ.
    pub(super) fn verdict(&mut self, lost: u64) -> Option<String> {
        let risen = self.risen()?;
        if risen > self.at_most + lost {
            return Some(format!(
                "/proc/vmstat counted {risen} kills, {} were seen and {lost} are known to be lost",
                self.at_least
            ));
        }
        (risen + lost < self.at_least)
            .then(|| format!("/proc/vmstat counted {risen} kills, fewer than the {} seen", self.at_least))
    }
}

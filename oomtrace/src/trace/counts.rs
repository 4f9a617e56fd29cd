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
    /// Some were unseen at the last look.
    doubted: bool,
}

/// What the kernel counted beyond what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// Nothing.
    None,
    /// Something, that may be on its way.
    Perhaps,
    /// So many kills.
    Some(u64),
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
        self.doubted = false;
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

    /// Kills that the kernel counted and nobody saw, beyond what was said before. They are told at the second call in a row:
    /// of one that is in progress at the first, records come until then.
    pub(super) fn unseen(&mut self, lost: u64) -> Unseen {
        let risen = self.risen().unwrap_or(0);
        let unseen = risen.saturating_sub(self.at_most + lost).saturating_sub(self.reported);
        let doubted = std::mem::replace(&mut self.doubted, unseen > 0);
        match unseen {
            0 => Unseen::None,
            _ if !doubted => Unseen::Perhaps,
            _ => {
                self.reported += unseen;
                Unseen::Some(unseen)
            }
        }
    }

    /// What the two counts say at the end, when they differ. `risen` is by how much the kernel's counter rose, as it is told beside.
    pub(super) fn verdict(&self, risen: Option<u64>, lost: u64) -> Option<String> {
        let risen = risen?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Roots;

    fn vmstat(dir: &tempfile::TempDir, kills: u64) -> Option<VmstatOomKill> {
        std::fs::write(dir.path().join("vmstat"), format!("oom_kill {kills}\n")).unwrap();
        VmstatOomKill::open(&Roots { proc: dir.path().into(), ..Roots::default() })
    }

    #[test]
    fn what_was_counted_and_not_seen_is_told_once_and_not_at_first_sight() {
        let dir = tempfile::tempdir().unwrap();
        let mut counts = Counts::new(vmstat(&dir, 5), Some(5));
        assert_eq!(counts.unseen(0), Unseen::None);
        vmstat(&dir, 6);
        assert_eq!(counts.unseen(0), Unseen::Perhaps);
        // It was on its way, and so is the next one.
        counts.seen(&Draft::default());
        vmstat(&dir, 7);
        assert_eq!(counts.unseen(0), Unseen::Perhaps);
        assert_eq!(counts.unseen(0), Unseen::Some(1));
        assert_eq!(counts.unseen(0), Unseen::None);
        assert_eq!(counts.unseen(1), Unseen::None, "what is known to be lost is not unseen");
    }
}

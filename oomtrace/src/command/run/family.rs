//! The process tree of a command, for where it can't have a cgroup of its own.
//!
//! This process is made the reaper of its descendants (`PR_SET_CHILD_SUBREAPER`): who loses its parent becomes our child, so
//! that a detached process stays in the tree. One that lives for less than the time between two looks is found only through
//! its parent.

use std::collections::{HashMap, HashSet};
use std::fs;

use crate::kernel::Roots;
use crate::kernel::proc::Stat;

/// Processes remembered: more than the default of `pid_max`.
const KEPT: usize = 65_536;

/// All that is known to have descended from a process.
#[derive(Debug)]
pub(super) struct Family {
    roots: Roots,
    ancestor: u32,
    /// Alive at the last look.
    alive: Vec<u32>,
    /// Ever seen.
    known: HashSet<u32>,
}

impl Family {
    /// Descendants of `ancestor`.
    pub(super) fn of(ancestor: u32, roots: &Roots) -> Self {
        Self { roots: roots.clone(), ancestor, alive: Vec::new(), known: HashSet::new() }
    }

    /// Makes this process the reaper of its descendants.
    pub(super) fn adopt() -> bool {
        // SAFETY: a plain call.
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 }
    }

    /// Looks who is there.
    pub(super) fn look(&mut self) {
        self.look_without(&[]);
    }

    /// The same, but does not read anything of the processes `dying`.
    pub(super) fn look_without(&mut self, dying: &[u32]) {
        let parents = self.parents(dying);
        self.alive = parents.keys().copied().filter(|pid| self.descends(*pid, &parents)).collect();
        if self.known.len() + self.alive.len() > KEPT {
            self.known.clear();
        }
        self.known.extend(&self.alive);
    }

    /// Alive at the last look.
    pub(super) fn alive(&self) -> Vec<u32> {
        self.alive.clone()
    }

    /// Whether a process belongs to it, by itself or by its parent.
    pub(super) fn has(&self, pid: u32, parent: Option<u32>) -> bool {
        let is_ours = |pid: u32| pid == self.ancestor || self.known.contains(&pid);
        self.known.contains(&pid) || parent.is_some_and(is_ours)
    }

    /// Every process's parent but that of the processes `dying`.
    fn parents(&self, dying: &[u32]) -> HashMap<u32, u32> {
        let entries = fs::read_dir(&self.roots.proc).into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let pids = pids.filter(|pid| !dying.contains(pid));
        pids.filter_map(|pid| Some((pid, self.parent(pid)?))).collect()
    }

    fn parent(&self, pid: u32) -> Option<u32> {
        let stat = fs::read(self.roots.proc.join(pid.to_string()).join("stat")).ok()?;
        Some(Stat::parse(&stat)?.ppid)
    }

    fn descends(&self, pid: u32, parents: &HashMap<u32, u32>) -> bool {
        let mut above = pid;
        // The table is not read in one instant: a pid that was reused meanwhile could make a ring.
        for _ in 0..parents.len() {
            match parents.get(&above) {
                Some(parent) if *parent == self.ancestor => return true,
                Some(parent) => above = *parent,
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_however_deep_and_those_that_are_gone() {
        let proc = tempfile::tempdir().unwrap();
        let roots = Roots { proc: proc.path().into(), ..Roots::default() };
        let set = |pid: u32, name: &str, parent: u32| {
            let dir = proc.path().join(pid.to_string());
            fs::create_dir_all(&dir).unwrap();
            fs::write(
                dir.join("stat"),
                format!(
                    "{pid} ({name}) S {parent} 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 200\n"
                ),
            )
            .unwrap();
        };
        for (pid, name, parent) in [
            (1, "init", 0),
            (10, "oomtrace", 1),
            (11, "sh", 10),
            (12, "a) S 1 (", 11),
            (13, "daemon", 10),
            (20, "other", 1),
        ] {
            set(pid, name, parent);
        }
        let mut family = Family::of(10, &roots);
        family.look();
        let mut alive = family.alive();
        alive.sort_unstable();
        assert_eq!(alive, [11, 12, 13]);
        fs::remove_dir_all(proc.path().join("12")).unwrap();
        family.look();
        assert!(family.has(12, None), "it was seen before");
        assert!(family.has(99, Some(13)), "its parent is known");
        assert!(family.has(98, Some(10)), "it was adopted");
        assert!(!family.has(20, Some(1)) && !family.has(97, None));
    }

    #[test]
    fn a_ring_ends() {
        let family = Family::of(10, &Roots::default());
        assert!(!family.descends(1, &HashMap::from([(1, 2), (2, 1)])));
    }
}

//! The kernel's own counts of OOM kills.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kernel::cgroup::{Hierarchy, Version, file_in};
use crate::kernel::{Roots, counters};

/// Cgroups below that are added up, at most.
const BELOW_MAX: usize = 4096;

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Processes killed since boot (/proc/vmstat); `None` before 4.13.
    pub vmstat: Option<u64>,
    /// Of the cgroup that was asked for, when it is still there.
    pub cgroup: Option<Counter>,
}

/// The count of a cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    pub file: PathBuf,
    /// Processes killed in it since it was made.
    pub kills: u64,
    /// Kills in cgroups below that were removed since are in it as well.
    pub is_whole: bool,
}

/// Counts of the cgroup that has this path; `None` when it is gone, or its kernel (before 4.13) does not count.
pub(super) fn cgroup(roots: &Roots, hierarchy: &Hierarchy, path: &str) -> Option<Counter> {
    let rest = Path::new(path).strip_prefix(&hierarchy.root).ok()?;
    // A path that leads out of the hierarchy is none of it.
    if rest.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return None;
    }
    let directory = hierarchy.mount.join(rest);
    let file = |directory: &Path| file_in(directory, hierarchy.version.files().kills);
    let own = oom_kill(&file(&directory))?;
    let is_whole = hierarchy.version == Version::V2 && !is_local(roots);
    let below = match hierarchy.version {
        Version::V2 => 0,
        Version::V1 => below(&directory).iter().filter_map(|dir| oom_kill(&file(dir))).sum(),
    };
    Some(Counter { kills: own + below, file: file(&directory), is_whole })
}

fn oom_kill(file: &Path) -> Option<u64> {
    counters::oom_kill(&fs::read(file).ok()?)
}

/// The mount option by which a cgroup of v2 counts only what happens in itself.
fn is_local(roots: &Roots) -> bool {
    let mounts = fs::read(roots.proc.join("self/mountinfo")).unwrap_or_default();
    String::from_utf8_lossy(&mounts)
        .lines()
        .any(|line| line.contains(" - cgroup2 ") && line.contains("memory_localevents"))
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    let mut next = 0;
    while next < found.len() && found.len() < BELOW_MAX {
        let entries = fs::read_dir(&found[next]).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        found.extend(directories.map(|entry| entry.path()));
        next += 1;
    }
    found.split_off(1)
}

impl Counters {
    /// Reads them; last of all sources, so that they can't be behind any of them.
    pub(super) fn read(roots: &Roots, hierarchy: Option<&Hierarchy>, path: Option<&str>) -> Self {
        let cgroup = hierarchy.zip(path).and_then(|(hierarchy, path)| cgroup(roots, hierarchy, path));
        Self { vmstat: counters::vmstat_oom_kill(roots), cgroup }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_either_version() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { proc: dir.path().into(), ..Roots::default() };
        let made = |version| Hierarchy { version, mount: dir.path().join("m"), root: "/".into() };
        let (v1, v2) = (made(Version::V1), made(Version::V2));
        fs::create_dir_all(dir.path().join("m/a/b")).unwrap();
        for (file, text) in [
            ("m/a/memory.events", "low 0\noom 9\noom_kill 2\noom_group_kill 1\n"),
            ("m/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("m/a/b/memory.oom_control", "oom_kill 4\n"),
            ("secret", "oom_kill 7\n"),
            ("self", ""),
        ] {
            fs::write(dir.path().join(file), text).unwrap();
        }
        let counted = |hierarchy, path| cgroup(&roots, hierarchy, path).map(|c| (c.kills, c.is_whole));
        assert_eq!(counted(&v2, "/a"), Some((2, true)));
        assert_eq!(counted(&v1, "/a"), Some((5, false)));
        assert_eq!(counted(&v2, "/gone"), None);
        assert_eq!(counted(&v1, "/../.."), None);
        fs::remove_file(dir.path().join("self")).unwrap();
        fs::create_dir(dir.path().join("self")).unwrap();
        let line = "35 24 0:30 / /m rw - cgroup2 cgroup2 rw,memory_localevents\n";
        fs::write(dir.path().join("self/mountinfo"), line).unwrap();
        assert_eq!(counted(&v2, "/a"), Some((2, false)));
    }
}

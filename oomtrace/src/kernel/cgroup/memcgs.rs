//! The memory controller's hierarchy: ids of cgroups and the paths that /proc gives.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Hierarchy, Version, file_in};
use crate::kernel::Roots;
use crate::kernel::proc::tick_ns;

/// Where memory cgroups are, and how their files are named there.
#[derive(Debug)]
pub(crate) struct Memcgs {
    /// `None` when there is no memory controller or its hierarchy is not mounted.
    pub hierarchy: Option<Hierarchy>,
    /// Length of the tick in which /proc gives times, ns.
    pub tick_ns: u64,
}

impl Memcgs {
    /// Finds the hierarchy; the error says what is missing.
    pub(crate) fn find(roots: &Roots) -> (Self, Option<String>) {
        let (hierarchy, note) = match Hierarchy::find(roots) {
            Ok(hierarchy) => (Some(hierarchy), None),
            Err(error) => (None, Some(format!("memory cgroups are not sampled: {error:#}"))),
        };
        (Self { hierarchy, tick_ns: tick_ns() }, note)
    }

    /// Whether the controller is v1's; false without one.
    pub(crate) fn v1(&self) -> bool {
        self.hierarchy.as_ref().is_some_and(|hierarchy| hierarchy.version == Version::V1)
    }

    /// The mount point.
    pub(crate) fn mount(&self) -> Option<&Path> {
        self.hierarchy.as_ref().map(|hierarchy| hierarchy.mount.as_path())
    }

    /// Path of the mounted root in its hierarchy, `/` unless a container's own is mounted.
    pub(crate) fn root(&self) -> &Path {
        self.hierarchy.as_ref().map_or(Path::new("/"), |hierarchy| &hierarchy.root)
    }

    /// Directory of a path as /proc gives it; `None` when it is not below the mounted root.
    fn directory(&self, path: &[u8]) -> Option<PathBuf> {
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        let below = path.strip_prefix(self.root()).or_else(|_| path.strip_prefix("/")).ok()?;
        let plain = !below.components().any(|part| part == std::path::Component::ParentDir);
        plain.then(|| self.mount().map(|mount| mount.join(below))).flatten()
    }

    /// kernfs id of the memory cgroup that a process with this path in /proc lives in: on v2 the nearest one upwards
    /// with the memory controller.
    pub(crate) fn id_of(&mut self, path: &[u8]) -> Option<u64> {
        let directory = self.directory(path)?;
        let mount = self.mount()?;
        let mut at = directory.as_path();
        if !self.v1() {
            while at != mount && !file_in(at, Version::V2.files().usage).exists() {
                at = at.parent()?;
            }
        }
        fs::metadata(at).ok().map(|data| data.ino())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_in_the_nearest_memory_cgroup() {
        let tmp = tempfile::tempdir().unwrap();
        let leaf = tmp.path().join("a/b");
        fs::create_dir_all(&leaf).unwrap();
        fs::write(tmp.path().join("a/memory.current"), "1").unwrap();
        let find = |version, root: &str| Memcgs {
            hierarchy: Some(Hierarchy { version, mount: tmp.path().into(), root: root.into() }),
            tick_ns: 1,
        };
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        let mut v2 = find(Version::V2, "/");
        assert_eq!(v2.id_of(b"/a/b"), Some(inode(&tmp.path().join("a"))));
        assert_eq!(v2.id_of(b"/"), Some(inode(tmp.path())));
        assert_eq!(find(Version::V1, "/").id_of(b"/a/b"), Some(inode(&leaf)));
        assert_eq!(find(Version::V1, "/docker/1").id_of(b"/docker/1/a/b"), Some(inode(&leaf)));
        assert_eq!(v2.id_of(b"/../peer"), None, "outside of what is mounted");
        assert_eq!(find(Version::V1, "/").id_of(b"/gone"), None);
    }
}

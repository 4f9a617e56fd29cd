//! Paths of memory cgroups by id, also of some that are gone.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use crate::kernel::cgroup::Memcgs;
use crate::kernel::proc::Dir;

/// Cgroups that are remembered at the most, those that are gone among them.
const ENTRIES_MAX: usize = 32 * 1024;
/// One that is gone is remembered this long, at least as long as it takes to report a kill in it.
const GONE_KEPT_NS: u64 = 600 * 1_000_000_000;
/// A parent is not listed again before this time has passed: a listing of many children takes as long as a pass.
const LIST_AGAIN_NS: u64 = 200_000_000;
/// Longest way to the root that is followed.
const DEPTH_MAX: usize = 64;
/// Bytes for entries of a directory between calls of the kernel.
const LISTING: usize = 32 * 1024;

/// An index from id to name and parent.
#[derive(Debug)]
pub(crate) struct Paths {
    mount: Option<PathBuf>,
    /// Path of what is mounted, in its hierarchy.
    prefix: Vec<u8>,
    root: u64,
    entries: HashMap<u64, Entry>,
    listing: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    parent: u64,
    name: Box<[u8]>,
    /// When it was there last.
    seen_ns: u64,
    /// When its children were listed last, 0 when they never were.
    listed_ns: u64,
}

impl Paths {
    pub(crate) fn new(memcgs: &Memcgs) -> Self {
        let mount = memcgs.mount().map(std::path::Path::to_path_buf);
        let root =
            mount.as_ref().and_then(|mount| std::fs::metadata(mount).ok()).map_or(0, |data| data.ino());
        let prefix = match memcgs.root().as_os_str().as_bytes() {
            b"/" => Vec::new(),
            path => path.to_vec(),
        };
        let mut entries = HashMap::new();
        if root != 0 {
            entries.insert(root, Entry { parent: 0, name: Box::default(), seen_ns: u64::MAX, listed_ns: 0 });
        }
        Self { mount, prefix, root, entries, listing: vec![0; LISTING] }
    }

    /// Id of the mounted root, 0 without one.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    /// Notes that `id` below `parent` is there; finds out its name when it is new.
    pub(crate) fn sight(&mut self, id: u64, parent: u64, now_ns: u64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.seen_ns = entry.seen_ns.max(now_ns);
            return;
        }
        self.list(parent, now_ns);
    }

    /// Remembers a child by name.
    pub(crate) fn learn(&mut self, id: u64, parent: u64, name: &[u8], now_ns: u64) {
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.seen_ns = entry.seen_ns.max(now_ns);
                // v1 lets cgroups be renamed.
                if *entry.name != *name || entry.parent != parent {
                    (entry.name, entry.parent) = (name.into(), parent);
                }
            }
            None => {
                if self.entries.len() >= ENTRIES_MAX {
                    self.forget(now_ns);
                }
                let entry = Entry { parent, name: name.into(), seen_ns: now_ns, listed_ns: 0 };
                self.entries.insert(id, entry);
            }
        }
    }

    /// Lists the children of `parent`, unless that was done just now.
    fn list(&mut self, parent: u64, now_ns: u64) {
        let Some(directory) = self.directory(parent) else { return };
        let Some(entry) = self.entries.get_mut(&parent) else { return };
        if entry.listed_ns != 0 && now_ns.saturating_sub(entry.listed_ns) < LIST_AGAIN_NS {
            return;
        }
        entry.listed_ns = now_ns;
        let mut listing = std::mem::take(&mut self.listing);
        if let Ok(dir) = Dir::open(&directory) {
            let _ = dir.directories(&mut listing, |id, name| {
                self.learn(id, parent, name, now_ns);
                ControlFlow::Continue(())
            });
        }
        self.listing = listing;
    }

    /// Where the cgroup is or was in the file system.
    pub(crate) fn directory(&self, id: u64) -> Option<PathBuf> {
        let mut directory = self.mount.clone()?;
        for name in self.names(id)?.iter().rev() {
            directory.push(std::ffi::OsStr::from_bytes(name));
        }
        Some(directory)
    }

    /// Path from the root of the hierarchy.
    pub(crate) fn path(&self, id: u64) -> Option<Vec<u8>> {
        let mut path = self.prefix.clone();
        for name in self.names(id)?.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        Some(path)
    }

    /// Names from the cgroup up to the mounted root, that one left out.
    fn names(&self, id: u64) -> Option<Vec<&[u8]>> {
        let (mut at, mut names) = (id, Vec::new());
        while at != self.root {
            let entry = self.entries.get(&at)?;
            names.push(&*entry.name);
            if names.len() > DEPTH_MAX {
                return None;
            }
            at = entry.parent;
        }
        Some(names)
    }

    /// Forgets those that have been gone for long; when that is not enough, half of all, those gone first.
    fn forget(&mut self, now_ns: u64) {
        self.entries.retain(|_, entry| now_ns.saturating_sub(entry.seen_ns) < GONE_KEPT_NS);
        if self.entries.len() >= ENTRIES_MAX {
            let mut times: Vec<u64> = self.entries.values().map(|entry| entry.seen_ns).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let (median, root) = (*median, self.root);
            self.entries.retain(|id, entry| *id == root || entry.seen_ns > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cgroup::{Hierarchy, Version};

    fn paths(mount: &std::path::Path, root: &str) -> Paths {
        let hierarchy = Hierarchy { version: Version::V2, mount: mount.into(), root: root.into() };
        Paths::new(&Memcgs { hierarchy: Some(hierarchy), tick_ns: 1 })
    }

    #[test]
    fn a_removed_cgroup_keeps_its_path_for_a_while() {
        let tmp = tempfile::tempdir().unwrap();
        let leaf = tmp.path().join("a/b\n");
        std::fs::create_dir_all(&leaf).unwrap();
        let inode = |path: &std::path::Path| std::fs::metadata(path).unwrap().ino();
        let (middle, leaf_id) = (inode(&tmp.path().join("a")), inode(&leaf));
        let mut paths = paths(tmp.path(), "/");
        let root = paths.root();
        assert_eq!(paths.path(root).unwrap(), b"/");
        paths.sight(middle, root, 5);
        paths.sight(leaf_id, middle, 5);
        assert_eq!(paths.path(leaf_id).unwrap(), b"/a/b\n");
        assert_eq!(paths.directory(leaf_id).unwrap(), leaf);
        std::fs::remove_dir(&leaf).unwrap();
        paths.forget(6);
        assert!(paths.path(leaf_id).is_some());
        paths.sight(middle, root, GONE_KEPT_NS);
        paths.forget(GONE_KEPT_NS + 6);
        assert!(paths.path(leaf_id).is_none() && paths.path(middle).is_some());
    }

    #[test]
    fn a_container_sees_the_whole_path_of_its_own() {
        let tmp = tempfile::tempdir().unwrap();
        std::fs::create_dir(tmp.path().join("x")).unwrap();
        let mut paths = paths(tmp.path(), "/docker/1");
        let (id, root) = (std::fs::metadata(tmp.path().join("x")).unwrap().ino(), paths.root());
        paths.sight(id, root, 1);
        assert_eq!(paths.path(id).unwrap(), b"/docker/1/x");
        assert_eq!(paths.path(root).unwrap(), b"/docker/1");
        assert_eq!(paths.path(77), None);
    }

    #[test]
    fn one_made_right_after_another_is_known_a_little_later() {
        let tmp = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            std::fs::create_dir(tmp.path().join(name)).unwrap();
            std::fs::metadata(tmp.path().join(name)).unwrap().ino()
        };
        let mut paths = paths(tmp.path(), "/");
        let root = paths.root();
        let one = make("one");
        paths.sight(one, root, LIST_AGAIN_NS);
        let other = make("other");
        paths.sight(other, root, LIST_AGAIN_NS + 1);
        assert_eq!(paths.path(other), None, "its parent was listed just now");
        paths.sight(other, root, 2 * LIST_AGAIN_NS + 1);
        assert_eq!(paths.path(other).unwrap(), b"/other");
    }

    #[test]
    fn room_is_made() {
        let tmp = tempfile::tempdir().unwrap();
        let mut paths = paths(tmp.path(), "/");
        let root = paths.root();
        for id in 0..2 * ENTRIES_MAX as u64 {
            paths.learn(id << 32 | 1, root, b"n", id);
        }
        assert!(paths.entries.len() <= ENTRIES_MAX && paths.path(root).is_some());
        assert!(paths.path((2 * ENTRIES_MAX as u64 - 1) << 32 | 1).is_some(), "the newest stays");
    }
}

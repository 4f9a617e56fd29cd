//! The memory cgroups whose limits hold for a process: its own and those above it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::{Version, file_in};
use crate::kernel::counters::oom_kill;
use crate::kernel::proc::text::{limit, number};

/// A cgroup that is measured.
#[derive(Debug)]
pub(crate) struct Level {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// Limit in bytes.
    pub(crate) limit: Option<u64>,
    usage: File,
    version: Version,
}

impl Level {
    /// Opens one; `None` where its usage can't be read, as at the root.
    pub(crate) fn open(dir: &Path, version: Version) -> Option<Self> {
        let files = version.files();
        let usage = File::open(file_in(dir, files.usage)).ok()?;
        let limit = std::fs::read(file_in(dir, files.limit)).ok().and_then(|text| limit(&text));
        Some(Self { dir: dir.into(), limit, usage, version })
    }

    /// Opens `dir` and all above it up to `mount`, the nearest first.
    pub(crate) fn chain(dir: &Path, mount: &Path, version: Version) -> Vec<Self> {
        let up = dir.ancestors().take_while(|above| above.starts_with(mount));
        up.filter_map(|dir| Self::open(dir, version)).collect()
    }

    /// Bytes used now.
    pub(crate) fn usage(&self) -> Option<u64> {
        let mut text = [0; 32];
        let length = self.usage.read_at(&mut text, 0).ok()?;
        number(text.get(..length)?)
    }

    /// Highest use so far; v2 tells since 5.19.
    pub(crate) fn peak(&self) -> Option<u64> {
        number(&std::fs::read(file_in(&self.dir, self.version.files().peak)).ok()?)
    }

    /// Processes that the OOM killer killed in it: in v2 with all below it, in v1 for itself alone.
    pub(crate) fn kills(&self) -> Option<u64> {
        kills(&self.dir, self.version)
    }
}

/// The same for any directory.
pub(crate) fn kills(dir: &Path, version: Version) -> Option<u64> {
    oom_kill(&std::fs::read(file_in(dir, version.files().kills)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_chain_with_and_without_limits() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("a/b");
        fs::create_dir_all(&dir).unwrap();
        for (dir, max) in [("a", "1000\n"), ("a/b", "max\n")] {
            fs::write(mount.path().join(dir).join("memory.max"), max).unwrap();
            fs::write(mount.path().join(dir).join("memory.current"), "700\n").unwrap();
        }
        fs::write(dir.join("memory.events"), "low 0\noom 3\noom_kill 2\noom_group_kill 1\n").unwrap();
        let chain = Level::chain(&dir, mount.path(), Version::V2);
        assert_eq!(chain.iter().map(|l| l.limit).collect::<Vec<_>>(), [None, Some(1000)]);
        assert_eq!((chain[0].usage(), chain[0].peak(), chain[0].kills()), (Some(700), None, Some(2)));
        assert_eq!(chain[1].kills(), None);
    }

    #[test]
    fn v1_without_a_limit() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("memory.usage_in_bytes"), "5\n").unwrap();
        for (text, limit) in
            [("9223372036854771712\n", None), ("9223372036854710272\n", None), ("4096\n", Some(4096))]
        {
            fs::write(dir.path().join("memory.limit_in_bytes"), text).unwrap();
            assert_eq!(Level::open(dir.path(), Version::V1).unwrap().limit, limit, "{text}");
        }
    }
}

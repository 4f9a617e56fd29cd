//! The memory cgroups whose limits hold for a process: its own and those above it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::Version;

/// What v1 says where there is no limit: the largest multiple of any page size.
const V1_UNLIMITED: u64 = i64::MAX as u64 - (64 << 10) + 1;

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
        let (usage, limit) = match version {
            Version::V2 => ("memory.current", "memory.max"),
            Version::V1 => ("memory.usage_in_bytes", "memory.limit_in_bytes"),
        };
        let usage = File::open(dir.join(usage)).ok()?;
        let limit = number(&dir.join(limit)).filter(|bytes| *bytes < V1_UNLIMITED);
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
        std::str::from_utf8(text.get(..length)?).ok()?.trim().parse().ok()
    }

    /// Highest use so far; v2 tells since 5.19.
    pub(crate) fn peak(&self) -> Option<u64> {
        number(&self.dir.join(match self.version {
            Version::V2 => "memory.peak",
            Version::V1 => "memory.max_usage_in_bytes",
        }))
    }

    /// Processes that the OOM killer killed in it: in v2 with all below it, in v1 for itself alone.
    pub(crate) fn kills(&self) -> Option<u64> {
        kills(&self.dir, self.version)
    }
}

/// The same for any directory.
pub(crate) fn kills(dir: &Path, version: Version) -> Option<u64> {
    let file = match version {
        Version::V2 => "memory.events",
        Version::V1 => "memory.oom_control",
    };
    let text = fs::read_to_string(dir.join(file)).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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

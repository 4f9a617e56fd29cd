//! How the files of a memory cgroup are named.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Version;

/// Names of one version.
#[derive(Debug)]
pub(crate) struct Files {
    /// Bytes used now.
    pub(crate) usage: &'static CStr,
    /// Highest use so far; v2 has it since 5.19.
    pub(crate) peak: &'static CStr,
    /// Limit of memory.
    pub(crate) limit: &'static CStr,
    /// Swap used now; in v1 with the memory.
    pub(crate) swap: &'static CStr,
    /// Limit of swap; in v1 with the memory.
    pub(crate) swap_limit: &'static CStr,
    /// What has the line `oom_kill`; in v1 of this cgroup alone, in v2 with all below it.
    pub(crate) kills: &'static CStr,
}

const V1: Files = Files {
    usage: c"memory.usage_in_bytes",
    peak: c"memory.max_usage_in_bytes",
    limit: c"memory.limit_in_bytes",
    swap: c"memory.memsw.usage_in_bytes",
    swap_limit: c"memory.memsw.limit_in_bytes",
    kills: c"memory.oom_control",
};

const V2: Files = Files {
    usage: c"memory.current",
    peak: c"memory.peak",
    limit: c"memory.max",
    swap: c"memory.swap.current",
    swap_limit: c"memory.swap.max",
    kills: c"memory.events",
};

impl Version {
    /// The names of its files.
    pub(crate) fn files(self) -> &'static Files {
        match self {
            Self::V1 => &V1,
            Self::V2 => &V2,
        }
    }

    /// By whether it is v1.
    pub(crate) fn of(is_v1: bool) -> Self {
        if is_v1 { Self::V1 } else { Self::V2 }
    }
}

/// The path of a file in `dir`.
pub(crate) fn file_in(dir: &Path, name: &CStr) -> PathBuf {
    dir.join(OsStr::from_bytes(name.to_bytes()))
}

//! Memory cgroups of either version, removed when dropped.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::counters::keyed;

/// Version of the hierarchy that has the memory controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy a controller.
    V1,
    /// The unified hierarchy.
    V2,
}

/// The hierarchy with the memory controller.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// Its version.
    pub version: Version,
    /// Where it is mounted.
    pub root: PathBuf,
}

impl Hierarchy {
    /// Finds the one in use.
    ///
    /// # Errors
    /// When no memory controller is mounted.
    pub fn find() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").context("can't read /proc/self/mounts")?;
        let mut unified = None;
        for line in mounts.lines() {
            let mut fields = line.split(' ').skip(1);
            let (Some(root), Some(kind), Some(options)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let root = PathBuf::from(root);
            if kind == "cgroup" && options.split(',').any(|option| option == "memory") {
                return Ok(Self { version: Version::V1, root });
            }
            let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
            if kind == "cgroup2" && controllers.split_whitespace().any(|name| name == "memory") {
                unified = Some(Self { version: Version::V2, root });
            }
        }
        unified.context("no cgroup hierarchy with the memory controller is mounted")
    }
}

/// A memory cgroup that the tests made.
#[derive(Debug)]
pub struct Cgroup {
    version: Version,
    root: PathBuf,
    directory: PathBuf,
}

impl Cgroup {
    /// Makes `name` (any bytes but `/` and newline) at the root of the hierarchy.
    ///
    /// # Errors
    /// When the directory can't be made: it needs root.
    pub fn new(hierarchy: &Hierarchy, name: &[u8]) -> Result<Self> {
        Self::make(hierarchy.version, &hierarchy.root, &hierarchy.root, name)
    }

    /// Makes one below.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn child(&self, name: &[u8]) -> Result<Self> {
        if self.version == Version::V2 {
            self.write("cgroup.subtree_control", "+memory")?;
        }
        Self::make(self.version, &self.root, &self.directory, name)
    }

    fn make(version: Version, root: &Path, parent: &Path, name: &[u8]) -> Result<Self> {
        let directory = parent.join(OsStr::from_bytes(name));
        let cgroup = Self { version, root: root.to_owned(), directory };
        if version == Version::V1 {
            // Up to 5.10 a child of v1 counts for its parent only when the parent asked for it before.
            let _ = fs::write(parent.join("memory.use_hierarchy"), "1");
        }
        fs::create_dir(&cgroup.directory)
            .with_context(|| format!("can't make the memory cgroup {}", cgroup.directory.display()))?;
        Ok(cgroup)
    }

    /// Writes a control file.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn write(&self, file: &str, value: &str) -> Result<()> {
        let path = self.directory.join(file);
        fs::write(&path, value).with_context(|| format!("can't write {value} to {}", path.display()))
    }

    /// A control file.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Limits memory, and with it swap to nothing more: what goes over it must be killed.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn limit(&self, bytes: u64) -> Result<()> {
        match self.version {
            Version::V1 => {
                // Absent without swap accounting. Never below the other one: first when raised, last when lowered.
                let _ = self.write("memory.memsw.limit_in_bytes", &bytes.to_string());
                self.write("memory.limit_in_bytes", &bytes.to_string())?;
                let _ = self.write("memory.memsw.limit_in_bytes", &bytes.to_string());
            }
            Version::V2 => {
                self.write("memory.max", &bytes.to_string())?;
                let _ = self.write("memory.swap.max", "0");
            }
        }
        Ok(())
    }

    /// Limits memory and, beyond it, swap.
    ///
    /// # Errors
    /// When the kernel refuses, as without swap accounting.
    pub fn limit_with_swap(&self, memory: u64, swap: u64) -> Result<()> {
        match self.version {
            Version::V1 => {
                self.write("memory.limit_in_bytes", &memory.to_string())?;
                self.write("memory.memsw.limit_in_bytes", &(memory + swap).to_string())
            }
            Version::V2 => {
                self.write("memory.max", &memory.to_string())?;
                self.write("memory.swap.max", &swap.to_string())
            }
        }
    }

    /// Path from the root of the hierarchy, as the kernel's log has it.
    #[must_use]
    pub fn path(&self) -> Vec<u8> {
        let below = self.directory.strip_prefix(&self.root).unwrap_or(&self.directory);
        let mut path = b"/".to_vec();
        path.extend_from_slice(below.as_os_str().as_bytes());
        path
    }

    /// The option that makes a workload join.
    #[must_use]
    pub fn join(&self) -> OsString {
        let mut option = b"cgroup=".to_vec();
        option.extend_from_slice(self.directory.as_os_str().as_bytes());
        OsString::from_vec(option)
    }

    /// Where the bytes in use can be read.
    #[must_use]
    pub fn usage_file(&self) -> PathBuf {
        self.file(match self.version {
            Version::V1 => "memory.usage_in_bytes",
            Version::V2 => "memory.current",
        })
    }

    /// Kills counted here.
    #[must_use]
    pub fn kills(&self) -> Option<u64> {
        let file = match self.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        keyed(&self.directory.join(file), "oom_kill")
    }

    fn remove(&self) -> io::Result<()> {
        let inside = fs::read_to_string(self.directory.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines().filter_map(|line| line.parse().ok()) {
            let _ = crate::sys::kill(pid, libc::SIGKILL);
        }
        fs::remove_dir(&self.directory)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for _ in 0..200 {
            match self.remove() {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => return,
            }
        }
        eprintln!("the memory cgroup {} could not be removed: it is still in use", self.directory.display());
    }
}

/// Removes all that tests which died have left: cgroups whose name begins with `prefix`.
///
/// # Errors
/// When one can't be removed.
pub fn sweep(hierarchy: &Hierarchy, prefix: &str) -> Result<()> {
    for entry in fs::read_dir(&hierarchy.root)?.flatten() {
        if entry.file_name().as_bytes().starts_with(prefix.as_bytes()) {
            sweep_tree(hierarchy, &entry.path());
            if entry.path().exists() {
                bail!("the memory cgroup {} could not be removed", entry.path().display());
            }
        }
    }
    Ok(())
}

fn sweep_tree(hierarchy: &Hierarchy, directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_tree(hierarchy, &entry.path());
        }
    }
    drop(Cgroup {
        version: hierarchy.version,
        root: hierarchy.root.clone(),
        directory: directory.to_owned(),
    });
}

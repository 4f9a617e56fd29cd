//! The few things that are done with a cgroup file system; tests have one of their own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A tree of cgroups.
pub(in crate::command) trait Tree: Send {
    /// Makes the cgroup `dir`.
    fn make(&self, dir: &Path) -> io::Result<()>;
    /// Removes the cgroup `dir`, which must be empty.
    fn remove(&self, dir: &Path) -> io::Result<()>;
    /// Reads a control file.
    fn read(&self, file: &Path) -> io::Result<String>;
    /// Writes a control file, which must exist.
    fn write(&self, file: &Path, text: &str) -> io::Result<()>;
    /// The names below `dir`.
    fn names(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// The cgroups right below `dir`; none where they can't be listed.
    fn dirs(&self, dir: &Path) -> Vec<PathBuf>;
    /// Sends SIGKILL.
    fn kill(&self, pid: i32);
}

/// The kernel's.
#[derive(Debug)]
pub(in crate::command) struct Kernel;

impl Tree for Kernel {
    fn make(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn remove(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn read(&self, file: &Path) -> io::Result<String> {
        fs::read_to_string(file)
    }

    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        // One write: the kernel takes each as a whole command.
        OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .collect()
    }

    fn kill(&self, pid: i32) {
        // SAFETY: a plain call.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }
}

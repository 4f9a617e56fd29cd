//! Files that stay open, and how many may.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::kernel::proc::Dir;

/// Files that one reader keeps open at the most. Each holds a buffer of a page in the kernel once it was read.
const KEPT_MAX: usize = 1024;

/// A file of /proc or of the cgroup file system that is read from its start each time.
#[derive(Debug)]
pub(crate) struct Kept(File);

impl Kept {
    /// Opens the file `name` in `dir`.
    pub(crate) fn open(dir: &Dir, name: &CStr) -> io::Result<Self> {
        dir.file(name).map(Self)
    }

    /// The file's text now, at most `buf.len()` bytes. These files come whole in one read.
    pub(crate) fn read<'b>(&self, buf: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let length = self.0.read_at(buf, 0)?;
        Ok(&buf[..length])
    }
}

/// How many files may stay open.
#[derive(Debug)]
pub(crate) struct Budget {
    max: usize,
    used: usize,
}

impl Budget {
    /// A quarter of what this program may open, so that two readers leave the other half to the rest.
    pub(crate) fn of_limits() -> Self {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: a valid pointer to a local.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        let quarter = usize::try_from(limit.rlim_cur / 4).unwrap_or(KEPT_MAX);
        Self { max: quarter.min(KEPT_MAX), used: 0 }
    }

    #[cfg(test)]
    pub(crate) fn of(max: usize) -> Self {
        Self { max, used: 0 }
    }

    /// Takes one; false when there is none left.
    pub(crate) fn take(&mut self) -> bool {
        let free = self.used < self.max;
        self.used += usize::from(free);
        free
    }

    /// Gives one back.
    pub(crate) fn give(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// Opens and keeps `name` in `dir`, if another one may be kept. When the system has no descriptors left the budget
    /// becomes what is in use.
    pub(crate) fn keep(&mut self, dir: &Dir, name: &CStr) -> Option<Kept> {
        if !self.take() {
            return None;
        }
        match Kept::open(dir, name) {
            Ok(kept) => Some(kept),
            Err(error) => {
                self.give();
                if exhausted(&error) {
                    self.max = self.used;
                }
                None
            }
        }
    }

    /// Halves the budget; true when there was something to halve.
    pub(crate) fn halve(&mut self) -> bool {
        self.max = self.used / 2;
        self.used > 0
    }

    /// True when more is kept than may be.
    pub(crate) fn exceeded(&self) -> bool {
        self.used > self.max
    }
}

/// This process or the system has no file descriptors left.
pub(crate) fn exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// What was there is gone: a process that ended, a cgroup that was removed.
pub(crate) fn gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH | libc::ENODEV))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_budget_is_kept() {
        let tmp = tempfile::tempdir().unwrap();
        std::fs::write(tmp.path().join("f"), "1").unwrap();
        let dir = Dir::open(tmp.path()).unwrap();
        let mut budget = Budget::of(1);
        assert!(budget.keep(&dir, c"absent").is_none());
        let kept = budget.keep(&dir, c"f").unwrap();
        assert!(budget.keep(&dir, c"f").is_none());
        assert_eq!(kept.read(&mut [0; 8]).unwrap(), b"1");
        std::fs::write(tmp.path().join("f"), "23").unwrap();
        assert_eq!(kept.read(&mut [0; 8]).unwrap(), b"23", "from the start again");
        assert!(budget.halve() && budget.exceeded());
        budget.give();
        assert!(!budget.exceeded() && !budget.halve());
    }
}

//! The bytes of a BTF file: mapped where the kernel allows it, else read.

use std::fs::File;
use std::io::Read as _;
use std::ops::Deref;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::ptr::NonNull;

/// Far above any kernel's BTF (4 to 10 MB in 2026) and the kernel's own limit for a blob (16 MiB).
const MAX_LEN: usize = 64 << 20;

/// Bytes that do not change.
#[derive(Debug)]
pub(super) enum Blob {
    Owned(Vec<u8>),
    Mapped(Mapping),
}

/// A read-only mapping of a sysfs file, undone when dropped.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is read-only and owned; nothing ties it to a thread.
unsafe impl Send for Mapping {}
// SAFETY: as above; shared reads of unchanging bytes.
unsafe impl Sync for Mapping {}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            // SAFETY: `start` is a live mapping of `len` readable bytes; sysfs BTF is constant kernel memory.
            Self::Mapped(map) => unsafe { std::slice::from_raw_parts(map.start.as_ptr(), map.len) },
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `mmap` gave; no slice of it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

impl Blob {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        // Whoever named the file reads it with rights of their own.
        let file = crate::rights::read_file(path)?;
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if len > MAX_LEN {
            return Err(std::io::Error::other(format!("{len} bytes are more than any kernel's BTF")));
        }
        // Only sysfs is mapped (6.16 and later allow it): an ordinary file could be cut while it is mapped.
        if is_sysfs(&file)
            && let Some(map) = Mapping::new(&file, len)
        {
            return Ok(Self::Mapped(map));
        }
        let mut bytes = Vec::with_capacity(len);
        // A size of 0 or a growing file must not make this read without end.
        file.take(MAX_LEN as u64).read_to_end(&mut bytes)?;
        Ok(Self::Owned(bytes))
    }
}

fn is_sysfs(file: &File) -> bool {
    let mut stat = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: `fd` is open and `stat` has room for the answer.
    let done = unsafe { libc::fstatfs(file.as_raw_fd(), stat.as_mut_ptr()) } == 0;
    // SAFETY: the call succeeded, so it filled `stat`.
    done && unsafe { stat.assume_init() }.f_type == libc::SYSFS_MAGIC
}

impl Mapping {
    fn new(file: &File, len: usize) -> Option<Self> {
        if len == 0 {
            return None;
        }
        // SAFETY: a fresh private read-only mapping chosen by the kernel; the descriptor is open.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), len, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self { start: NonNull::new(start.cast())?, len })
    }
}

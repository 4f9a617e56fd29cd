//! Shared memory and files.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::anon::{fill, map};

/// Touches shared anonymous memory, which is shmem.
pub(super) fn shmem(sizes: &[usize]) -> Result<i32> {
    super::steps(sizes, |size| {
        fill(map(size, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1)?, size);
        Ok(())
    })
}

/// Writes to a memfd: unlike a page fault, a write can fail and say so. Exit code 12 is ENOMEM.
pub(super) fn shmem_write(sizes: &[usize]) -> Result<i32> {
    // SAFETY: the name is a C string.
    let descriptor = unsafe { libc::memfd_create(c"shmem".as_ptr(), 0) };
    if descriptor < 0 {
        bail!("no memfd: {}", std::io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nobody else's.
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    let block = [1_u8; 4096];
    for _ in 0..sizes.iter().sum::<usize>() / block.len() {
        if let Err(error) = file.write_all(&block) {
            return Ok(error.raw_os_error().unwrap_or(1));
        }
    }
    Ok(0)
}

/// Writes a file and touches a shared mapping of it.
pub(super) fn file(path: &Path, sizes: &[usize]) -> Result<i32> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    let file = file.with_context(|| format!("can't make {}", path.display()))?;
    super::steps(sizes, |size| {
        file.set_len(u64::try_from(size)?)?;
        fill(map(size, libc::MAP_SHARED, file.as_raw_fd())?, size);
        Ok(())
    })
}

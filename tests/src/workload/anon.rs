//! Anonymous memory.

use anyhow::{Result, bail};

/// Touches each of `sizes` bytes in turn, page by page.
pub(super) fn run(sizes: &[usize]) -> Result<i32> {
    super::steps(sizes, |size| touch(size).map(drop))
}

/// Maps `size` bytes without huge pages and writes to each page.
pub(super) fn touch(size: usize) -> Result<*mut u8> {
    let start = map(size, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    // SAFETY: `map` has mapped these bytes; a failing hint only costs the step from page to huge page.
    unsafe { libc::madvise(start.cast(), size, libc::MADV_NOHUGEPAGE) };
    fill(start, size);
    Ok(start)
}

/// Maps `size` bytes for reading and writing; more than the machine has, if need be.
pub(super) fn map(size: usize, flags: i32, file: i32) -> Result<*mut u8> {
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            flags | libc::MAP_NORESERVE,
            file,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        bail!("can't map {size} bytes: {}", std::io::Error::last_os_error());
    }
    Ok(start.cast())
}

/// Writes to each page of a mapping.
pub(super) fn fill(start: *mut u8, size: usize) {
    for offset in (0..size).step_by(4096) {
        // SAFETY: the offset is inside the mapping; volatile, so that it is not optimised away.
        unsafe { start.add(offset).write_volatile(1) };
    }
}

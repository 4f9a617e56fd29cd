//! A process of which `/proc/<pid>/cmdline` and `environ` can't be read: the lock of its address space is never free.
//!
//! One thread reads a page of a silent file through `/proc/self/mem`, which holds that lock for reading until the page is
//! there. The other one then wants it for writing, and whoever comes later queues up behind. (To map the arguments themselves
//! from such a file is no use: since 4.18 the kernel does not look for them in files.)

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::anon::{map, touch};
use super::{hold, ready, wait};

const PAGE: usize = 4096;

/// Maps the silent file, takes the steps (each as soon as a line has arrived for it, the first at once), and with two more
/// lines hangs: the first for the reader, the second for who wants to write.
pub(super) fn run(file: &Path, sizes: &[usize]) -> Result<i32> {
    let page = silent_page(file)?;
    for size in sizes {
        touch(*size)?;
        ready();
        wait();
    }
    let memory = File::open("/proc/self/mem").context("can't open our own memory")?;
    let read = move || memory.read_at(&mut [0], page as u64).map(drop);
    std::thread::Builder::new().name("reader".into()).spawn(read)?;
    wait();
    map(PAGE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    // Not before the silent file is gone.
    hold();
}

/// Address of the file's only page. Closing the file tells who serves it that all is done.
fn silent_page(path: &Path) -> Result<usize> {
    let file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    // Without a known size there is no page to wait for.
    file.metadata().context("the silent file has no attributes")?;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let page = unsafe {
        libc::mmap(std::ptr::null_mut(), PAGE, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
    };
    if page == libc::MAP_FAILED {
        bail!("can't map {}: {}", path.display(), std::io::Error::last_os_error());
    }
    // Read ahead would be waited for in another way, which SIGKILL does not end.
    // SAFETY: the mapping of above.
    if unsafe { libc::madvise(page, PAGE, libc::MADV_RANDOM) } != 0 {
        bail!("can't advise: {}", std::io::Error::last_os_error());
    }
    Ok(page as usize)
}

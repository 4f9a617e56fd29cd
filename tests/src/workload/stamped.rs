//! Kills with a known beginning: the victim writes down the time before it touches each page.

use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::anon::map;
use crate::sys;

/// For each line on standard input one child that joins the cgroup and touches `size` bytes, which is more than its
/// limit. Says `PID NANOSECONDS`: the boot time just before the page fault that was its last.
pub(super) fn run(cgroup: &Path, sizes: &[usize]) -> Result<i32> {
    let [size] = *sizes else { bail!("stamped CGROUP BYTES") };
    // Touched before the first child, which must not be charged for it.
    let stamp: *mut u64 = map(4096, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1)?.cast();
    // SAFETY: a page of our own.
    unsafe { stamp.write_volatile(0) };
    super::ready();
    let mut line = String::new();
    while std::io::stdin().lock().read_line(&mut line)? > 0 {
        let pid = one(&cgroup.join("cgroup.procs"), size, stamp)?;
        // SAFETY: the page lives as long as this process, and the child that wrote to it has ended.
        super::say(&format!("{pid} {}", unsafe { stamp.read_volatile() }));
    }
    Ok(0)
}

fn one(procs: &Path, size: usize, stamp: *mut u64) -> Result<i32> {
    let file = File::options().write(true).open(procs).context("can't open the cgroup")?;
    // SAFETY: this process has one thread, so the child may go on using everything.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = i32::from(child(file, size, stamp).is_ok());
        // SAFETY: ends the child without running what is the parent's to run.
        unsafe { libc::_exit(code) };
    }
    if pid < 0 {
        bail!("can't fork: {}", std::io::Error::last_os_error());
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    if !libc::WIFSIGNALED(status) || libc::WTERMSIG(status) != libc::SIGKILL {
        bail!("child {pid} was not killed (status {status:#x})");
    }
    Ok(pid)
}

fn child(mut procs: File, size: usize, stamp: *mut u64) -> Result<()> {
    procs.write_all(b"0")?;
    let start = map(size, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    // SAFETY: `map` has mapped these bytes; a failing hint only costs the step from page to huge page.
    unsafe { libc::madvise(start.cast(), size, libc::MADV_NOHUGEPAGE) };
    for offset in (0..size).step_by(4096) {
        // SAFETY: the shared page and an offset inside the mapping.
        unsafe {
            stamp.write_volatile(sys::boottime_ns());
            start.add(offset).write_volatile(1);
        }
    }
    Ok(())
}

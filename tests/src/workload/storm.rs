//! Many kills, one right after the other.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// `sizes` = how many children and how many bytes each; every child joins the cgroup and runs into its limit.
pub(super) fn run(cgroup: &Path, sizes: &[usize]) -> Result<i32> {
    let [count, size] = *sizes else { bail!("storm CGROUP COUNT BYTES") };
    let procs = cgroup.join("cgroup.procs");
    super::ready();
    super::wait();
    for _ in 0..count {
        one(&procs, size).with_context(|| format!("in {}", cgroup.display()))?;
    }
    super::say("done");
    Ok(0)
}

fn one(procs: &Path, size: usize) -> Result<()> {
    let file = File::options().write(true).open(procs)?;
    // SAFETY: this process has one thread, so the child may go on using everything.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = i32::from(child(file, size).is_ok());
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
    Ok(())
}

fn child(mut procs: File, size: usize) -> Result<()> {
    procs.write_all(b"0")?;
    super::anon::touch(size).map(drop)
}

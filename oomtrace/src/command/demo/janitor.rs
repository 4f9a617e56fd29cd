//! Empties and removes a sandbox's cgroup: by ourselves, or by a child that outlives us.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::child;
use super::tree::Tree;

/// How long members may take to die; a v1 cgroup is busy until their memory is freed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What there is to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leftover {
    /// The cgroup.
    pub(super) dir: PathBuf,
    /// The `cgroup.subtree_control` in which the memory controller was switched on for it.
    pub(super) switched_on: Option<PathBuf>,
}

impl Leftover {
    /// Kills what is in the cgroup, removes it, and switches off what was switched on for it.
    pub(super) fn undo(&self, tree: &dyn Tree) -> io::Result<()> {
        empty_and_remove(tree, &self.dir)?;
        if let Some(file) = &self.switched_on {
            // Refused where somebody else has come to need it meanwhile: then it has to stay.
            let _ = tree.write(file, "-memory");
        }
        Ok(())
    }
}

/// Kills the members of `dir` and removes it; one that is gone already is fine.
pub(super) fn empty_and_remove(tree: &dyn Tree, dir: &Path) -> io::Result<()> {
    let start = Instant::now();
    loop {
        for pid in tree.read(&dir.join("cgroup.procs")).unwrap_or_default().lines() {
            // 0 stands for a process of another pid namespace, and would be our own group.
            if let Some(pid) = pid.parse().ok().filter(|pid| *pid > 0) {
                tree.kill(pid);
            }
        }
        match tree.remove(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// The child that watches over a sandbox.
#[derive(Debug)]
pub(super) struct Janitor(Child);

impl Janitor {
    /// Starts it.
    pub(super) fn start(leftover: &Leftover) -> Result<Self> {
        let mut command = child::command("janitor");
        command.arg(&leftover.dir).args(&leftover.switched_on);
        // Whoever reads our output must not have to wait for it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).context("can't start the process that cleans up after the demo")
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // Its work, where any is left, begins when the pipe ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What the janitor does: wait until the pipe on standard input ends, then undo.
pub(super) fn wait_and_undo(tree: &dyn Tree, leftover: &Leftover) -> io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let _ = io::stdin().read(&mut [0]);
    leftover.undo(tree)
}

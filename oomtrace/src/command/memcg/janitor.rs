//! Empties and removes a cgroup of ours: by ourselves, or by a child that outlives us.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::held;
use super::tree::{Kernel, Tree};

/// The hidden subcommand that is the janitor; the rest of its command line goes to [`child_main`].
pub const CHILD_COMMAND: &str = "cgroup-janitor";
/// Stands for an argument that is not given.
const NONE: &str = "-";

/// How long members may take to die; a v1 cgroup is busy until their memory is freed.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What there is to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Leftover {
    /// The cgroup.
    pub(in crate::command) dir: PathBuf,
    /// The `cgroup.procs` that its members are moved to; without one they are killed.
    pub(in crate::command) move_to: Option<PathBuf>,
    /// The `cgroup.subtree_control` in which the memory controller was switched on for it.
    pub(in crate::command) switched_on: Option<PathBuf>,
}

impl Leftover {
    /// Kills or moves what is in the cgroup, removes it, and switches off what was switched on for it.
    pub(in crate::command) fn undo(&self, tree: &dyn Tree) -> io::Result<()> {
        empty_and_remove(tree, self, Instant::now() + PATIENCE)?;
        if let Some(file) = &self.switched_on {
            // Refused where somebody else has come to need it meanwhile: then it has to stay.
            let _ = tree.write(file, "-memory");
        }
        Ok(())
    }
}

/// The processes of a cgroup. 0 stands for one of another pid namespace, and would be our own group.
fn members(tree: &dyn Tree, dir: &Path) -> Vec<i32> {
    let text = tree.read(&dir.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|pid| pid.parse().ok()).filter(|pid| *pid > 0).collect()
}

/// Empties the cgroup and removes it, trying again `until` then; one that is gone already is fine.
pub(super) fn empty_and_remove(tree: &dyn Tree, leftover: &Leftover, until: Instant) -> io::Result<()> {
    loop {
        empty(tree, &leftover.dir, leftover.move_to.as_deref());
        match remove(tree, &leftover.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < until => {
                thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Kills or moves the members of `dir` and of what its members have made below it.
fn empty(tree: &dyn Tree, dir: &Path, move_to: Option<&Path>) {
    for below in tree.dirs(dir) {
        empty(tree, &below, move_to);
    }
    for pid in members(tree, dir) {
        match move_to {
            // One that has gone meanwhile is fine, and what can't be moved is seen when the cgroup is busy.
            Some(procs) => drop(tree.write(procs, &pid.to_string())),
            None => tree.kill(pid),
        }
    }
}

/// Removes `dir` with the cgroups below it.
fn remove(tree: &dyn Tree, dir: &Path) -> io::Result<()> {
    for below in tree.dirs(dir) {
        remove(tree, &below)?;
    }
    tree.remove(dir)
}

/// The child that watches over a cgroup.
#[derive(Debug)]
pub(in crate::command) struct Janitor(Child);

impl Janitor {
    /// Starts it.
    pub(in crate::command) fn start(leftover: &Leftover) -> Result<Self> {
        // Not the path of the program: that may have been replaced or deleted since. Out of reach of Ctrl-C.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("oomtrace").arg(CHILD_COMMAND).process_group(0);
        let given = |path: &Option<PathBuf>| path.as_ref().map_or_else(|| NONE.into(), Clone::clone);
        command.arg(&leftover.dir).arg(given(&leftover.move_to)).arg(given(&leftover.switched_on));
        // Of a program with a setuid bit the janitor is root's alone, as anybody can type its name.
        // SAFETY: between fork and exec, plain calls.
        unsafe { command.pre_exec(held::be_who_we_act_as) };
        // Whoever reads our output must not have to wait for it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command
            .spawn()
            .map(Self)
            .context("can't start the process that removes the cgroup afterwards (is /proc mounted?)")
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // Its work, where any is left, begins when the pipe ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The hidden subcommand: `DIR MOVE_TO SWITCHED_ON`, each of the last two may be `-`.
#[must_use]
pub fn child_main(args: &[OsString]) -> ExitCode {
    let [dir, move_to, switched_on] = args else {
        eprintln!("oomtrace {CHILD_COMMAND} is started by oomtrace only");
        return ExitCode::from(2);
    };
    let given = |arg: &OsString| (arg != NONE).then(|| arg.into());
    let leftover = Leftover { dir: dir.into(), move_to: given(move_to), switched_on: given(switched_on) };
    match held::Held::take(&leftover) {
        Ok(held) => ExitCode::from(u8::from(wait_and_undo(&Kernel, held.leftover()).is_err())),
        Err(error) => {
            eprintln!("oomtrace {CHILD_COMMAND} is started by oomtrace only: {error}");
            ExitCode::from(2)
        }
    }
}

/// What the janitor does: wait until the pipe on standard input ends, then undo.
fn wait_and_undo(tree: &dyn Tree, leftover: &Leftover) -> io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let _ = io::stdin().read(&mut [0]);
    leftover.undo(tree)
}

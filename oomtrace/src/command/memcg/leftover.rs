//! What there is to undo of a cgroup of ours: emptied, removed, and switched off again.

use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::tree::Tree;

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

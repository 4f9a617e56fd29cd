//! The throw-away memory cgroup.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};

use super::child::{self, Role};
use crate::command::memcg::{Janitor, Kernel, Leftover, Tree, explain, name, remove_stale};
use crate::kernel::Roots;
use crate::kernel::cgroup::{Hierarchy, Version, file_in};

/// Limit of the demo's cgroup in bytes.
pub const LIMIT: u64 = 64 << 20;
/// Start of the names of its cgroups: then follow our process id and our start time, which tell a stale one.
const PREFIX: &str = "oomtrace-demo-";

/// A memory cgroup that is gone when this is dropped, and also when this process ends in any other way.
pub struct Sandbox {
    tree: Box<dyn Tree>,
    hierarchy: Hierarchy,
    leftover: Leftover,
    limit: u64,
    /// Dropped last.
    janitor: Option<Janitor>,
}

impl Sandbox {
    /// Makes a cgroup in which `limit` bytes of memory and no swap can be used, after removing those that earlier runs
    /// could not remove.
    ///
    /// # Errors
    /// Says what is missing (root, the memory controller, a writable cgroup file system) and the remedy.
    pub fn create(roots: &Roots, limit: u64) -> Result<Self> {
        let mut sandbox = Self::create_in(Hierarchy::find(roots)?, Box::new(Kernel), roots, limit)?;
        sandbox.janitor = Some(Janitor::start(&sandbox.leftover)?);
        Ok(sandbox)
    }

    fn create_in(hierarchy: Hierarchy, tree: Box<dyn Tree>, roots: &Roots, limit: u64) -> Result<Self> {
        remove_stale(&*tree, &hierarchy.mount, PREFIX, None, roots);
        let dir = hierarchy.mount.join(name(PREFIX, roots));
        let switched_on = switch_on(&*tree, &hierarchy)?;
        let leftover = Leftover { dir, move_to: None, switched_on };
        // From here on, dropping it cleans up.
        let sandbox = Self { tree, hierarchy, leftover, limit, janitor: None };
        let dir = &sandbox.leftover.dir;
        sandbox.tree.make(dir).map_err(|e| explain(&e, "make the memory cgroup", dir, "demo"))?;
        sandbox.set_limits()?;
        Ok(sandbox)
    }

    /// Sets the limits; what swap needs may be absent where there is no swap.
    fn set_limits(&self) -> Result<()> {
        let files = self.hierarchy.version.files();
        let rest = match self.hierarchy.version {
            Version::V2 => vec![(files.swap_limit, "0".into()), (c"memory.oom.group", "0".into())],
            Version::V1 => vec![
                (files.swap_limit, self.limit.to_string()),
                (c"memory.swappiness", "0".into()),
                // Inherited where the parent handles its OOMs itself: the leak would wait for ever.
                (files.kills, "0".into()),
            ],
        };
        let file = file_in(&self.leftover.dir, files.limit);
        self.tree
            .write(&file, &self.limit.to_string())
            .map_err(|e| explain(&e, "set the limit", &file, "demo"))?;
        for (name, value) in rest {
            let _ = self.tree.write(&file_in(&self.leftover.dir, name), &value);
        }
        Ok(())
    }

    /// The cgroup's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.leftover.dir
    }

    /// The cgroup as the kernel names it, from the root of its hierarchy; `None` where that is not UTF-8.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        let below = self.leftover.dir.strip_prefix(&self.hierarchy.mount).ok()?;
        self.hierarchy.root.join(below).into_os_string().into_string().ok()
    }

    /// Its limit in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Starts a child in the cgroup; it is at work when this returns. Standard input is the child's life line.
    ///
    /// # Errors
    /// The program could not be started again, or not be moved into the cgroup.
    pub(super) fn spawn(&self, role: Role) -> Result<Child> {
        let mut command = match role {
            Role::Leak(_) => child::command("leak"),
            Role::Neighbour => child::command("neighbour"),
        };
        if let Role::Leak(bytes) = role {
            command.arg(bytes.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("can't start a child of the demo (is /proc mounted?)")?;
        let joined = self.admit(&mut child);
        if joined.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        joined.map(|()| child)
    }

    /// Moves a child into the cgroup while it waits, and lets it go on.
    fn admit(&self, child: &mut Child) -> Result<()> {
        let file = self.leftover.dir.join("cgroup.procs");
        self.tree
            .write(&file, &child.id().to_string())
            .map_err(|e| explain(&e, "move a child into", &file, "demo"))?;
        let told = child.stdin.as_mut().map(|pipe| pipe.write_all(b"\n"));
        told.unwrap_or(Ok(())).context("a child of the demo ended before its work began")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = self.leftover.undo(&*self.tree) {
            log::warn!("can't remove {}: {error}; the next demo will", self.leftover.dir.display());
        }
    }
}

/// Switches the memory controller on for children of the v2 root; returns the file where it was off.
fn switch_on(tree: &dyn Tree, hierarchy: &Hierarchy) -> Result<Option<PathBuf>> {
    if hierarchy.version == Version::V1 {
        return Ok(None);
    }
    let file = hierarchy.mount.join("cgroup.subtree_control");
    let on = tree.read(&file).map_err(|e| explain(&e, "read", &file, "demo"))?;
    if on.split_ascii_whitespace().any(|controller| controller == "memory") {
        return Ok(None);
    }
    tree.write(&file, "+memory")
        .map_err(|e| explain(&e, "switch the memory controller on in", &file, "demo"))?;
    Ok(Some(file))
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;

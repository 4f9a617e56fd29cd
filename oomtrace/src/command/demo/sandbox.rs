//! The throw-away memory cgroup.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, anyhow};

use super::child::{self, Role};
use super::hierarchy::{Hierarchy, Version};
use super::janitor::{Janitor, Leftover, empty_and_remove};
use super::tree::{Kernel, Tree};
use crate::enrich::identity::same_start;
use crate::enrich::process::Process;
use crate::kernel::{Namespace, Roots};

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
        remove_stale(&*tree, &hierarchy.mount, roots);
        let me = Process::read(roots, std::process::id()).and_then(|p| p.start_boottime_ns).unwrap_or(0);
        let dir = hierarchy.mount.join(format!("{PREFIX}{}-{me}{}", std::process::id(), namespace(roots)));
        let switched_on = switch_on(&*tree, &hierarchy)?;
        let leftover = Leftover { dir, switched_on };
        // From here on, dropping it cleans up.
        let sandbox = Self { tree, hierarchy, leftover, limit, janitor: None };
        let dir = &sandbox.leftover.dir;
        sandbox.tree.make(dir).map_err(|e| explain(&e, "make the memory cgroup", dir))?;
        sandbox.set_limits()?;
        Ok(sandbox)
    }

    /// Sets the limits; what swap needs may be absent where there is no swap.
    fn set_limits(&self) -> Result<()> {
        let (memory, rest): (&str, &[(&str, String)]) = match self.hierarchy.version {
            Version::V2 => {
                ("memory.max", &[("memory.swap.max", "0".into()), ("memory.oom.group", "0".into())])
            }
            Version::V1 => (
                "memory.limit_in_bytes",
                &[
                    ("memory.memsw.limit_in_bytes", self.limit.to_string()),
                    ("memory.swappiness", "0".into()),
                    // Inherited where the parent handles its OOMs itself: the leak would wait for ever.
                    ("memory.oom_control", "0".into()),
                ],
            ),
        };
        let file = self.leftover.dir.join(memory);
        self.tree.write(&file, &self.limit.to_string()).map_err(|e| explain(&e, "set the limit", &file))?;
        for (name, value) in rest {
            let _ = self.tree.write(&self.leftover.dir.join(name), value);
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

    /// The hierarchy it is in.
    #[must_use]
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
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
            .map_err(|e| explain(&e, "move a child into", &file))?;
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
    let on = tree.read(&file).map_err(|e| explain(&e, "read", &file))?;
    if on.split_ascii_whitespace().any(|controller| controller == "memory") {
        return Ok(None);
    }
    tree.write(&file, "+memory").map_err(|e| explain(&e, "switch the memory controller on in", &file))?;
    Ok(Some(file))
}

/// Removes the cgroups of demos that are no longer running.
fn remove_stale(tree: &dyn Tree, mount: &Path, roots: &Roots) {
    for name in tree.names(mount).unwrap_or_default() {
        if is_stale(&name, roots) {
            // One that can't be removed is in nobody's way.
            let _ = empty_and_remove(tree, &mount.join(name));
        }
    }
}

/// End of the names of demos in a pid namespace of their own: from outside of it nobody can tell whether they run.
fn namespace(roots: &Roots) -> String {
    let link = std::fs::read_link(roots.proc.join("self/ns/pid")).unwrap_or_default();
    match Namespace::Pid.is_initial(roots) {
        Some(false) => link.to_string_lossy().replace("pid:[", "-").replace(']', ""),
        _ => String::new(),
    }
}

/// Whether a name is that of a demo, of our own pid namespace, whose process is gone.
fn is_stale(name: &str, roots: &Roots) -> bool {
    let Some((pid, start)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let start = start.strip_suffix(namespace(roots).as_str()).unwrap_or_default();
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse()) else { return false };
    let running = Process::read(roots, pid).and_then(|process| process.start_boottime_ns);
    !running.is_some_and(|running| same_start(running, start))
}

/// An error with its cause and the remedy.
fn explain(error: &io::Error, what: &str, path: &Path) -> anyhow::Error {
    let remedy = match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => "run as root: sudo oomtrace demo",
        Some(libc::EROFS) => {
            "the cgroup file system is mounted read-only, as in most containers: run on the host, or in a container \
             that may write it (docker run --privileged --cgroupns=host)"
        }
        Some(libc::EBUSY) => {
            "the cgroup has processes of its own, so it can't hand out controllers, as in a container with a cgroup \
             namespace: run on the host, or with --cgroupns=host"
        }
        Some(libc::ENOENT) => "the memory controller is not active there: boot with cgroup_enable=memory",
        Some(libc::ENOSPC | libc::EAGAIN | libc::ENOMEM) => {
            "a limit on cgroups is reached: raise cgroup.max.descendants, or remove cgroups that are not needed"
        }
        _ => "run on the host, as root",
    };
    anyhow!("can't {what} {}: {error}; {remedy}", path.display())
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;

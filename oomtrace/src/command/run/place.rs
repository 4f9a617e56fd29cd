//! The memory cgroup that a command runs in: made for it, below or beside ours, and removed afterwards.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command::memcg::{Janitor, Kernel, Leftover, Tree, explain, name, remove_stale};
use crate::enrich::process::Process;
use crate::kernel::cgroup::{Hierarchy, Version, file_in};
use crate::kernel::{Namespace, Roots};

/// Start of the names of our cgroups.
const PREFIX: &str = "oomtrace-run-";
const COMMAND: &str = "run";

/// Limits asked for, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Memory.
    pub(super) memory: Option<u64>,
    /// Swap beyond it.
    pub(super) swap: Option<u64>,
}

/// Where this process is in the memory controller's hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Here {
    /// The hierarchy.
    pub(super) hierarchy: Hierarchy,
    /// Our cgroup's directory.
    pub(super) dir: PathBuf,
}

impl Here {
    /// Finds it.
    ///
    /// # Errors
    /// There is no memory controller, or our cgroup lies outside of what is mounted; with the remedy.
    pub(super) fn find(roots: &Roots) -> Result<Self> {
        let hierarchy = Hierarchy::find(roots)?;
        let own = Process::read(roots, std::process::id()).and_then(|process| process.cgroup);
        let own = own.context("/proc/self/cgroup does not tell our memory cgroup: is /proc mounted?")?;
        let own = Path::new(std::ffi::OsStr::from_bytes(&own));
        let dir = match own.strip_prefix(&hierarchy.root) {
            Ok(below) if !below.starts_with("..") => hierarchy.mount.join(below),
            _ => bail!(
                "our memory cgroup {} is not below what is mounted on {}: run on the host",
                own.display(),
                hierarchy.mount.display()
            ),
        };
        // What `join` leaves at the end for an empty rest would be in every message.
        Ok(Self { dir: dir.components().collect(), hierarchy })
    }

    /// The real root: the only cgroup of v2 that may have processes and hand out controllers, and the only one without
    /// limits of its own.
    fn is_root(&self) -> bool {
        self.dir == self.hierarchy.mount && !self.dir.join("cgroup.events").exists()
    }

    /// The directory in which a cgroup can be made. In v1 that is our own cgroup. In v2 one that has processes can't hand
    /// out controllers, so it is the one above.
    fn parent(&self) -> Result<PathBuf> {
        match self.hierarchy.version {
            Version::V1 => Ok(self.dir.clone()),
            Version::V2 if self.is_root() => Ok(self.dir.clone()),
            Version::V2 => match self.dir.parent() {
                Some(parent) if self.dir != self.hierarchy.mount => Ok(parent.into()),
                _ => bail!(
                    "{} has processes of its own and what is above it can't be seen, as in a container: a cgroup can be \
                     made on the host, or with --cgroupns=host",
                    self.dir.display()
                ),
            },
        }
    }
}

/// A cgroup for the command; it is removed when this is dropped, and also when this process ends in any other way.
pub(super) struct Place {
    tree: Box<dyn Tree>,
    version: Version,
    leftover: Leftover,
    procs: File,
    id: Option<u64>,
    path: Option<Vec<u8>>,
    /// What a reader should know, e.g. limits that were taken over.
    pub(super) notes: Vec<String>,
    /// Dropped last.
    janitor: Option<Janitor>,
}

impl Place {
    /// Makes it.
    ///
    /// # Errors
    /// It can't be made, or a limit can't be set; names cause and remedy.
    pub(super) fn make(here: &Here, limits: Limits, roots: &Roots) -> Result<Self> {
        let mut place = Self::make_in(here, Box::new(Kernel), limits, roots)?;
        place.janitor = Some(Janitor::start(&place.leftover)?);
        Ok(place)
    }

    fn make_in(here: &Here, tree: Box<dyn Tree>, limits: Limits, roots: &Roots) -> Result<Self> {
        let parent = here.parent()?;
        let back = here.dir.join("cgroup.procs");
        remove_stale(&*tree, &parent, PREFIX, Some(&back), roots);
        let dir = parent.join(name(PREFIX, roots));
        let switched_on = switch_on(&*tree, here.hierarchy.version, &parent)?;
        let leftover = Leftover { dir, move_to: Some(back), switched_on };
        let dir = &leftover.dir;
        if let Err(error) = tree.make(dir) {
            let error = explain(&error, "make the memory cgroup", dir, COMMAND);
            let _ = leftover.undo(&*tree);
            return Err(error);
        }
        match Self::open(here, tree.as_ref(), limits, &leftover) {
            Ok((procs, notes)) => {
                let id = dir.metadata().ok().map(|meta| meta.ino());
                let path = kernel_path(here, dir, roots);
                let version = here.hierarchy.version;
                Ok(Self { tree, version, procs, id, path, notes, leftover, janitor: None })
            }
            Err(error) => {
                let _ = leftover.undo(&*tree);
                Err(error)
            }
        }
    }

    /// Sets the limits and opens what the command joins by.
    fn open(
        here: &Here,
        tree: &dyn Tree,
        limits: Limits,
        leftover: &Leftover,
    ) -> Result<(File, Vec<String>)> {
        let dir = &leftover.dir;
        let mut notes = Vec::new();
        if dir.parent() != Some(&here.dir) && !here.is_root() {
            notes.extend(take_over(tree, &here.dir, dir));
        }
        set(tree, here.hierarchy.version, dir, limits)?;
        let procs = dir.join("cgroup.procs");
        let opened = OpenOptions::new().write(true).open(&procs);
        let opened = opened.map_err(|e| explain(&e, "move the command into", &procs, COMMAND))?;
        Ok((opened, notes))
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Path {
        &self.leftover.dir
    }

    /// The file by which a process joins, open for writing: "0" is the one that writes.
    pub(super) fn procs(&self) -> &File {
        &self.procs
    }

    /// The interface.
    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// kernfs id.
    pub(super) fn id(&self) -> Option<u64> {
        self.id
    }

    /// The path as the kernel names it, where that can be told.
    pub(super) fn path(&self) -> Option<&[u8]> {
        self.path.as_deref()
    }

    /// Whether somebody has made a cgroup below it.
    pub(super) fn has_below(&self) -> bool {
        !self.tree.dirs(self.dir()).is_empty()
    }

    /// From now on what is left in it is killed at the end, instead of running on outside.
    pub(super) fn kill_the_rest(&mut self) {
        self.leftover.move_to = None;
    }
}

/// The processes in a cgroup and in those that they made below it.
pub(super) fn members(dir: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<u32> = text.lines().filter_map(|pid| pid.parse().ok()).collect();
    Kernel.dirs(dir).iter().for_each(|below| pids.extend(members(below)));
    pids
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = self.leftover.undo(&*self.tree) {
            log::warn!("can't remove {}: {error}; the next run will", self.leftover.dir.display());
        }
    }
}

/// Switches the memory controller on for what is made in `parent`; returns the file where it was off.
fn switch_on(tree: &dyn Tree, version: Version, parent: &Path) -> Result<Option<PathBuf>> {
    if version == Version::V1 {
        return Ok(None);
    }
    let file = parent.join("cgroup.subtree_control");
    let on = tree.read(&file).map_err(|e| explain(&e, "read", &file, COMMAND))?;
    if on.split_ascii_whitespace().any(|controller| controller == "memory") {
        return Ok(None);
    }
    tree.write(&file, "+memory")
        .map_err(|e| explain(&e, "switch the memory controller on in", &file, COMMAND))?;
    Ok(Some(file))
}

/// A cgroup beside ours must not be freer than ours: takes over the limits that were set for ours.
fn take_over(tree: &dyn Tree, from: &Path, to: &Path) -> Option<String> {
    let mut taken = Vec::new();
    for file in ["memory.max", "memory.high", "memory.swap.max", "memory.oom.group"] {
        let Ok(value) = tree.read(&from.join(file)) else { continue };
        let value = value.trim();
        if !["max", "0", ""].contains(&value) && tree.write(&to.join(file), value).is_ok() {
            taken.push(format!("{file} {value}"));
        }
    }
    let what = taken.join(", ");
    (!taken.is_empty()).then(|| {
        format!("the command runs beside our cgroup {}, with the limits of that one: {what}", from.display())
    })
}

/// Sets the limits that were asked for.
fn set(tree: &dyn Tree, version: Version, dir: &Path, limits: Limits) -> Result<()> {
    let with_swap = limits.memory.zip(limits.swap).map(|(memory, swap)| memory.saturating_add(swap));
    let files = version.files();
    let swap = match version {
        Version::V2 => limits.swap,
        Version::V1 => with_swap,
    };
    for (name, bytes) in [(files.limit, limits.memory), (files.swap_limit, swap)] {
        let (file, Some(bytes)) = (file_in(dir, name), bytes) else { continue };
        match tree.write(&file, &bytes.to_string()) {
            // Without swap, or without its accounting, there is nothing to limit.
            Err(e) if e.kind() == io::ErrorKind::NotFound && name == files.swap_limit => {}
            Err(e) => return Err(explain(&e, "set the limit", &file, COMMAND)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The path from the root of the hierarchy. In a cgroup namespace nobody tells.
fn kernel_path(here: &Here, dir: &Path, roots: &Roots) -> Option<Vec<u8>> {
    if Namespace::Cgroup.is_initial(roots) == Some(false) {
        return None;
    }
    let below = dir.strip_prefix(&here.hierarchy.mount).ok()?;
    Some(here.hierarchy.root.join(below).as_os_str().as_bytes().to_vec())
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;

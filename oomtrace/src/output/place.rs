//! Where a file is: its directory, held open, and its name there.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use rustix::fs::{AtFlags, Stat, fstat, statat, unlinkat};

use super::error::cannot;
use super::walk;
use crate::rights::Owner;

/// A name in a directory that is held from the start, for one owner. Whatever becomes of the path, this stays.
#[derive(Debug)]
pub struct Place {
    pub(super) owner: Owner,
    pub(super) directory: OwnedFd,
    pub(super) name: OsString,
    /// An open descriptor of ours, which the kernel shows as a link.
    pub(super) is_descriptor: bool,
    path: PathBuf,
}

impl Place {
    /// Opens the directory of `path` with the owner's rights.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub fn find(path: &Path, owner: &Owner) -> Result<Self> {
        let shown = format!("{path:?}");
        let is_directory = path.as_os_str().as_bytes().ends_with(b"/");
        let Some(name) = path.file_name().filter(|_| !is_directory) else {
            let error = if path.as_os_str().is_empty() { libc::ENOENT } else { libc::EISDIR };
            return Err(cannot(&shown, "open", &std::io::Error::from_raw_os_error(error)));
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let open = || if owner.is_root() { walk::for_root(parent) } else { walk::plain(parent) };
        let opened = owner.act(open).map_err(|error| no_rights(&shown, owner, &error))?;
        let directory = opened.map_err(|error| failed(&shown, owner, "open", &error))?;
        let is_descriptor = is_descriptor(parent, name);
        Ok(Self {
            owner: owner.clone(),
            directory,
            name: name.to_owned(),
            is_descriptor,
            path: path.to_owned(),
        })
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same, for messages.
    pub(super) fn shown(&self) -> String {
        format!("{:?}", self.path)
    }

    /// What could not be done with it.
    pub(super) fn failed(&self, what: &str, error: &std::io::Error) -> anyhow::Error {
        failed(&self.shown(), &self.owner, what, error)
    }

    /// What has the name now; a link is not followed. `None` when nothing has it.
    #[must_use]
    pub fn now(&self) -> Option<Stat> {
        statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW).ok()
    }

    /// Whether the name still leads to this open file.
    #[must_use]
    pub fn leads_to(&self, file: &std::fs::File) -> bool {
        let same = |now: Stat, held: Stat| (now.st_dev, now.st_ino) == (held.st_dev, held.st_ino);
        self.now().zip(fstat(file).ok()).is_some_and(|(now, held)| same(now, held))
    }

    /// Removes the name, if it still leads to this file.
    ///
    /// # Errors
    /// It leads elsewhere, or can't be removed.
    pub fn remove(&self, file: &std::fs::File) -> Result<()> {
        let remove = || match self.leads_to(file) {
            true => unlinkat(&self.directory, &self.name, AtFlags::empty()).map_err(std::io::Error::from),
            false => Err(std::io::Error::other("it is another file by now")),
        };
        let done = self.owner.act(remove).map_err(|error| no_rights(&self.shown(), &self.owner, &error))?;
        done.map_err(|error| anyhow!("can't remove {}: {error}", self.shown()))
    }
}

/// As [`cannot`]; for a caller's file it says with whose rights it was tried.
fn failed(shown: &str, owner: &Owner, what: &str, error: &std::io::Error) -> anyhow::Error {
    match (owner, error.raw_os_error()) {
        (Owner::User(user), Some(libc::EACCES | libc::EPERM)) => anyhow!(
            "can't {what} {shown} with the rights of {}, who called: {error}; name a file that this user can write, or act for \
             root: sudo env -u SUDO_UID -u SUDO_GID -u SUDO_USER oomtrace ...",
            user.label()
        ),
        _ => cannot(shown, what, error),
    }
}

/// `/dev/fd/63`, which shells write for `>(COMMAND)`.
fn is_descriptor(parent: &Path, name: &std::ffi::OsStr) -> bool {
    let is_list = [Path::new("/dev/fd"), Path::new("/proc/self/fd")].contains(&parent);
    is_list && name.as_bytes().iter().all(u8::is_ascii_digit)
}

/// The owner's rights could not be taken.
pub(super) fn no_rights(shown: &str, owner: &Owner, error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "can't open {shown} with the rights of {}, for whom it is: {error}; run as that user, or as root without sudo",
        owner.label()
    )
}

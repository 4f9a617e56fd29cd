//! One agent for one state directory.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// Makes the directory where it is missing and takes the lock in it.
///
/// # Errors
/// Another agent has it, or others may write to the directory.
pub(super) fn take(dir: &Path) -> Result<File> {
    if !dir.exists() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(dir).with_context(|| format!("can't make the state directory {dir:?}"))?;
    }
    let meta = std::fs::metadata(dir).with_context(|| format!("can't use the state directory {dir:?}"))?;
    // SAFETY: a plain call.
    let euid = unsafe { libc::geteuid() };
    ensure!(
        meta.is_dir() && (meta.uid() == euid || meta.uid() == 0) && meta.mode() & 0o022 == 0,
        "the state directory {dir:?} is refused: it must be this user's or root's, and writable by its owner alone: \
         chmod go-w {dir:?}"
    );
    let path = dir.join("agent.lock");
    let mut options = OpenOptions::new();
    options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    let file = options.open(&path).with_context(|| format!("can't open {path:?}"))?;
    // SAFETY: the descriptor is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        bail!(
            "another oomtrace agent uses {dir:?}: stop it (systemctl stop oomtrace), or give this one another --state-dir"
        );
    }
    Ok(file)
}

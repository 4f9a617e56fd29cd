//! The disks of a guest.

use crate::sh;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk with an ext4 of `size` (`600M`) that holds what is in `tree`.
pub(crate) fn ext4(tree: &Path, image: &Path, size: &str) -> Result<()> {
    std::fs::create_dir_all(tree)?;
    let mut mke2fs = Command::new(tool("mke2fs"));
    // Blocks as large as pages, whatever the size: direct I/O is aligned to them.
    mke2fs.args(["-q", "-t", "ext4", "-b", "4096", "-d"]).arg(tree).arg(image).arg(size);
    sh::output(&mut mke2fs).map(drop).context("a guest's disk can't be made: it needs e2fsprogs")
}

/// A program that may be root's alone.
pub(crate) fn tool(name: &str) -> PathBuf {
    sh::find(name).unwrap_or_else(|| Path::new("/usr/sbin").join(name))
}

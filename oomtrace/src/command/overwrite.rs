//! An output that is among the inputs.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// Refuses to write to a file that is to be read: opening the output empties it.
///
/// # Errors
/// When `output` is one of `files`, under whatever name.
pub(super) fn refuse_overwriting(files: &[PathBuf], output: Option<&Path>) -> Result<()> {
    let id = |path: &Path| {
        std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|m| (m.dev(), m.ino()))
    };
    let Some(output) = output.filter(|output| id(output).is_some()) else { return Ok(()) };
    let is_read = files.iter().any(|file| id(file) == id(output));
    ensure!(
        !is_read,
        "{output:?} is a file that is to be read, and writing to it would empty it: give -o another name"
    );
    Ok(())
}

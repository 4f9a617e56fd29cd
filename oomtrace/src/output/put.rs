//! A small file that is replaced again and again.

use std::fs::{OpenOptions, remove_file, rename};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Writes `text` beside the name, and then gives it the name: what was there, also a link, is replaced and never written to.
///
/// # Errors
/// Names the file and the cause.
pub fn put(dir: &Path, name: &str, text: &[u8], mode: u32) -> Result<()> {
    let path = dir.join(name);
    // Nobody can guess it, and so nobody can have put something there.
    let beside = dir.join(format!(".{name}.{}", super::word()?));
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(text)?;
        rename(&beside, &path)
    };
    write().inspect_err(|_| drop(remove_file(&beside))).with_context(|| format!("can't write {path:?}"))
}

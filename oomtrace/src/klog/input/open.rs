//! Opens a log, compressed or not.

use std::io::BufRead;
use std::path::Path;

use anyhow::{Result, anyhow};

use crate::decompress;

const DENIED: &str = "run with sudo, or as a member of the group that may read logs (adm)";

/// Opens a file, or standard input for `-`.
///
/// # Errors
/// Names the file, the cause and the remedy.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    if path.is_dir() {
        return Err(anyhow!(
            "can't read {path:?}: it is a directory: name the log files in it, oldest first{}",
            journal_hint(path)
        ));
    }
    decompress::open(path, DENIED)
}

fn journal_hint(path: &Path) -> String {
    match path.to_str().is_some_and(|path| path.contains("journal")) {
        true => format!(", or: journalctl -k -o export -D {path:?} | oomtrace explain -"),
        false => String::new(),
    }
}

//! Opens a log, and undoes what it is compressed with: gzip, zstd, xz, told by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use lzma_rust2::XzReader;

use crate::evidence::decompress;

/// Memory that a dictionary of xz may take; `xz -9` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 256 << 10;
const XZ: &[u8] = b"\xfd7zXZ\0";
const BUFFER: usize = 64 * 1024;

/// Opens a file, or standard input for `-`.
///
/// # Errors
/// Names the file, the cause and the remedy.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return plain(Box::new(io::stdin())).context("can't read standard input");
    }
    let meta = std::fs::metadata(path).map_err(|error| cannot_open(path, &error))?;
    if meta.is_dir() {
        return Err(anyhow!(
            "can't read {path:?}: it is a directory: name the log files in it, oldest first{}",
            journal_hint(path)
        ));
    }
    let file = File::open(path).map_err(|error| cannot_open(path, &error))?;
    plain(Box::new(file)).with_context(|| format!("can't read {path:?}"))
}

fn journal_hint(path: &Path) -> String {
    match path.to_str().is_some_and(|path| path.contains("journal")) {
        true => format!(", or: journalctl -k -o export -D {path:?} | oomtrace explain -"),
        false => String::new(),
    }
}

fn cannot_open(path: &Path, error: &io::Error) -> anyhow::Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "; look at its name, or give - for standard input",
        io::ErrorKind::PermissionDenied => {
            "; run with sudo, or as a member of the group that may read logs (adm)"
        }
        _ => "",
    };
    anyhow!("can't open {path:?}: {error}{remedy}")
}

/// Undoes the compression.
pub(super) fn plain(mut source: Box<dyn Read>) -> Result<Box<dyn BufRead>> {
    let mut begin = Vec::with_capacity(XZ.len());
    source.by_ref().take(XZ.len() as u64).read_to_end(&mut begin)?;
    let is_xz = begin == XZ;
    let source = io::Cursor::new(begin).chain(source);
    if is_xz {
        let source = BufReader::with_capacity(BUFFER, source);
        let reader = XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB);
        return Ok(Box::new(BufReader::with_capacity(BUFFER, reader)));
    }
    decompress::reader(source)
}

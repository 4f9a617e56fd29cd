//! A file of fixed size that is written before it is needed: records survive `kill -9` of the writer and a machine without
//! memory, because nothing has to be allocated for them, neither in the file nor in the page cache.
//!
//! The file is cut into blocks of 4 KiB: one that describes it, then four rings of blocks: for what is to stay (the header), for
//! kills in short, for kills and what belongs to them, and for samples. A record takes one block or several, each with a checksum; a block that
//! was torn or overwritten takes its record with it and no other. The reader gives the records back in the order in which they
//! were written.

mod block;
mod cached;
mod read;
mod strip;
mod write;

use std::path::{Path, PathBuf};

pub use read::lines;
pub use strip::Strip;
pub use write::{Ring, Sizes};

/// The file's first bytes.
pub const MAGIC: [u8; 8] = *b"OOMRING1";

/// The note of an incident that was written in short.
pub const SHORT: &str = "written in short at the kill; the whole record is missing";

/// The journal beside a file.
#[must_use]
pub fn journal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

/// Which ring a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What has to stay.
    Header,
    /// Kills and what belongs to them.
    Kills,
    /// Samples.
    Samples,
}

#[cfg(test)]
mod tests;

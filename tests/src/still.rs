//! Locked pages that stay where they are.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Whether compaction may move locked pages. It is absent from a kernel that does not compact.
const MOVABLE: &str = "/proc/sys/vm/compact_unevictable_allowed";

/// Keeps the kernel from moving locked pages, until dropped.
///
/// A thread that touches a page while it is moved has a minor fault, as if the page had not been there. It needs neither
/// memory nor the disk, but can't be told from one that does.
#[derive(Debug)]
pub struct Still {
    /// The setting as it was.
    before: Option<String>,
}

impl Still {
    /// Keeps them from now on.
    ///
    /// # Errors
    /// The setting can't be read or written.
    pub fn keep() -> Result<Self> {
        if !Path::new(MOVABLE).exists() {
            return Ok(Self { before: None });
        }
        let before = fs::read_to_string(MOVABLE).context(MOVABLE)?;
        fs::write(MOVABLE, "0").context("can't keep locked pages where they are")?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = fs::write(MOVABLE, before);
        }
    }
}

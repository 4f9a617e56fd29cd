//! A working set in the page cache.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Reads a file over and over.
pub(super) fn run(path: &Path) -> Result<i32> {
    let mut file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    let mut block = vec![0_u8; 256 << 10];
    loop {
        while file.read(&mut block)? > 0 {
            // Leaves time for others.
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        file.seek(SeekFrom::Start(0))?;
    }
}

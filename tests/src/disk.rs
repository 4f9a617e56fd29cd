//! The disks that a guest is given, known by their serial numbers: their names depend on which is found first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What direct I/O is aligned to.
pub const BLOCK: usize = 4096;
/// Blocks that are read at once.
const AT_ONCE: usize = 256;

/// The disk with that serial number.
#[must_use]
pub fn of_serial(serial: &str) -> Option<PathBuf> {
    let disks = fs::read_dir("/sys/block").ok()?.flatten();
    let is_it = |disk: &fs::DirEntry| {
        let found = fs::read_to_string(disk.path().join("device/serial"));
        found.is_ok_and(|found| found.trim() == serial)
    };
    disks.into_iter().find(is_it).map(|disk| Path::new("/dev").join(disk.file_name()))
}

/// A block of a disk.
#[derive(Clone, Copy)]
#[repr(C, align(4096))]
pub struct Block(pub [u8; BLOCK]);

/// Reads a disk past every cache: what it gives is on the disk.
pub struct Raw {
    file: File,
    blocks: Vec<Block>,
}

impl Raw {
    /// Opens the device, and takes the memory that reading needs.
    ///
    /// # Errors
    /// When it can't be opened for direct I/O.
    pub fn open(device: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(device)?;
        Ok(Self { file, blocks: vec![Block([1; BLOCK]); AT_ONCE] })
    }

    /// Hands over each block of the disk.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn each(&mut self, mut take: impl FnMut(&[u8; BLOCK])) -> io::Result<()> {
        io::Seek::rewind(&mut self.file)?;
        loop {
            let size = self.blocks.len() * BLOCK;
            // SAFETY: a block is an array of bytes whose size is its alignment, so there is nothing between two.
            let bytes = unsafe { std::slice::from_raw_parts_mut(self.blocks.as_mut_ptr().cast(), size) };
            let whole = self.file.read(bytes)? / BLOCK;
            if whole == 0 {
                return Ok(());
            }
            self.blocks[..whole].iter().for_each(|block| take(&block.0));
        }
    }
}

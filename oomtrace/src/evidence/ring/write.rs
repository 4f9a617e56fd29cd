//! Writing into a file that has its final size already.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::block::{Block, ROOM, SIZE};
use super::{Lane, MAGIC};

/// Blocks that are kept ready: records up to this are written without finding memory for them. 256 KiB.
const READY: usize = 64;
/// Blocks for the header: 64 KiB.
const HEADERS: u64 = 16;

/// How many blocks the rings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// For kills.
    pub kills: u64,
    /// For samples.
    pub samples: u64,
}

impl Sizes {
    /// Of a file of about `bytes`: a quarter for samples, the rest for kills.
    #[must_use]
    pub fn of_file(bytes: u64) -> Self {
        let blocks = (bytes / SIZE as u64).saturating_sub(1 + HEADERS).max(64);
        Self { kills: blocks - blocks / 4, samples: blocks / 4 }
    }

    /// Of a journal of kills in short.
    #[must_use]
    pub fn of_journal(kills: u64) -> Self {
        Self { kills, samples: 0 }
    }

    fn blocks(self) -> u64 {
        1 + HEADERS + self.kills + self.samples
    }
}

/// A ring of blocks within the file.
struct Place {
    first: u64,
    blocks: u64,
    next: u64,
}

/// An open file.
pub struct Ring {
    file: File,
    /// Header, kills, samples.
    places: [Place; 3],
    /// Number of the next record.
    number: u64,
    blocks: Vec<Block>,
    /// The file system takes direct I/O.
    direct: bool,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("number", &self.number)
            .field("direct", &self.direct)
            .finish_non_exhaustive()
    }
}

impl Ring {
    /// Makes the file, readable by its owner only, and writes all of it once.
    ///
    /// # Errors
    /// Those of the file system; a disk that has no room says so now and not at a kill.
    pub fn create(path: &Path, sizes: Sizes) -> io::Result<Self> {
        prewrite(path, sizes)?;
        let open = |flags| OpenOptions::new().write(true).custom_flags(flags).open(path);
        // Some file systems know no direct I/O; synchronous writes remain, which need the page cache.
        let (file, direct) = match open(libc::O_DIRECT | libc::O_DSYNC) {
            Ok(file) => (file, true),
            Err(_) => (open(libc::O_DSYNC)?, false),
        };
        let first = 1 + HEADERS;
        let places = [
            Place { first: 1, blocks: HEADERS, next: 0 },
            Place { first, blocks: sizes.kills, next: 0 },
            Place { first: first + sizes.kills, blocks: sizes.samples, next: 0 },
        ];
        Ok(Self { file, places, number: 1, blocks: vec![Block::EMPTY; READY], direct })
    }

    /// Whether writes go past the page cache.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Writes a record over the oldest ones of its lane; it is on the disk when this returns.
    ///
    /// # Errors
    /// Those of the file system, and a record that is larger than half of its lane.
    pub fn put(&mut self, lane: Lane, record: &[u8]) -> io::Result<()> {
        let parts = record.len().div_ceil(ROOM).max(1);
        let place = match lane {
            Lane::Header => &mut self.places[0],
            Lane::Kills => &mut self.places[1],
            Lane::Samples => &mut self.places[2],
        };
        if parts as u64 > place.blocks.div_ceil(2) {
            return Err(io::Error::other("the record is too large for the file"));
        }
        if self.blocks.len() < parts {
            self.blocks.resize(parts, Block::EMPTY);
        }
        let all = u32::try_from(parts).unwrap_or(u32::MAX);
        let payloads = record.chunks(ROOM).chain(record.is_empty().then_some(&b""[..]));
        for ((part, block), payload) in (0..all).zip(&mut self.blocks).zip(payloads) {
            block.fill(self.number, part, all, payload);
        }
        self.number += 1;
        let mut blocks = &self.blocks[..parts];
        while !blocks.is_empty() {
            let run = usize::try_from(place.blocks - place.next).unwrap_or(usize::MAX).min(blocks.len());
            write_at(&mut self.file, place.first + place.next, &blocks[..run])?;
            place.next = (place.next + run as u64) % place.blocks;
            blocks = &blocks[run..];
        }
        Ok(())
    }
}

/// Writes blocks from block number `at` on.
fn write_at(file: &mut File, at: u64, blocks: &[Block]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at * SIZE as u64))?;
    let mut slices: Vec<_> = blocks.iter().map(|block| IoSlice::new(&block.0)).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        // The kernel takes 1024 at once.
        let some = left.len().min(1024);
        match file.write_vectored(&left[..some]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes the file with all its blocks. What was there is of another recording.
fn prewrite(path: &Path, sizes: Sizes) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
    let mut first = [0; SIZE];
    first[..MAGIC.len()].copy_from_slice(&MAGIC);
    file.write_all(&first)?;
    let empty = vec![0; 64 * SIZE];
    let mut left = (sizes.blocks() - 1) * SIZE as u64;
    while left > 0 {
        let some = left.min(empty.len() as u64);
        file.write_all(&empty[..usize::try_from(some).unwrap_or(empty.len())])?;
        left -= some;
    }
    file.sync_all()
}

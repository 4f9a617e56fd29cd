//! Writing into a file that has its final size already.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::block::SIZE;
use super::strip::{Place, Strip};
use super::{Lane, MAGIC, cached};

/// Blocks that are kept ready for a kill with its history: 256 KiB.
const READY: usize = 64;
/// The same for a sample: 64 KiB.
const READY_SAMPLE: usize = 16;
/// Blocks for the header: 64 KiB.
const HEADERS: u64 = 16;

/// How many blocks the rings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// For kills in short, a block each.
    pub shorts: u64,
    /// For kills.
    pub kills: u64,
    /// For samples.
    pub samples: u64,
}

impl Sizes {
    /// Of a file of about `bytes`: a quarter for samples, a sixteenth for kills in short, the rest for kills.
    #[must_use]
    pub fn of_file(bytes: u64) -> Self {
        let blocks = (bytes / SIZE as u64).saturating_sub(1 + HEADERS).max(64);
        let (shorts, samples) = (blocks / 16, blocks / 4);
        Self { shorts, kills: blocks - shorts - samples, samples }
    }

    /// Of a journal of kills in short.
    #[must_use]
    pub fn of_journal(kills: u64) -> Self {
        Self { shorts: kills, kills: 0, samples: 0 }
    }

    fn blocks(self) -> u64 {
        1 + HEADERS + self.shorts + self.kills + self.samples
    }
}

/// An open file.
#[derive(Debug)]
pub struct Ring {
    header: Strip,
    /// Until a thread of its own takes it.
    shorts: Option<Strip>,
    kills: Strip,
    samples: Strip,
    /// The file system takes direct I/O.
    direct: bool,
}

impl Ring {
    /// Writes all of an empty file once. `open` opens the same file again, for writing and with the flags that it is given.
    ///
    /// # Errors
    /// Those of the file system; a disk that has no room says so now and not at a kill.
    pub fn fill(file: &File, open: impl Fn(i32) -> io::Result<File>, sizes: Sizes) -> io::Result<Self> {
        prewrite(file, sizes)?;
        // Some file systems know no direct I/O; synchronous writes remain, which need the page cache.
        let (file, direct) = match open(libc::O_DIRECT | libc::O_DSYNC) {
            Ok(file) => (file, true),
            Err(_) => (open(libc::O_DSYNC)?, false),
        };
        let (file, number) = (Arc::new(file), Arc::new(AtomicU64::new(1)));
        let mut first = 1;
        let mut strip = |blocks, ready: usize| {
            let ready = ready.min(usize::try_from(blocks).unwrap_or(ready));
            let strip = Strip::new(&file, &number, Place { first, blocks }, ready);
            first += blocks;
            strip
        };
        let header = strip(HEADERS, READY_SAMPLE);
        let shorts = Some(strip(sizes.shorts, 1));
        let kills = strip(sizes.kills, READY);
        let samples = strip(sizes.samples, READY_SAMPLE);
        Ok(Self { header, shorts, kills, samples, direct })
    }

    /// Whether writes go past the page cache.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// The ring of kills in short, for a thread that does not wait for the writer of the others; once.
    pub fn shorts(&mut self) -> Option<Strip> {
        self.shorts.take()
    }

    /// Writes a record over the oldest ones of its lane; it is on the disk when this returns.
    ///
    /// # Errors
    /// Those of the file system, and a record that is larger than half of its lane.
    pub fn put(&mut self, lane: Lane, record: &[u8]) -> io::Result<()> {
        let strip = match lane {
            Lane::Header => &mut self.header,
            Lane::Kills => &mut self.kills,
            Lane::Samples => &mut self.samples,
        };
        strip.put(record)
    }
}

/// Gives the file all its blocks.
fn prewrite(mut file: &File, sizes: Sizes) -> io::Result<()> {
    // At once, so that they lie in few pieces. Where a file system has no such call, writing does it.
    let _ = rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, sizes.blocks() * SIZE as u64);
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
    file.sync_all()?;
    cached::drop_contents(file);
    cached::keep_places(file);
    Ok(())
}

//! One of the file's rings of blocks, and what writes it: each may be another thread's, and none waits for another.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::{Block, ROOM, SIZE};
use super::cached;

/// Where a ring lies in the file, in blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub first: u64,
    pub blocks: u64,
}

/// A ring of blocks.
pub struct Strip {
    file: Arc<File>,
    /// Number of the file's next record, whichever ring it goes to.
    number: Arc<AtomicU64>,
    place: Place,
    next: u64,
    /// Kept ready: records up to this are written without finding memory for them.
    blocks: Vec<Block>,
}

impl std::fmt::Debug for Strip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Strip").field("place", &self.place).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Strip {
    /// The ring at `place`, with room for records of `ready` blocks.
    pub(super) fn new(file: &Arc<File>, number: &Arc<AtomicU64>, place: Place, ready: usize) -> Self {
        // Written once, so that no page of it has to be found at a kill.
        let mut blocks = vec![Block::EMPTY; ready];
        blocks.iter_mut().for_each(|block| block.fill(0, 0, 1, &[]));
        Self { file: Arc::clone(file), number: Arc::clone(number), place, next: 0, blocks }
    }

    /// Writes a record over the oldest ones of this ring; it is on the disk when this returns.
    ///
    /// # Errors
    /// Those of the file system, and a record that is larger than half of the ring.
    pub fn put(&mut self, record: &[u8]) -> io::Result<()> {
        let parts = record.len().div_ceil(ROOM).max(1);
        if parts as u64 > self.place.blocks.div_ceil(2) {
            return Err(io::Error::other("the record is too large for the file"));
        }
        if self.blocks.len() < parts {
            self.blocks.resize(parts, Block::EMPTY);
        }
        let all = u32::try_from(parts).unwrap_or(u32::MAX);
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let payloads = record.chunks(ROOM).chain(record.is_empty().then_some(&b""[..]));
        for ((part, block), payload) in (0..all).zip(&mut self.blocks).zip(payloads) {
            block.fill(number, part, all, payload);
        }
        let Place { first, blocks } = self.place;
        let mut rest = &self.blocks[..parts];
        while !rest.is_empty() {
            let run = usize::try_from(blocks - self.next).unwrap_or(usize::MAX).min(rest.len());
            let at = (first + self.next) * SIZE as u64;
            self.write_at(Block::bytes(&rest[..run]), at)?;
            self.next = (self.next + run as u64) % blocks;
            rest = &rest[run..];
        }
        Ok(())
    }

    /// A page of the file that somebody has read may have been in the way, so this tries twice.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at).or_else(|_| {
            cached::drop_contents(&self.file);
            self.file.write_all_at(bytes, at)
        })
    }
}

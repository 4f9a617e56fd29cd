//! Room for points: blocks of one size, taken and given back, never more than a fixed number of them.

/// Words of a block: 7 points of a process, or 4 of a cgroup.
pub(super) const WORDS: usize = 56;
/// No block.
pub(super) const NONE: u32 = u32::MAX;
/// Blocks that are allocated at once: 29 KiB, below the size from which malloc maps a block by itself.
const CHUNK: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Block {
    words: [u32; WORDS],
    next: u32,
}

/// Bytes of a block.
pub(super) const BLOCK: usize = size_of::<Block>();

/// All blocks. They come chunk by chunk as they are needed and stay for good: what is resident is what was once used.
#[derive(Debug)]
pub(super) struct Pool {
    chunks: Vec<Box<[Block]>>,
    free: u32,
    taken: usize,
    cap: usize,
}

impl Pool {
    /// At most `bytes`, rounded down to whole chunks, and one chunk at the least.
    pub(super) fn new(bytes: usize) -> Self {
        let chunks = (bytes / (BLOCK * CHUNK)).max(1);
        Self { chunks: Vec::with_capacity(chunks), free: NONE, taken: 0, cap: chunks * CHUNK }
    }

    /// Takes a block; `None` when all are in use.
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.free == NONE {
            self.grow()?;
        }
        let id = self.free;
        self.free = self.next(id);
        self.set_next(id, NONE);
        self.taken += 1;
        Some(id)
    }

    /// Gives a block back.
    pub(super) fn give(&mut self, id: u32) {
        self.set_next(id, self.free);
        self.free = id;
        self.taken -= 1;
    }

    fn grow(&mut self) -> Option<()> {
        let first = self.chunks.len() * CHUNK;
        if first >= self.cap {
            return None;
        }
        let chunk = vec![Block { words: [0; WORDS], next: NONE }; CHUNK].into_boxed_slice();
        self.chunks.push(chunk);
        for at in (first..first + CHUNK).rev() {
            let id = u32::try_from(at).ok()?;
            self.set_next(id, self.free);
            self.free = id;
        }
        Some(())
    }

    /// Blocks that can still be taken.
    pub(super) fn left(&self) -> usize {
        self.cap - self.taken
    }

    /// Blocks there can be.
    pub(super) fn cap(&self) -> usize {
        self.cap
    }

    #[cfg(test)]
    /// Bytes that were allocated.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * BLOCK
    }

    pub(super) fn words(&self, id: u32) -> &[u32; WORDS] {
        &self.chunks[id as usize / CHUNK][id as usize % CHUNK].words
    }

    pub(super) fn words_mut(&mut self, id: u32) -> &mut [u32; WORDS] {
        &mut self.chunks[id as usize / CHUNK][id as usize % CHUNK].words
    }

    pub(super) fn next(&self, id: u32) -> u32 {
        self.chunks[id as usize / CHUNK][id as usize % CHUNK].next
    }

    pub(super) fn set_next(&mut self, id: u32, next: u32) {
        self.chunks[id as usize / CHUNK][id as usize % CHUNK].next = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_more_than_its_size_and_each_block_once() {
        let mut pool = Pool::new(3 * CHUNK * BLOCK + 5);
        let mut seen = HashSet::new();
        while let Some(id) = pool.take() {
            assert!(seen.insert(id));
        }
        assert_eq!((seen.len(), pool.left(), pool.bytes()), (3 * CHUNK, 0, 3 * CHUNK * BLOCK));
        let one = *seen.iter().next().unwrap();
        pool.give(one);
        assert_eq!((pool.left(), pool.take(), pool.take()), (1, Some(one), None));
    }

    #[test]
    fn nothing_is_allocated_before_it_is_needed() {
        let mut pool = Pool::new(1 << 20);
        assert_eq!(pool.bytes(), 0);
        pool.take();
        assert_eq!(pool.bytes(), CHUNK * BLOCK);
    }
}

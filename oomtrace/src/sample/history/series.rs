//! One entity's points over time: four levels, each coarser than the one before.
//!
//! A new point goes to the first level, as it is. What a full level drops goes to the next one, where points of the same
//! 1 s, 10 s or 60 s become one: the highest of them, with the lowest size beside it. So nothing is kept twice, and what
//! never changes takes two points: equal ones in a row are kept as the first and the last of them.

use std::marker::PhantomData;

use super::pool::{NONE, Pool, WORDS};
use super::words::{LOW, Shape, TIME};

/// Levels.
const LEVELS: usize = 4;
/// Time that a point of each level stands for, in ms; of the first one it is that of its sample.
pub(super) const STEP_MS: [u32; LEVELS] = [1, 1_000, 10_000, 60_000];
/// Equal points in a row reach back this far at the most (24 days): later, the time would be ambiguous.
const RUN_MS: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
struct Ring {
    head: u32,
    tail: u32,
    blocks: u16,
    /// Points in the last block.
    used: u16,
}

/// An entity's points.
#[derive(Debug)]
pub(super) struct Series<S> {
    rings: [Ring; LEVELS],
    shape: PhantomData<S>,
}

impl<S: Shape> Default for Series<S> {
    fn default() -> Self {
        let empty = Ring { head: NONE, tail: NONE, blocks: 0, used: 0 };
        Self { rings: [empty; LEVELS], shape: PhantomData }
    }
}

/// A point and what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<'a> {
    /// Its words.
    pub(super) words: &'a [u32],
    /// Its level's step.
    pub(super) step_ms: u32,
}

impl<S: Shape> Series<S> {
    const PER_BLOCK: usize = WORDS / S::WIDTH;

    /// Adds a point, later than all before; `fair` bounds the blocks of each level where room is short.
    pub(super) fn push(&mut self, pool: &mut Pool, point: &[u32], fair: u16) {
        if let Some(last) = self.last(pool) {
            let later = point[TIME].wrapping_sub(last[TIME]);
            if later == 0 || later > RUN_MS {
                return;
            }
        }
        if self.extends_run(pool, point) {
            return;
        }
        self.append(pool, 0, point, fair.max(1));
    }

    /// Moves the end of a run of equal points, when this is one more of them.
    fn extends_run(&mut self, pool: &mut Pool, point: &[u32]) -> bool {
        let ring = self.rings[0];
        if ring.used < 2 {
            return false;
        }
        let at = (usize::from(ring.used) - 2) * S::WIDTH;
        let (first, last) = pool.words_mut(ring.tail)[at..at + 2 * S::WIDTH].split_at_mut(S::WIDTH);
        if first[LOW..] != point[LOW..] || last[LOW..] != point[LOW..] {
            return false;
        }
        last[TIME] = point[TIME];
        if last[TIME].wrapping_sub(first[TIME]) > RUN_MS {
            first[TIME] = last[TIME].wrapping_sub(RUN_MS);
        }
        true
    }

    fn append(&mut self, pool: &mut Pool, level: usize, point: &[u32], fair: u16) {
        if level == LEVELS || (level > 0 && self.merges(pool, level, point)) {
            return;
        }
        let full = usize::from(self.rings[level].used) == Self::PER_BLOCK;
        if (self.rings[level].blocks == 0 || full) && !self.add_block(pool, level, fair) {
            return;
        }
        let ring = &mut self.rings[level];
        let at = usize::from(ring.used) * S::WIDTH;
        ring.used += 1;
        pool.words_mut(ring.tail)[at..at + S::WIDTH].copy_from_slice(point);
    }

    /// Makes one of this point and the last one of a coarse level, when they are of the same time.
    fn merges(&mut self, pool: &mut Pool, level: usize, point: &[u32]) -> bool {
        let ring = self.rings[level];
        let Some(before) = usize::from(ring.used).checked_sub(1) else { return false };
        let last = &mut pool.words_mut(ring.tail)[before * S::WIDTH..(before + 1) * S::WIDTH];
        let step = STEP_MS[level];
        if last[TIME] / step != point[TIME] / step {
            return false;
        }
        let low = last[LOW].min(point[LOW]);
        if S::size(point) >= S::size(last) {
            last.copy_from_slice(point);
        }
        last[LOW] = low;
        true
    }

    /// Adds an empty block at the end of a level: a new one, or its own oldest after handing on what is in it.
    fn add_block(&mut self, pool: &mut Pool, level: usize, fair: u16) -> bool {
        let most = S::BLOCKS[level].min(fair);
        while self.rings[level].blocks > most {
            let block = self.drop_oldest(pool, level, fair);
            pool.give(block);
        }
        let fresh = if self.rings[level].blocks < most { pool.take() } else { None };
        let block = match fresh {
            Some(block) => block,
            None if self.rings[level].blocks == 0 => return false,
            None => self.drop_oldest(pool, level, fair),
        };
        let ring = &mut self.rings[level];
        if ring.blocks == 0 {
            ring.head = block;
        } else {
            pool.set_next(ring.tail, block);
        }
        pool.set_next(block, NONE);
        ring.tail = block;
        ring.blocks += 1;
        ring.used = 0;
        true
    }

    /// Takes the oldest block out of a level that is full, and hands its points on to the next.
    fn drop_oldest(&mut self, pool: &mut Pool, level: usize, fair: u16) -> u32 {
        let ring = &mut self.rings[level];
        let block = ring.head;
        ring.head = pool.next(block);
        ring.blocks -= 1;
        if ring.blocks == 0 {
            ring.tail = NONE;
        }
        let words = *pool.words(block);
        for point in words.chunks_exact(S::WIDTH) {
            self.append(pool, level + 1, point, fair);
        }
        block
    }

    /// The latest point.
    pub(super) fn last<'a>(&self, pool: &'a Pool) -> Option<&'a [u32]> {
        let ring = self.rings[0];
        let before = usize::from(ring.used).checked_sub(1)?;
        pool.words(ring.tail).get(before * S::WIDTH..(before + 1) * S::WIDTH)
    }

    /// True without any point.
    pub(super) fn is_empty(&self) -> bool {
        self.rings[0].blocks == 0
    }

    /// Gives all blocks back.
    pub(super) fn clear(&mut self, pool: &mut Pool) {
        for ring in &self.rings {
            let mut block = ring.head;
            for _ in 0..ring.blocks {
                let next = pool.next(block);
                pool.give(block);
                block = next;
            }
        }
        *self = Self::default();
    }

    /// All points, the oldest first.
    pub(super) fn points<'a>(&self, pool: &'a Pool) -> impl Iterator<Item = Point<'a>> + use<'a, S> {
        let rings = self.rings;
        (0..LEVELS).rev().flat_map(move |level| {
            let ring = rings[level];
            let (mut block, mut left) = (ring.head, ring.blocks);
            std::iter::from_fn(move || {
                left = left.checked_sub(1)?;
                let points = if left == 0 { usize::from(ring.used) } else { Self::PER_BLOCK };
                let words = &pool.words(block)[..points * S::WIDTH];
                block = pool.next(block);
                Some(words)
            })
            .flat_map(|words| words.chunks_exact(S::WIDTH))
            .map(move |words| Point { words, step_ms: STEP_MS[level] })
        })
    }
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;

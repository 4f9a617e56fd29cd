//! Whole lines out of a source, a block at a time.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

/// How much is read at once, and how long a line may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) piece: usize,
    pub(super) longest: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        // As much as stays in a processor's second cache while it is looked at.
        Self { piece: 256 << 10, longest: 1 << 20 }
    }
}

/// A block of lines.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    length: usize,
}

impl Block {
    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Room for `room` bytes behind those that are there.
    fn room(&mut self, room: usize) -> &mut [u8] {
        let end = self.length + room;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.length..end]
    }
}

/// What a block holds.
#[derive(Debug)]
pub(super) enum Filled {
    /// Whole lines, or one that is cut to the longest.
    Lines,
    /// What stands behind the last line end, if anything.
    Last,
    /// The same, and reading failed there.
    Failed(io::Error),
}

/// Gives the blocks of a source.
pub(super) struct Feed {
    input: Box<dyn Read + Send>,
    sizes: Sizes,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// What is left of a line that is too long is passed over.
    overlong: bool,
    /// Lines that were cut for their length.
    pub(super) cut: u64,
    ended: bool,
    /// Blocks so far.
    blocks: u64,
}

impl Feed {
    pub(super) fn new(input: Box<dyn Read + Send>, sizes: Sizes) -> Self {
        Self { input, sizes, rest: Vec::new(), overlong: false, cut: 0, ended: false, blocks: 0 }
    }

    /// Fills the next block, and says which it is; `None` behind the last.
    pub(super) fn next(&mut self, block: &mut Block) -> Option<(u64, Filled)> {
        if self.ended {
            return None;
        }
        let filled = self.fill(block).unwrap_or_else(Filled::Failed);
        self.ended = !matches!(filled, Filled::Lines);
        self.blocks += 1;
        Some((self.blocks - 1, filled))
    }

    fn fill(&mut self, block: &mut Block) -> io::Result<Filled> {
        block.length = 0;
        block.room(self.rest.len()).copy_from_slice(&self.rest);
        block.length = self.rest.len();
        self.rest.clear();
        loop {
            let old = block.length;
            let room = self.sizes.longest.saturating_sub(old).min(self.sizes.piece);
            if room == 0 {
                (self.cut, self.overlong) = (self.cut + 1, true);
                return Ok(Filled::Lines);
            }
            let read = match self.input.read(block.room(room)) {
                Ok(0) => return Ok(Filled::Last),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            block.length += read;
            if self.overlong && !self.pass_over(block) {
                continue;
            }
            // A pipe gives little at a time; what is whole should not wait.
            let from = old.min(block.length);
            if let Some(at) = memrchr(b'\n', &block.text()[from..]) {
                self.rest.extend_from_slice(&block.text()[from + at + 1..]);
                block.length = from + at + 1;
                return Ok(Filled::Lines);
            }
        }
    }

    /// Drops what is left of a line that is too long; false when there is more of it.
    fn pass_over(&mut self, block: &mut Block) -> bool {
        let end = memchr(b'\n', block.text()).map_or(block.length, |at| at + 1);
        self.overlong = !block.text()[..end].ends_with(b"\n");
        block.bytes.copy_within(end..block.length, 0);
        block.length -= end;
        !self.overlong
    }
}

/// The first line of `text`, without its end, and what follows it.
pub(super) fn first(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b'\n', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// Where the line begins that holds the byte at `at`.
pub(super) fn begin_of(text: &[u8], at: usize) -> usize {
    memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1)
}

/// How many lines a text holds; the last may lack its end.
pub(super) fn count(text: &[u8]) -> u64 {
    let open = !matches!(text, [] | [.., b'\n']);
    memchr::memchr_iter(b'\n', text).count() as u64 + u64::from(open)
}

//! Whole lines out of large buffers, of which most are only searched.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

/// Read at once.
const BUFFER: usize = 1 << 20;

/// A buffer of whole lines.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Bytes that are filled.
    filled: usize,
    /// What is left of a line that is longer than the buffer is passed over.
    overlong: bool,
    /// Lines that were cut or left out for their length.
    pub(super) cut: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; BUFFER], filled: 0, overlong: false, cut: 0 }
    }

    /// Without a buffer, to stand in for one that is used elsewhere.
    pub(super) fn empty() -> Self {
        Self { buffer: Vec::new(), filled: 0, overlong: false, cut: 0 }
    }

    /// Starts another source.
    pub(super) fn reset(&mut self) {
        (self.filled, self.overlong) = (0, false);
    }

    /// Fills the buffer; false at the end.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn fill(&mut self, input: &mut dyn Read) -> io::Result<bool> {
        let mut any = false;
        while self.filled < self.buffer.len() {
            match input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Ok(any),
                Ok(read) => {
                    self.filled += read;
                    any = true;
                    // A pipe gives little at a time; what is whole should not wait.
                    if memrchr(b'\n', &self.buffer[..self.filled]).is_some() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(any)
    }

    /// What is filled.
    pub(super) fn filled(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// The whole lines that are there. A line longer than the buffer is cut to it.
    pub(super) fn whole(&mut self) -> &[u8] {
        let mut begin = 0;
        if self.overlong {
            match memchr(b'\n', &self.buffer[..self.filled]) {
                Some(at) => {
                    begin = at + 1;
                    self.overlong = false;
                }
                None => {
                    self.filled = 0;
                    return &[];
                }
            }
        }
        match memrchr(b'\n', &self.buffer[begin..self.filled]) {
            Some(at) => &self.buffer[begin..=begin + at],
            None if self.filled == self.buffer.len() && begin == 0 => {
                self.cut += 1;
                self.overlong = true;
                &self.buffer[..self.filled]
            }
            None => &[],
        }
    }

    /// Drops the lines that [`whole`](Self::whole) gave.
    pub(super) fn next(&mut self) {
        let done = if self.overlong {
            self.filled
        } else {
            memrchr(b'\n', &self.buffer[..self.filled]).map_or(0, |at| at + 1)
        };
        self.buffer.copy_within(done..self.filled, 0);
        self.filled -= done;
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

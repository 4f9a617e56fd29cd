//! Ends the reading of what goes on for ever and is no log: a device, a hole in a file, a line without an end.

use std::io::{self, Read};

use memchr::memrchr;

/// So much in a row that can't be a log's is not read past.
const MAX: u64 = 64 << 20;
/// Bytes of each piece that are looked at.
const LOOK: usize = 4096;
/// Of so many bytes one may be a control character in text.
const CONTROLS: usize = 25;

/// A source that fails once there is no use in going on.
pub(super) struct Endless<R> {
    source: R,
    /// Text is in lines.
    in_lines: bool,
    /// Bytes since there was text.
    barren: u64,
    /// Bytes since there was a line break.
    line: u64,
}

impl<R: Read> Endless<R> {
    pub(super) fn new(source: R, in_lines: bool) -> Self {
        Self { source, in_lines, barren: 0, line: 0 }
    }

    fn look(&mut self, piece: &[u8]) -> io::Result<()> {
        let length = piece.len() as u64;
        self.barren = if is_text(&piece[..piece.len().min(LOOK)]) { 0 } else { self.barren + length };
        self.line = match memrchr(b'\n', piece) {
            Some(at) => length - at as u64,
            None => self.line + length,
        };
        let why = if self.barren >= MAX {
            "no text"
        } else if self.in_lines && self.line >= MAX {
            "no line break"
        } else {
            return Ok(());
        };
        let text = format!("{why} in {} MiB, so it is not read any further", MAX >> 20);
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

impl<R: Read> Read for Endless<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.look(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}

/// Something else than blanks, and hardly any control character.
fn is_text(piece: &[u8]) -> bool {
    let is_control = |b: &&u8| b.is_ascii_control() && !b.is_ascii_whitespace() && **b != 0x1b;
    let controls = piece.iter().filter(is_control).count();
    controls * CONTROLS <= piece.len() && !piece.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes read until it fails; `None` where it does not within 100 MiB.
    fn read(mut piece: impl FnMut(u64) -> u8, in_lines: bool) -> Option<u64> {
        let block: Vec<u8> = (0..1 << 20).map(&mut piece).collect();
        let mut source = Endless::new(io::Cursor::new(block.repeat(100)), in_lines);
        let mut buffer = vec![0; 1 << 16];
        let mut all = 0;
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return None,
                Ok(read) => all += read as u64,
                Err(_) => return Some(all),
            }
        }
    }

    #[test]
    fn what_is_no_log_ends() {
        let noise = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8;
        for end in [read(|_| 0, true), read(|_| b'\n', true), read(noise, false), read(|_| b'x', true)] {
            assert!(end.is_some_and(|end| end <= MAX), "{end:?}");
        }
    }

    #[test]
    fn a_log_is_read_whole() {
        let line = "Jun 1 00:00:00 host kernel: etwas \u{00fc}ber \u{6587}\u{5b57} \u{1b}[31m\n".as_bytes();
        let text = |n: u64| line[usize::try_from(n).unwrap() % line.len()];
        assert_eq!((read(text, true), read(|_| b'x', false)), (None, None));
    }
}

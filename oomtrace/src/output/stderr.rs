//! Standard error, written to with patience that ends: a terminal that is held, or a pipe that nobody reads, must not keep the
//! program from going on or from ending.

use std::io::{self, Write};
use std::os::fd::AsRawFd as _;

/// How long each piece is waited for, in milliseconds.
const PATIENCE_MS: i32 = 500;
/// A pipe that is ready takes as much at once (`PIPE_BUF`).
const PIECE: usize = 4096;

/// Writes to standard error, or drops what it does not take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let piece = &text[..text.len().min(PIECE)];
        if !is_ready() {
            // As if it were written: nothing else can be said about it, or to anybody.
            return Ok(text.len());
        }
        io::stderr().write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says it on standard error, as the program's own word. Nobody may be there to read it: that must not end the program
/// otherwise than it ends.
pub fn tell(text: &str) {
    let _ = Stderr.write_all(format!("oomtrace: {text}\n").as_bytes());
}

fn is_ready() -> bool {
    let mut poll = libc::pollfd { fd: io::stderr().as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one live pollfd.
    let ready = unsafe { libc::poll(&raw mut poll, 1, PATIENCE_MS) };
    // An error is for the write to find.
    ready != 0
}

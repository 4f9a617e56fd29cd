//! The kernel's log as records of /dev/kmsg, kept from a point in time on.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the record in the kernel's log.
    pub sequence: u64,
    /// Microseconds since boot.
    pub time_us: u64,
    /// The text with the escapes of /dev/kmsg undone.
    pub text: Vec<u8>,
}

/// Reads the log from now on.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// What was read so far.
    pub lines: Vec<Line>,
    /// True when the kernel overwrote records before they were read.
    pub overrun: bool,
}

impl Log {
    /// Starts behind the newest record.
    ///
    /// # Errors
    /// When /dev/kmsg can't be opened: it needs root or CAP_SYSLOG.
    pub fn from_now() -> io::Result<Self> {
        let mut file =
            std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg")?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Self { file, lines: Vec::new(), overrun: false })
    }

    /// Takes in what has arrived since.
    ///
    /// # Errors
    /// When reading fails for another reason than an overrun.
    pub fn read(&mut self) -> io::Result<()> {
        let mut record = [0_u8; 8192];
        loop {
            match self.file.read(&mut record) {
                Ok(0) => return Ok(()),
                Ok(length) => self.push(&record[..length]),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(()),
                    Some(libc::EPIPE) => self.overrun = true,
                    Some(libc::EINTR) => {}
                    _ => return Err(error),
                },
            }
        }
    }

    /// Reads until `done` says so or the time is over; `false` for the latter.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn read_until(&mut self, limit: Duration, mut done: impl FnMut(&[Line]) -> bool) -> io::Result<bool> {
        let end = Instant::now() + limit;
        loop {
            self.read()?;
            if done(&self.lines) {
                return Ok(true);
            }
            if Instant::now() >= end {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A record marked as a continuation belongs to the one before it.
    fn push(&mut self, record: &[u8]) {
        let Some((line, continued)) = parse(record) else { return };
        match self.lines.last_mut() {
            Some(last) if continued => last.text.extend_from_slice(&line.text),
            _ => self.lines.push(line),
        }
    }
}

/// Splits `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT\n[ KEY=VALUE\n...]`; the bool is the continuation flag.
#[must_use]
pub fn parse(record: &[u8]) -> Option<(Line, bool)> {
    let semicolon = record.iter().position(|byte| *byte == b';')?;
    let head = std::str::from_utf8(&record[..semicolon]).ok()?;
    let mut fields = head.split(',').skip(1);
    let sequence = fields.next()?.parse().ok()?;
    let time_us = fields.next()?.parse().ok()?;
    let continued = fields.next() == Some("c");
    let text = record[semicolon + 1..].split(|byte| *byte == b'\n').next()?;
    Some((Line { sequence, time_us, text: unescape(text) }, continued))
}

/// Undoes `\xNN`, by which the kernel writes control characters, backslashes and non-ASCII.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text.get(at..at + 4).and_then(escape) {
            Some(byte) => {
                bytes.push(byte);
                at += 4;
            }
            None => {
                bytes.push(text[at]);
                at += 1;
            }
        }
    }
    bytes
}

fn escape(four: &[u8]) -> Option<u8> {
    let digits = four.strip_prefix(b"\\x")?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_the_escapes_and_drops_the_dictionary() {
        let (line, continued) =
            parse(b"6,1234,5678,-,caller=T1;a\\x0ab\\x5c\\xff\n SUBSYSTEM=acpi\n").unwrap();
        assert_eq!(line, Line { sequence: 1234, time_us: 5678, text: b"a\nb\\\xff".to_vec() });
        assert!(!continued);
    }

    #[test]
    fn knows_continuations() {
        assert!(parse(b"6,1,2,c;tail\n").unwrap().1);
        assert!(parse(b"nonsense").is_none());
    }
}

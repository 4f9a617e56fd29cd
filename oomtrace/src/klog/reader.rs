//! Reads `/dev/kmsg` without blocking.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::KmsgRecord;
use crate::kernel::grant;

/// A record is at most `CONSOLE_EXT_LOG_MAX` (8192) bytes since 3.5, `PRINTKRB_RECORD_MAX` escaped; a shorter buffer gets EINVAL.
const RECORD_MAX: usize = 16 * 1024;

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record that the kernel still has.
    Oldest,
    /// With what is printed from now on.
    Now,
}

/// What one attempt to read gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A record.
    Record(KmsgRecord),
    /// Nothing at present: poll the descriptor for `POLLIN`.
    Empty,
}

/// The open device. Needs CAP_SYSLOG where `kernel.dmesg_restrict` is 1.
#[derive(Debug)]
pub struct KmsgReader {
    file: File,
    buffer: Box<[u8]>,
    next_seq: Option<u64>,
    lost: u64,
    malformed: u64,
}

impl KmsgReader {
    /// Opens the device at `path` (`/dev/kmsg`).
    ///
    /// # Errors
    /// Those of `open` and `lseek`, with the remedy where permission is missing.
    pub fn open(path: &Path, start: Start) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open(path)
            .map_err(|error| explain(path, &error))?;
        match start {
            // SEEK_SET 0 is the first record; the device takes no other offset.
            Start::Oldest => file.seek(SeekFrom::Start(0))?,
            Start::Now => file.seek(SeekFrom::End(0))?,
        };
        Ok(Self::on(file))
    }

    /// Reads from what gives one record at a time, as the device does, and does not block.
    pub(crate) fn on(file: File) -> Self {
        let buffer = vec![0; RECORD_MAX].into_boxed_slice();
        Self { file, buffer, next_seq: None, lost: 0, malformed: 0 }
    }

    /// The next record.
    ///
    /// # Errors
    /// Those of `read`, except those that only say "later" or "overwritten".
    pub fn next_record(&mut self) -> io::Result<Next> {
        loop {
            let length = match self.file.read(&mut self.buffer) {
                Ok(0) => return Ok(Next::Empty),
                Ok(length) => length,
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(Next::Empty),
                    // The kernel has moved on to its oldest record; the gap in `seq` tells how many are gone.
                    Some(libc::EPIPE | libc::EINTR) => continue,
                    _ => return Err(error),
                },
            };
            let Some(record) = KmsgRecord::parse(&self.buffer[..length]) else {
                self.malformed += 1;
                continue;
            };
            self.count_gap(record.seq);
            return Ok(Next::Record(record));
        }
    }

    /// Number of the last record that was read.
    #[must_use]
    pub fn last_seq(&self) -> Option<u64> {
        self.next_seq.map(|next| next.wrapping_sub(1))
    }

    /// Records that were overwritten before they could be read.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Records whose header could not be read.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    fn count_gap(&mut self, seq: u64) {
        if let Some(expected) = self.next_seq {
            self.lost += seq.saturating_sub(expected);
        }
        self.next_seq = Some(seq.wrapping_add(1));
    }
}

impl AsFd for KmsgReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for KmsgReader {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

fn explain(path: &Path, error: &io::Error) -> io::Error {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!(": CAP_SYSLOG is missing: set kernel.dmesg_restrict=0, {}", grant::remedy())
        }
        io::ErrorKind::NotFound => ": the kernel has no printk, or this container hides the device".into(),
        _ => String::new(),
    };
    io::Error::new(error.kind(), format!("cannot open {}: {error}{remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_lost_records() {
        let file = tempfile::tempfile().unwrap();
        let mut reader = KmsgReader { file, buffer: Box::new([]), next_seq: None, lost: 0, malformed: 0 };
        for seq in [5, 6, 9, 10, 20] {
            reader.count_gap(seq);
        }
        assert_eq!(reader.lost(), 2 + 9);
    }

    #[test]
    fn the_error_names_the_file_and_the_remedy() {
        let error = KmsgReader::open(Path::new("/nonexistent/kmsg"), Start::Now).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/kmsg"), "{error}");
        assert!(error.to_string().contains("container"), "{error}");
    }
}

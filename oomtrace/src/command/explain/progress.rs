//! How far reading has come, on a terminal.

use std::io::{self, BufRead, IsTerminal as _, Read, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::words::{bytes, escape, width};

/// Nothing is said about what takes less.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two updates.
const PAUSE: Duration = Duration::from_millis(200);

/// Whether to say anything at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Progress {
    /// On standard error.
    Shown,
    /// Nowhere.
    Hidden,
}

impl Progress {
    /// Shown where standard error is a terminal on which nothing else is being written.
    pub(in crate::command) fn new(writes_to_terminal: bool) -> Self {
        if io::stderr().is_terminal() && !writes_to_terminal { Self::Shown } else { Self::Hidden }
    }

    /// Watches the reading of `name`, of which `total` bytes are expected.
    pub(super) fn watch(
        self,
        name: &str,
        total: Option<u64>,
        source: Box<dyn BufRead + Send>,
    ) -> Box<dyn BufRead + Send> {
        match self {
            Self::Hidden => source,
            Self::Shown => Box::new(Watched {
                source,
                name: escape::text(name).into_owned(),
                total,
                read: 0,
                next: Instant::now() + PATIENCE,
                is_shown: false,
            }),
        }
    }

    /// How long a plain file is; what a compressed one will come to is not known.
    pub(super) fn expected(path: &Path) -> Option<u64> {
        let meta = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let mut begin = [0; 6];
        let read = std::fs::File::open(path).ok()?.read(&mut begin).ok()?;
        let is_packed = [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"];
        (!is_packed.iter().any(|magic| begin[..read].starts_with(magic))).then_some(meta.len())
    }
}

/// Counts what is read, and shows it every 200 ms.
struct Watched {
    source: Box<dyn BufRead + Send>,
    name: String,
    total: Option<u64>,
    read: u64,
    next: Instant,
    is_shown: bool,
}

impl Watched {
    fn count(&mut self, read: usize) {
        self.read += read as u64;
        let now = Instant::now();
        if now >= self.next {
            self.next = now + PAUSE;
            self.is_shown = true;
            say(&line(&self.name, self.read, self.total));
        }
    }
}

/// `reading kern.log: 430 MiB of 1 GiB, 42 %`
fn line(name: &str, read: u64, total: Option<u64>) -> String {
    let read = match total.filter(|total| *total >= read && *total > 0) {
        Some(total) => {
            let percent = u128::from(read) * 100 / u128::from(total);
            format!("{} of {}, {percent} %", bytes::size(read), bytes::size(total))
        }
        None => bytes::size(read),
    };
    format!("reading {}: {read}", width::cut(name, 40))
}

/// Writes over the line that is there.
fn say(text: &str) {
    let _ = write!(io::stderr(), "\r\x1b[K{text}");
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count(read);
        Ok(read)
    }
}

impl BufRead for Watched {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.source.consume(amount);
        self.count(amount);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.is_shown {
            say("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known() {
        assert_eq!(line("kern.log", 512 << 20, Some(1 << 30)), "reading kern.log: 512 MiB of 1 GiB, 50 %");
        assert_eq!(line("the journal", 512 << 20, None), "reading the journal: 512 MiB");
        // It has grown meanwhile.
        assert_eq!(line("a", 2048, Some(1024)), "reading a: 2 KiB");
    }

    #[test]
    fn what_is_watched_is_read_as_it_is() {
        let text = b"one\ntwo\n";
        let mut out = Vec::new();
        let mut watched = Progress::Shown.watch("x", Some(8), Box::new(&text[..]));
        watched.read_until(b'\n', &mut out).unwrap();
        watched.read_to_end(&mut out).unwrap();
        assert_eq!(out, text);
    }

    #[test]
    fn only_the_length_of_what_is_not_compressed_is_known() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text, expected) in [("plain", &b"hello"[..], Some(5)), ("gz", b"\x1f\x8b\x08", None)] {
            std::fs::write(dir.path().join(name), text).unwrap();
            assert_eq!(Progress::expected(&dir.path().join(name)), expected, "{name}");
        }
        assert_eq!(Progress::expected(dir.path()), None);
    }
}

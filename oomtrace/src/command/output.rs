//! Where records go: standard output or a file, in whole lines only.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Result, anyhow};

/// Owner only: records hold command lines.
const MODE: u32 = 0o600;

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wrote {
    /// All of it.
    All,
    /// Nobody reads any more (closed pipe): end quietly, with success.
    Closed,
}

/// An open output.
#[derive(Debug)]
pub struct Output {
    file: File,
    name: String,
    /// A regular file can be cut back, and has to reach the disk.
    regular: bool,
}

impl Output {
    /// Opens `path`, emptied and readable by its owner only, or standard output when there is none.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            None => Self::stdout(),
            Some(path) => Self::file(path),
        }
    }

    fn stdout() -> Result<Self> {
        // Written to directly: std's own buffer would keep back half a line that can't be cut off again.
        let fd = io::stdout().as_fd().try_clone_to_owned();
        let file = File::from(fd.map_err(|e| anyhow!("standard output can't be used: {e}"))?);
        Ok(Self::new(file, "standard output".into()))
    }

    fn file(path: &Path) -> Result<Self> {
        let name = format!("{path:?}");
        let mut options = OpenOptions::new();
        // Appending lets a program that rotates logs cut the file under us. A FIFO is waited for until it has a reader.
        let file =
            options.append(true).create(true).mode(MODE).open(path).map_err(|e| cannot(&name, "open", &e))?;
        let output = Self::new(file, name);
        if output.regular {
            output.file.set_len(0).map_err(|e| cannot(&output.name, "empty", &e))?;
            // A file that was there keeps its mode when opened. One of another owner stays as that one made it.
            let _ = output.file.set_permissions(Permissions::from_mode(MODE));
        }
        Ok(output)
    }

    fn new(file: File, name: String) -> Self {
        // Past RLIMIT_FSIZE the kernel would end the program instead of failing the write.
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        let regular = file.metadata().is_ok_and(|m| m.is_file());
        Self { file, name, regular }
    }

    /// Writes `text` and a newline, or nothing: what was written of a line that fails is cut off again where the
    /// output is a regular file.
    ///
    /// # Errors
    /// Names the output, the cause and what to do about it. What was written before remains valid.
    pub fn line(&mut self, text: &[u8]) -> Result<Wrote> {
        let mut whole = Vec::with_capacity(text.len() + 1);
        whole.extend_from_slice(text);
        whole.push(b'\n');
        self.block(&whole)
    }

    /// Writes `text`, which ends its last line itself, or nothing of it; otherwise like [`line`](Self::line).
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn block(&mut self, text: &[u8]) -> Result<Wrote> {
        let mut written = 0;
        while written < text.len() {
            match self.file.write(&text[written..]) {
                Ok(n) if n > 0 => written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(),
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(Wrote::Closed),
                result => {
                    self.take_back(written as u64);
                    let error = result.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    return Err(cannot(&self.name, "write", &error));
                }
            }
        }
        Ok(Wrote::All)
    }

    /// Brings what was written so far to the disk.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn sync(&self) -> Result<()> {
        if self.regular {
            self.file.sync_data().map_err(|e| cannot(&self.name, "write", &e))?;
        }
        Ok(())
    }

    /// Brings a file to the disk.
    ///
    /// # Errors
    /// A disk that could not take what it had accepted; names the file.
    pub fn finish(self) -> Result<()> {
        if self.regular {
            self.file.sync_data().map_err(|e| cannot(&self.name, "write", &e))?;
        }
        Ok(())
    }

    /// Whether the file is still where it was opened.
    #[must_use]
    pub fn standing(&self) -> crate::pen::Standing {
        crate::pen::Standing::InPlace
    }

    /// Opens the name anew.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reopen(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether it can be opened anew.
    #[must_use]
    pub fn can_reopen(&self) -> bool {
        false
    }

    /// For messages.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.name
    }

    /// An error that names it.
    #[must_use]
    pub fn cannot(&self, what: &str, error: &io::Error) -> anyhow::Error {
        cannot(&self.name, what, error)
    }

    /// Writes some of `bytes`, and waits where it takes none.
    ///
    /// # Errors
    /// Those of the write.
    pub fn some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(),
                result => return result,
            }
        }
    }

    /// Whether the output is a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&self.file)
    }

    /// Columns of the terminal; `None` when it is none or does not say.
    #[must_use]
    pub fn columns(&self) -> Option<u16> {
        columns(&self.file)
    }

    /// Cuts the last `bytes` off a regular file. Nothing more can be done where that fails: the error is told anyway.
    fn take_back(&mut self, bytes: u64) {
        if self.regular
            && bytes > 0
            && let Ok(length) = self.file.seek(SeekFrom::End(0))
        {
            let kept = length.saturating_sub(bytes);
            let _ = self.file.set_len(kept);
            // Standard output may be a file that is not in append mode.
            let _ = self.file.seek(SeekFrom::Start(kept));
        }
    }

    /// Waits until the output takes more: whoever shares the terminal or pipe may have made it non-blocking.
    fn wait(&self) {
        let mut poll = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
        // SAFETY: one live pollfd.
        unsafe { libc::poll(&raw mut poll, 1, 1000) };
    }
}

/// Columns of a terminal; `None` when it is none or does not say.
#[must_use]
pub fn columns(file: &File) -> Option<u16> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` is a live struct of the type this request fills.
    let answer = unsafe { libc::ioctl(file.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (answer == 0 && size.ws_col > 0).then_some(size.ws_col)
}

/// Whether whoever read our standard output, a pipe, has gone.
#[must_use]
pub fn reader_is_gone() -> bool {
    let mut poll = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
    // SAFETY: one live pollfd.
    unsafe { libc::poll(&raw mut poll, 1, 0) };
    poll.revents & libc::POLLERR != 0
}

/// An error that names the output, the cause and the remedy.
fn cannot(name: &str, what: &str, error: &io::Error) -> anyhow::Error {
    let remedy = match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => {
            "free some space or write elsewhere (-o FILE); the lines so far are whole"
        }
        Some(libc::EFBIG) => "raise the limit on file sizes (ulimit -f) or write elsewhere (-o FILE)",
        Some(libc::EROFS) => "the file system is read-only: write elsewhere (-o FILE)",
        Some(libc::ENOENT) => "make its directory first, or write elsewhere (-o FILE)",
        Some(libc::EISDIR) => "it is a directory: name a file in it (-o DIR/FILE)",
        Some(libc::EACCES | libc::EPERM) => "run as its owner or root, or write elsewhere (-o FILE)",
        Some(libc::EIO) => "the device fails: look at the kernel's log, and write elsewhere (-o FILE)",
        _ => "write elsewhere (-o FILE)",
    };
    anyhow!("can't {what} {name}: {error}; {remedy}")
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;

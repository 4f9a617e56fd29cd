//! Where records go: standard output or a file, in whole lines only.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow};

use super::error::cannot;
use super::pager::Pager;
use super::{Kind, Opened, Owner, Place, Wanted};

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wrote {
    /// All of it.
    All,
    /// Nobody reads any more (closed pipe): end quietly, with success.
    Closed,
}

/// Where the file is that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Under its name; also what has no name.
    InPlace,
    /// It has another name by now, or none that is known.
    Renamed,
    /// It has no name any more: what is written to it is lost.
    Deleted,
}

/// An open output.
#[derive(Debug)]
pub struct Output {
    file: File,
    name: String,
    /// A regular file can be cut back, and has to reach the disk.
    regular: bool,
    /// Where it was opened; `None` for what was open already. With it the output can be opened anew.
    place: Option<Place>,
    /// Declared after the file: closing that ends it.
    pager: Option<Box<Pager>>,
}

impl Output {
    /// Opens `path` for the caller of this process, emptied and readable by that one only, or standard output when there is
    /// none.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            None => Ok(Self::of_file(duplicate(io::stdout().as_fd())?, "standard output".into())),
            Some(path) => Self::open_for(path, &Owner::of_process()?, Wanted::Emptied, None),
        }
    }

    /// Opens `path` for `owner`. A FIFO is waited for until it has a reader, at the longest `until`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for(path: &Path, owner: &Owner, wanted: Wanted, until: Option<Instant>) -> Result<Self> {
        if let Some(file) = standard(path)? {
            return Ok(Self::of_file(file, format!("{path:?}")));
        }
        let place = Place::find(path, owner)?;
        let Opened { file, kind } = place.open(wanted, until)?;
        let output = Self::of_file(file, place.shown());
        Ok(Self { regular: kind == Kind::File, place: Some(place), ..output })
    }

    /// Opens the name anew in the directory held since the start, with the same owner and the same care: what has it now, or
    /// a new file. What was open is closed.
    ///
    /// # Errors
    /// As [`open`](Self::open); then what was open remains.
    pub fn reopen(&mut self, wanted: Wanted) -> Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        // A FIFO without a reader is not waited for.
        let Opened { file, kind } = place.open(wanted, Some(Instant::now()))?;
        (self.file, self.regular) = (file, kind == Kind::File);
        Ok(())
    }

    /// Whether the name that was opened still leads to the open file.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let Some(place) = self.place.as_ref().filter(|_| self.regular) else { return Standing::InPlace };
        if place.leads_to(&self.file) {
            return Standing::InPlace;
        }
        let is_deleted = rustix::fs::fstat(&self.file).is_ok_and(|meta| meta.st_nlink == 0);
        if is_deleted { Standing::Deleted } else { Standing::Renamed }
    }

    /// Whether it can be opened anew: a file, by its name.
    #[must_use]
    pub fn can_reopen(&self) -> bool {
        self.regular && self.place.is_some()
    }

    /// An output that is open already.
    pub(super) fn of_file(file: File, name: String) -> Self {
        // Past RLIMIT_FSIZE the kernel would end the program instead of failing the write.
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        let regular = file.metadata().is_ok_and(|m| m.is_file());
        Self { file, name, regular, place: None, pager: None }
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

    /// Where this is a terminal, the rest goes through the user's pager, which has ended when this is dropped.
    pub fn page(&mut self) {
        if self.pager.is_none()
            && self.is_terminal()
            && let Some((pager, pipe)) = Pager::start()
        {
            (self.file, self.pager) = (pipe, Some(Box::new(pager)));
        }
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

/// One of the standard outputs where a path names it: what the caller gave us, which may not be openable by its name.
pub(super) fn standard(path: &Path) -> Result<Option<File>> {
    let number = match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => io::stdout().as_fd().as_raw_fd(),
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => io::stderr().as_fd().as_raw_fd(),
        _ => return Ok(None),
    };
    // SAFETY: standard outputs stay open.
    duplicate(unsafe { BorrowedFd::borrow_raw(number) }).map(Some)
}

/// Written to directly: std's own buffer would keep back half a line that can't be cut off again.
fn duplicate(fd: BorrowedFd<'_>) -> Result<File> {
    let fd = fd.try_clone_to_owned();
    Ok(File::from(fd.map_err(|error| anyhow!("standard output can't be used: {error}"))?))
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;

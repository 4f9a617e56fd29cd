//! Opening what has the name, or a new file, and looking at what was opened before anything is done to it.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, Stat, fchmod, flock, fstat, ftruncate, openat};

use super::Place;
use super::error::refused;
use super::place::no_rights;

/// Owner only: records hold command lines.
const PRIVATE: u32 = 0o600;
/// As the umask has it: what a CI system reads, maybe as another user.
const SHARED: u32 = 0o666;
/// Between two looks whether a FIFO has a reader.
const LOOK: Duration = Duration::from_millis(50);
/// A name that comes and goes this often is not for us.
const TRIES: usize = 8;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A stream of its own: emptied, readable by its owner only.
    Emptied,
    /// To put lines after those of others, which stay: what a CI system reads.
    Appended,
    /// Emptied and private as well, for writes at any offset: a file of fixed size.
    Blocks,
}

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A FIFO, which does not block.
    Fifo,
    /// A terminal, `/dev/null` and the like.
    Device,
}

/// An open file that has been looked at.
#[derive(Debug)]
pub struct Opened {
    /// It, closed on exec.
    pub file: File,
    /// What it is.
    pub kind: Kind,
}

impl Place {
    /// Opens what has the name, or makes it. A FIFO is waited for until it has a reader, at the longest `until`.
    ///
    /// # Errors
    /// It can't be opened, is a link, or is somebody else's; names the file, the cause and what to do about it.
    pub fn open(&self, wanted: Wanted, until: Option<Instant>) -> Result<Opened> {
        let opened = loop {
            let tried = self.owner.act(|| self.try_open(wanted));
            match tried.map_err(|error| no_rights(&self.shown(), &self.owner, &error))? {
                Ok(opened) => break opened,
                Err(error) if error.raw_os_error() == Some(libc::ENXIO) && self.is_fifo() => {
                    self.wait(wanted, until)?;
                }
                Err(error) => return Err(self.failed("open", &error)),
            }
        };
        let (file, is_new) = opened;
        self.settle(file, is_new, wanted)
    }

    /// Opens the same file once more, with other flags.
    ///
    /// # Errors
    /// Those of opening; the name leads elsewhere by now.
    pub fn open_again(&self, file: &File, flags: i32) -> io::Result<File> {
        let flags = OFlags::from_bits_retain(flags.cast_unsigned()) | SAFELY | OFlags::WRONLY;
        let open = || openat(&self.directory, &self.name, flags, Mode::empty()).map_err(io::Error::from);
        let again = File::from(self.owner.act(open)??);
        let (one, other) = (fstat(file)?, fstat(&again)?);
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino) {
            Ok(again)
        } else {
            Err(io::Error::other("another file has its name by now"))
        }
    }

    /// The open file, and whether it was made just now.
    fn try_open(&self, wanted: Wanted) -> io::Result<(File, bool)> {
        let (flags, mode) = match wanted {
            Wanted::Emptied => (OFlags::APPEND, PRIVATE),
            Wanted::Appended => (OFlags::APPEND, SHARED),
            Wanted::Blocks => (OFlags::empty(), PRIVATE),
        };
        let mut flags = flags | SAFELY | OFlags::WRONLY;
        // The kernel checks the owner's rights to what is behind it.
        flags.set(OFlags::NOFOLLOW, !self.is_descriptor);
        let make = flags | OFlags::CREATE | OFlags::EXCL;
        for _ in 0..TRIES {
            match openat(&self.directory, &self.name, flags, Mode::empty()) {
                Err(rustix::io::Errno::NOENT) => {}
                opened => return Ok((opened?.into(), false)),
            }
            match openat(&self.directory, &self.name, make, Mode::from_raw_mode(mode)) {
                Err(rustix::io::Errno::EXIST) => {}
                opened => return Ok((opened?.into(), true)),
            }
        }
        Err(io::Error::other("its name comes and goes"))
    }

    fn is_fifo(&self) -> bool {
        self.now().is_some_and(|meta| FileType::from_raw_mode(meta.st_mode) == FileType::Fifo)
    }

    /// Waits a little for the reader of a FIFO that is ours.
    fn wait(&self, wanted: Wanted, until: Option<Instant>) -> Result<()> {
        if let Some(meta) = self.now() {
            self.judge(&meta, wanted).map_err(|why| refused(&self.shown(), &why))?;
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(anyhow!("nobody reads {}, a FIFO: start its reader first", self.shown()));
        }
        std::thread::sleep(LOOK);
        Ok(())
    }

    /// Looks at what was opened, and empties it where that is wanted.
    fn settle(&self, file: File, is_new: bool, wanted: Wanted) -> Result<Opened> {
        let meta = fstat(&file).map_err(|error| self.failed("open", &error.into()))?;
        // Some file systems give what we make to another user.
        let kind = if is_new { Ok(Kind::File) } else { self.judge(&meta, wanted) };
        let kind = kind.map_err(|why| refused(&self.shown(), &why))?;
        if kind == Kind::File && wanted != Wanted::Appended {
            // Until it is closed. Some file systems have no locks.
            if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
                return Err(anyhow!(
                    "can't write to {}: another oomtrace writes to it; end that one first, or write elsewhere (-o FILE)",
                    self.shown()
                ));
            }
            ftruncate(&file, 0).map_err(|error| self.failed("empty", &error.into()))?;
            // A file that was there keeps its mode when opened. Some file systems have none.
            let _ = fchmod(&file, Mode::from_raw_mode(PRIVATE));
        }
        Ok(Opened { file, kind })
    }

    /// What it is, or why it is not to be written to.
    fn judge(&self, meta: &Stat, wanted: Wanted) -> Result<Kind, String> {
        let (kind, owner) = (FileType::from_raw_mode(meta.st_mode), self.owner.uid());
        let is_ours = meta.st_uid == owner;
        let foreign =
            || format!("it belongs to uid {}, and is to be for {}", meta.st_uid, self.owner.label());
        match kind {
            FileType::RegularFile if meta.st_nlink > 1 => {
                Err("it has more names than this (hard links)".into())
            }
            FileType::RegularFile if is_ours => Ok(Kind::File),
            // A runner of CI jobs hands a container files of its own user.
            FileType::RegularFile
                if wanted == Wanted::Appended && self.owner.is_root() && self.is_kept_by(meta.st_uid) =>
            {
                Ok(Kind::File)
            }
            FileType::RegularFile => Err(foreign()),
            _ if wanted == Wanted::Blocks => Err("it is no regular file".into()),
            FileType::CharacterDevice => Ok(Kind::Device),
            FileType::Fifo if is_ours || meta.st_uid == 0 || self.is_kept_by(meta.st_uid) => Ok(Kind::Fifo),
            FileType::Fifo => Err(foreign()),
            FileType::BlockDevice => Err("it is a disk".into()),
            _ => Err("it is neither a file nor a terminal nor a FIFO".into()),
        }
    }

    /// Whether nobody but this user, and root, can have put a file into the directory.
    fn is_kept_by(&self, uid: u32) -> bool {
        fstat(&self.directory).is_ok_and(|meta| [0, uid].contains(&meta.st_uid) && meta.st_mode & 0o022 == 0)
    }
}

/// Never through a link, never waiting, never a terminal of ours, never handed on to a command.
const SAFELY: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;

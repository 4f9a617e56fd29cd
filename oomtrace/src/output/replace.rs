//! A document that takes its name only when it is whole.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;

use anyhow::{Result, anyhow};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, linkat, openat, renameat, unlinkat};

use super::error::{cannot, refused};
use super::place::no_rights;
use super::{Kind, Owner, Place, Wanted};

const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A document to be: its place is held, and room for it found, before it is written. Where the name leads now is emptied, so
/// that an old document does not pass for a new one. What is put at the name in the meantime is replaced, never written to.
#[derive(Debug)]
pub struct Replacement {
    place: Place,
    by: By,
}

#[derive(Debug)]
enum By {
    /// A file without a name so far.
    Unnamed(File),
    /// A file with a name of its own.
    Named(File, OsString),
    /// What can't be replaced is written to: a device, a FIFO, a file in a directory that the owner can't write to.
    Itself(File),
}

impl Replacement {
    /// Prepares it for `owner`.
    ///
    /// # Errors
    /// It can't be written here; names the file, the cause and what to do about it.
    pub fn prepare(path: &Path, owner: &Owner) -> Result<Self> {
        if let Some(file) = super::stream::standard(path)? {
            let place = Place::find(Path::new("/dev/null"), owner)?;
            return Ok(Self { place, by: By::Itself(file) });
        }
        let place = Place::find(path, owner)?;
        let there = place.open(Wanted::Emptied, None)?;
        let by = match there.kind {
            Kind::Fifo | Kind::Device => By::Itself(there.file),
            Kind::File if is_mounted(&place) => By::Itself(there.file),
            Kind::File => {
                let beside = place.owner.act(|| beside(&place));
                let beside = beside.map_err(|error| no_rights(&place.shown(), owner, &error))?;
                beside.unwrap_or(By::Itself(there.file))
            }
        };
        Ok(Self { place, by })
    }

    /// Writes the document, and gives it its name.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub fn finish(self, text: &[u8]) -> Result<()> {
        let shown = self.place.shown();
        let failed = |error: io::Error| cannot(&shown, "write", &error);
        let (file, name) = match self.by {
            By::Itself(file) => return through(file, &shown, text),
            By::Unnamed(file) => (file, None),
            By::Named(file, name) => (file, Some(name)),
        };
        let mut file = file;
        file.write_all(text).and_then(|()| file.sync_data()).map_err(failed)?;
        if let Some(meta) = self.place.now()
            && meta.st_uid != self.place.owner.uid()
        {
            return Err(refused(&shown, &format!("what has its name by now belongs to uid {}", meta.st_uid)));
        }
        let place = &self.place;
        let named = place.owner.act(|| {
            let name = name.map_or_else(|| link(place, &file), Ok)?;
            renameat(&place.directory, &name, &place.directory, &place.name).inspect_err(|_| {
                let _ = unlinkat(&place.directory, &name, AtFlags::empty());
            })?;
            Ok(())
        });
        named.map_err(|error| no_rights(&place.shown(), &place.owner, &error))?.map_err(failed)
    }
}

/// Writes to what could not be replaced.
fn through(file: File, shown: &str, text: &[u8]) -> Result<()> {
    let mut output = super::Output::of_file(file, shown.to_owned());
    match output.block(text)? {
        super::Wrote::All => output.finish(),
        super::Wrote::Closed => Err(anyhow!("nobody reads {shown} any more")),
    }
}

/// A file in the same directory: without a name where the file system can do that.
fn beside(place: &Place) -> io::Result<By> {
    let unnamed = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = openat(&place.directory, ".", unnamed, MODE) {
        return Ok(By::Unnamed(file.into()));
    }
    let name = random_name()?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(&place.directory, &name, flags, MODE)?;
    Ok(By::Named(file.into(), name))
}

/// Gives a file without a name one that nobody can guess.
fn link(place: &Place, file: &File) -> io::Result<OsString> {
    let name = random_name()?;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, open, &place.directory, &name, AtFlags::SYMLINK_FOLLOW)?;
    Ok(name)
}

fn random_name() -> io::Result<OsString> {
    Ok(format!(".oomtrace-{}", super::word()?).into())
}

/// A file that is mounted over a name can't be replaced there.
fn is_mounted(place: &Place) -> bool {
    let id = |name: &std::ffi::OsStr, flags| {
        rustix::fs::statx(&place.directory, name, flags, rustix::fs::StatxFlags::from_bits_retain(0x1000))
            .map(|meta| (meta.stx_mnt_id, meta.stx_dev_major, meta.stx_dev_minor))
            .ok()
    };
    let directory = id(std::ffi::OsStr::new(""), AtFlags::EMPTY_PATH);
    let file = id(&place.name, AtFlags::SYMLINK_NOFOLLOW);
    let is_file =
        place.now().is_some_and(|meta| FileType::from_raw_mode(meta.st_mode) == FileType::RegularFile);
    is_file && directory.zip(file).is_some_and(|(directory, file)| directory != file)
}

//! A document that takes its name only when it is whole.

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
    /// A file without a name so far, and what had the name when it was prepared.
    Unnamed(File, File),
    /// What can't be replaced is written to: a device, a FIFO, a file in a directory that the owner can't write to or on a
    /// file system where all files have names.
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
        if there.kind != Kind::File || is_mounted(&place) {
            return Ok(Self { place, by: By::Itself(there.file) });
        }
        let unnamed = place.owner.act(|| unnamed(&place));
        let by = match unnamed.map_err(|error| no_rights(&place.shown(), owner, &error))? {
            Ok(file) => By::Unnamed(file, there.file),
            Err(_) => By::Itself(there.file),
        };
        Ok(Self { place, by })
    }

    /// Writes the document, and gives it its name.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub fn finish(self, text: &[u8]) -> Result<()> {
        let Self { place, by } = self;
        let shown = place.shown();
        let (mut file, there) = match by {
            By::Itself(file) => return through(file, &shown, text),
            By::Unnamed(file, there) => (file, there),
        };
        let failed = |error: io::Error| cannot(&shown, "write", &error);
        file.write_all(text).and_then(|()| file.sync_data()).map_err(failed)?;
        // Root's rights would let it take the name from anybody.
        if let Some(meta) = place.now().filter(|_| !place.leads_to(&there))
            && meta.st_uid != place.owner.uid()
        {
            return Err(refused(&shown, &format!("what has its name by now belongs to uid {}", meta.st_uid)));
        }
        let named = place.owner.act(|| name(&place, &file));
        named.map_err(|error| no_rights(&shown, &place.owner, &error))?.map_err(failed)?;
        match place.leads_to(&file) {
            true => Ok(()),
            false => Err(refused(&shown, "somebody else puts files at its name")),
        }
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

/// A file without a name in the same directory.
fn unnamed(place: &Place) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    Ok(openat(&place.directory, ".", flags, MODE)?.into())
}

/// Gives it a name that nobody can guess, and then the one it is to have: only renaming replaces what is there.
fn name(place: &Place, file: &File) -> io::Result<()> {
    let name = format!(".oomtrace-{}", super::word()?);
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, open, &place.directory, &name, AtFlags::SYMLINK_FOLLOW)?;
    renameat(&place.directory, &name, &place.directory, &place.name).inspect_err(|_| {
        let _ = unlinkat(&place.directory, &name, AtFlags::empty());
    })?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn prepare(path: &Path) -> Result<Replacement> {
        Replacement::prepare(path, &Owner::for_user(None))
    }

    fn names(directory: &Path) -> usize {
        std::fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn a_document_is_whole_private_and_alone() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("page.md");
        std::fs::write(&path, "an old page").unwrap();
        let page = prepare(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"", "an old page must not pass for a new one");
        page.finish(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(tmp.path()), 1);
        drop(prepare(&path).unwrap());
        assert_eq!(names(tmp.path()), 1, "nothing is left of one that was not written");
    }

    #[test]
    fn what_is_put_at_its_name_meanwhile_is_replaced() {
        let tmp = tempfile::tempdir().unwrap();
        let (path, other) = (tmp.path().join("page.md"), tmp.path().join("other"));
        std::fs::write(&other, "other").unwrap();
        let page = prepare(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        symlink(&other, &path).unwrap();
        page.finish(b"new").unwrap();
        assert!(std::fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(
            (std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()),
            (b"new".into(), b"other".into())
        );
        assert!(prepare(&tmp.path().join("no/page.md")).is_err());
    }

    #[test]
    fn a_directory_at_its_name_is_said() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("page.md");
        let page = prepare(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let error = page.finish(b"new").unwrap_err().to_string();
        assert!(error.contains("directory"), "{error}");
        assert_eq!((names(tmp.path()), std::fs::metadata(&path).unwrap().nlink() > 0), (1, true));
    }
}

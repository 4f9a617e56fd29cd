//! Files opened relative to a directory that is kept open.
//!
//! An open `/proc/<pid>` stays tied to its process: when that is gone, reads through it fail instead of finding
//! whoever got the number next. It also spares the event path the building of paths on the heap.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Longest text of a link that is kept (`PATH_MAX`).
const LINK_MAX: usize = 4096;

/// A directory kept open.
#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

impl Dir {
    /// Opens `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        open_at(libc::AT_FDCWD, &name, libc::O_DIRECTORY).map(Self)
    }

    /// Opens the directory `name` below this one.
    pub(crate) fn dir(&self, name: &CStr) -> io::Result<Self> {
        open_at(self.0.as_raw_fd(), name, libc::O_DIRECTORY).map(Self)
    }

    /// Reads the file `name` below this one into `buf`; returns what was read, at most `buf.len()` bytes.
    pub(crate) fn read<'b>(&self, name: &CStr, buf: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let mut file = self.file(name)?;
        let mut filled = 0;
        while filled < buf.len() {
            match file.read(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&buf[..filled])
    }

    /// False when there is surely no directory below this one: its links are only its own and its parent's. Some file
    /// systems don't count so; the cgroup one does.
    pub(crate) fn may_have_directories(&self) -> bool {
        // SAFETY: zeros are a valid value of this structure of integers.
        let mut data: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: an open descriptor and a valid pointer.
        let failed = unsafe { libc::fstat(self.0.as_raw_fd(), &raw mut data) } != 0;
        failed || data.st_nlink != 2
    }

    /// Opens the file `name` below this one, to be read again and again.
    pub(crate) fn file(&self, name: &CStr) -> io::Result<File> {
        // O_NONBLOCK: a made-up tree, or one that is mounted over, must not stop the reader at a FIFO.
        open_at(self.0.as_raw_fd(), name, libc::O_NONBLOCK).map(File::from)
    }

    /// The text of the link `name`.
    pub(crate) fn read_link(&self, name: &CStr) -> io::Result<Vec<u8>> {
        let mut text = vec![0u8; LINK_MAX];
        // SAFETY: the pointers and the length are those of live objects.
        let len = unsafe {
            libc::readlinkat(self.0.as_raw_fd(), name.as_ptr(), text.as_mut_ptr().cast(), text.len())
        };
        text.truncate(usize::try_from(len).map_err(|_| io::Error::last_os_error())?);
        text.shrink_to_fit();
        Ok(text)
    }

    /// Calls `each` with every entry that is a number, until it breaks or the directory ends; `buf` holds the entries
    /// between calls of the kernel.
    pub(crate) fn numbers(
        &self,
        buf: &mut [u8],
        mut each: impl FnMut(u32) -> ControlFlow<()>,
    ) -> io::Result<()> {
        self.list(buf, |entry| number(entry.name).map_or(ControlFlow::Continue(()), &mut each))
    }

    /// The same with inode and name of every directory below this one, itself and its parent left out.
    pub(crate) fn directories(
        &self,
        buf: &mut [u8],
        mut each: impl FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        self.list(buf, |entry| {
            let wanted = entry.kind == libc::DT_DIR && entry.name != b"." && entry.name != b"..";
            if wanted { each(entry.inode, entry.name) } else { ControlFlow::Continue(()) }
        })
    }

    /// Calls `each` with every entry, until it breaks or the directory ends.
    fn list(&self, buf: &mut [u8], mut each: impl FnMut(Entry<'_>) -> ControlFlow<()>) -> io::Result<()> {
        let fd = self.0.as_raw_fd();
        // SAFETY: a plain call on an open descriptor.
        if unsafe { libc::lseek(fd, 0, libc::SEEK_SET) } < 0 {
            return Err(io::Error::last_os_error());
        }
        loop {
            // SAFETY: the pointer and the length are those of a live buffer.
            let len = unsafe { libc::syscall(libc::SYS_getdents64, fd, buf.as_mut_ptr(), buf.len()) };
            let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
            if len == 0 {
                return Ok(());
            }
            for entry in entries(buf.get(..len).unwrap_or_default()) {
                if each(entry).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// `openat` for reading.
fn open_at(dir: i32, name: &CStr, flags: i32) -> io::Result<OwnedFd> {
    // SAFETY: `name` is a C string; without O_CREAT no mode is read.
    let fd = unsafe { libc::openat(dir, name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC | flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// An entry of a directory.
struct Entry<'a> {
    inode: u64,
    /// `DT_DIR` and the like.
    kind: u8,
    name: &'a [u8],
}

/// The entries of a buffer of `struct linux_dirent64`: u64 inode, i64 offset, u16 record length, u8 type, name, NUL.
fn entries(buf: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = buf;
    std::iter::from_fn(move || {
        let len = usize::from(u16::from_ne_bytes([*rest.get(16)?, *rest.get(17)?]));
        let inode = u64::from_ne_bytes(rest.get(..8)?.try_into().ok()?);
        let (kind, name) = (*rest.get(18)?, rest.get(19..len)?);
        rest = rest.get(len..)?;
        Some(Entry { inode, kind, name: name.split(|b| *b == 0).next().unwrap_or_default() })
    })
}

/// A name that is a decimal number.
fn number(name: &[u8]) -> Option<u32> {
    OsStr::from_bytes(name).to_str().filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_numbers_only_and_again_from_the_start() {
        let tmp = tempfile::tempdir().unwrap();
        for name in ["1", "77", "self", "+5", "99999999999", "4000000000"] {
            std::fs::create_dir(tmp.path().join(name)).unwrap();
        }
        let dir = Dir::open(tmp.path()).unwrap();
        // A small buffer takes several calls.
        let mut buf = [0u8; 64];
        for _ in 0..2 {
            let mut seen = Vec::new();
            dir.numbers(&mut buf, |n| {
                seen.push(n);
                ControlFlow::Continue(())
            })
            .unwrap();
            seen.sort_unstable();
            assert_eq!(seen, [1, 77, 4_000_000_000]);
        }
    }

    #[test]
    fn lists_directories_with_their_inodes() {
        use std::os::unix::fs::MetadataExt as _;
        let tmp = tempfile::tempdir().unwrap();
        std::fs::create_dir(tmp.path().join("sub")).unwrap();
        std::fs::write(tmp.path().join("file"), "").unwrap();
        let mut seen = Vec::new();
        let each = |inode, name: &[u8]| {
            seen.push((inode, name.to_vec()));
            ControlFlow::Continue(())
        };
        Dir::open(tmp.path()).unwrap().directories(&mut [0u8; 4096], each).unwrap();
        let inode = std::fs::metadata(tmp.path().join("sub")).unwrap().ino();
        assert_eq!(seen, [(inode, b"sub".to_vec())]);
    }

    #[test]
    fn reads_no_more_than_fits() {
        let tmp = tempfile::tempdir().unwrap();
        std::fs::write(tmp.path().join("f"), "0123456789").unwrap();
        std::os::unix::fs::symlink("/there", tmp.path().join("l")).unwrap();
        let dir = Dir::open(tmp.path()).unwrap();
        assert_eq!(dir.read(c"f", &mut [0; 4]).unwrap(), b"0123");
        assert_eq!(dir.read(c"f", &mut [0; 40]).unwrap(), b"0123456789");
        assert_eq!(dir.read_link(c"l").unwrap(), b"/there");
        assert!(dir.read(c"gone", &mut [0; 4]).is_err());
        assert!(dir.read_link(c"gone").is_err());
    }

    #[test]
    fn an_open_directory_is_not_the_next_process_of_that_number() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let dir = Dir::open(Path::new(&format!("/proc/{}", child.id()))).unwrap();
        assert!(dir.read(c"stat", &mut [0; 512]).is_ok());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(dir.read(c"stat", &mut [0; 512]).is_err());
    }
}

//! The directory of a path, opened so that others than the owner can't lead root elsewhere.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat};

/// Links that are followed, as the kernel does.
const LINKS: usize = 40;

/// Opens a directory, as every program does.
pub(super) fn plain(directory: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, directory, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens a directory for root: links are followed only where root made them.
///
/// # Errors
/// `ELOOP` for another user's link; otherwise those of opening.
pub(super) fn for_root(directory: &Path) -> io::Result<OwnedFd> {
    let mut left: Vec<OsString> = parts(directory.as_os_str());
    left.reverse();
    let mut here = plain(Path::new(if directory.is_absolute() { "/" } else { "." }))?;
    let mut links = 0;
    while let Some(name) = left.pop() {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = openat(&here, &name, flags, Mode::empty())?;
        let meta = fstat(&next)?;
        if FileType::from_raw_mode(meta.st_mode) != FileType::Symlink {
            here = next;
            continue;
        }
        links += 1;
        if meta.st_uid != 0 || links > LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        let target = readlinkat(&next, c"", Vec::new())?.into_bytes();
        let target = OsString::from_vec(target);
        if target.as_bytes().starts_with(b"/") {
            here = plain(Path::new("/"))?;
        }
        left.extend(parts(&target).into_iter().rev());
    }
    // What is no directory fails here.
    Ok(openat(&here, ".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// The names of a path, `..` among them.
fn parts(path: &OsStr) -> Vec<OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    Path::new(path).components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn links_are_followed_where_root_made_them() {
        let tmp = tempfile::tempdir().unwrap();
        let real = tmp.path().join("a/b");
        std::fs::create_dir_all(&real).unwrap();
        symlink("a/../a/b", tmp.path().join("link")).unwrap();
        symlink(tmp.path(), tmp.path().join("up")).unwrap();
        std::fs::write(tmp.path().join("file"), "").unwrap();
        let inode = |fd: &OwnedFd| fstat(fd).unwrap().st_ino;
        let wanted = std::fs::metadata(&real).unwrap().ino();
        assert_eq!(inode(&for_root(&real).unwrap()), wanted);
        let linked = tmp.path().join("up/link");
        if std::fs::metadata(tmp.path()).unwrap().uid() == 0 {
            assert_eq!(inode(&for_root(&linked).unwrap()), wanted);
            std::os::unix::fs::lchown(tmp.path().join("link"), Some(65_534), Some(65_534)).unwrap();
        }
        assert_eq!(for_root(&linked).unwrap_err().raw_os_error(), Some(libc::ELOOP));
        assert_eq!(for_root(&tmp.path().join("file")).unwrap_err().raw_os_error(), Some(libc::ENOTDIR));
        assert_eq!(for_root(&tmp.path().join("no/x")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

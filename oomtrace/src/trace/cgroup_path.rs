//! From a memory cgroup's number to its path, while it is there.

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::kernel::Roots;
use crate::kernel::cgroup::Hierarchy;
use crate::model::{CgroupRef, Text};
use oomtrace_common::UNKNOWN;

/// `FILEID_KERNFS` of `include/linux/exportfs.h`: the handle is the number alone (5.5 and later).
const FILEID_KERNFS: i32 = 0xfe;

/// `struct file_handle` with such a handle.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    id: [u8; 8],
}

/// The hierarchy with the memory controller, open.
#[derive(Debug)]
pub(super) struct CgroupPaths {
    mount: File,
    hierarchy: Hierarchy,
}

impl CgroupPaths {
    /// `None` where there is no such hierarchy.
    pub(super) fn open(roots: &Roots) -> Option<Self> {
        let hierarchy = Hierarchy::find(roots).ok()?;
        Some(Self { mount: File::open(&hierarchy.mount).ok()?, hierarchy })
    }

    /// The cgroup with this kernfs id; `None` when it is gone, is not below what is mounted, or may not be opened by its
    /// number (CAP_DAC_READ_SEARCH).
    pub(super) fn of(&self, id: u64) -> Option<CgroupRef> {
        if id == 0 || id == UNKNOWN {
            return None;
        }
        let directory = self.directory(id)?;
        let shown = std::fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd())).ok()?;
        let path = below(&self.hierarchy, &shown)?;
        Some(CgroupRef { path: Text::new(path.into_os_string().into_vec()), id: Some(id.to_string()) })
    }

    fn directory(&self, id: u64) -> Option<File> {
        let mut handle = Handle { bytes: 8, kind: FILEID_KERNFS, id: id.to_ne_bytes() };
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: the handle is laid out as the kernel's, `bytes` tells its length, and the kernel does not keep it.
        let fd = unsafe {
            libc::syscall(libc::SYS_open_by_handle_at, self.mount.as_raw_fd(), &raw mut handle, flags)
        };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the call gave this descriptor to us alone.
        Some(unsafe { File::from_raw_fd(fd) })
    }
}

/// The path in the hierarchy of a directory below its mount.
fn below(hierarchy: &Hierarchy, shown: &Path) -> Option<PathBuf> {
    let rest = shown.strip_prefix(&hierarchy.mount).ok()?;
    // What was removed is shown with a word behind its name.
    (!rest.as_os_str().as_encoded_bytes().ends_with(b" (deleted)")).then(|| hierarchy.root.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cgroup::Version;

    #[test]
    fn a_path_is_one_of_the_hierarchy() {
        let hierarchy = Hierarchy { version: Version::V2, mount: "/m".into(), root: "/box".into() };
        assert_eq!(below(&hierarchy, Path::new("/m/a b/c")), Some("/box/a b/c".into()));
        assert_eq!(below(&hierarchy, Path::new("/m/a (deleted)")), None);
        assert_eq!(below(&hierarchy, Path::new("/elsewhere/a")), None);
    }

    /// By the number that the kernel side would tell: the directory's inode.
    #[test]
    fn a_number_leads_to_the_path() {
        use std::os::unix::fs::MetadataExt as _;
        let Some(paths) = CgroupPaths::open(&Roots::default()) else { return };
        let root = std::fs::metadata(&paths.hierarchy.mount).unwrap().ino();
        // Without the capability nothing is found; it must not be something else.
        if let Some(found) = paths.of(root) {
            assert_eq!(found.path.as_bytes(), paths.hierarchy.root.as_os_str().as_encoded_bytes());
        }
        assert_eq!(paths.of(u64::MAX - 1), None);
        assert_eq!(paths.of(UNKNOWN), None);
    }
}

//! What the janitor may touch. Anybody who may run us can type its command line, so it takes nothing on trust: each place is a
//! directory of a cgroup file system, held open from then on, and each name is one that we give or the kernel does.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat};

use super::leftover::Leftover;

/// `CGROUP_SUPER_MAGIC` and `CGROUP2_SUPER_MAGIC` (`include/uapi/linux/magic.h`).
const CGROUP_FILE_SYSTEMS: [i64; 2] = [0x0027_e0eb, 0x6367_7270];
/// What names of our cgroups begin with; the maker's process id, its start and sometimes its namespace follow.
const PREFIXES: [&str; 2] = ["oomtrace-run-", "oomtrace-demo-"];

/// A leftover whose directories are held.
pub(super) struct Held {
    leftover: Leftover,
    /// The paths of the leftover lead through these.
    _directories: Vec<File>,
}

impl Held {
    /// Takes hold of what a command line names.
    ///
    /// # Errors
    /// We act for another user than the one who started us, or something named is not of a cgroup of ours.
    pub(super) fn take(named: &Leftover) -> io::Result<Self> {
        // SAFETY: plain calls.
        if unsafe { libc::getuid() != libc::geteuid() } {
            return Err(refused("it does nothing for a program with a setuid bit"));
        }
        let mut directories = Vec::new();
        let mut hold = |path: &Path, is_ours: &dyn Fn(&str) -> bool| -> io::Result<PathBuf> {
            let (directory, name) = held(path, is_ours)?;
            let through = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
            directories.push(directory);
            Ok(through)
        };
        let leftover = Leftover {
            dir: hold(&named.dir, &is_name_of_ours)?,
            move_to: named
                .move_to
                .as_deref()
                .map(|file| hold(file, &|name| name == "cgroup.procs"))
                .transpose()?,
            switched_on: named
                .switched_on
                .as_deref()
                .map(|file| hold(file, &|name| name == "cgroup.subtree_control"))
                .transpose()?,
        };
        Ok(Self { leftover, _directories: directories })
    }

    pub(super) fn leftover(&self) -> &Leftover {
        &self.leftover
    }
}

/// The directory that a name is in, which must be a cgroup, and the name.
fn held<'a>(path: &'a Path, is_ours: &dyn Fn(&str) -> bool) -> io::Result<(File, &'a str)> {
    let name = path.file_name().and_then(OsStr::to_str).filter(|name| is_ours(name));
    let (Some(name), Some(parent)) = (name, path.parent()) else {
        return Err(refused("that is no cgroup of oomtrace's"));
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = File::from(openat(CWD, parent, flags, Mode::empty())?);
    // Its type differs between architectures.
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
    let kind = fstatfs(&directory)?.f_type as i64;
    match CGROUP_FILE_SYSTEMS.contains(&kind) {
        true => Ok((directory, name)),
        false => Err(refused("that is not in a cgroup file system")),
    }
}

/// `oomtrace-run-4711-123456789`, with a namespace behind it where we are not in the initial one.
fn is_name_of_ours(name: &str) -> bool {
    let number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    PREFIXES.iter().filter_map(|prefix| name.strip_prefix(prefix)).any(|rest| {
        let mut parts = rest.split('-');
        let ends = number(parts.next()) && number(parts.next());
        ends && parts.next().is_none_or(|space| number(Some(space))) && parts.next().is_none()
    })
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Takes the effective ids as the real ones, in a child before it becomes the janitor.
pub(super) fn be_who_we_act_as() -> io::Result<()> {
    // SAFETY: plain calls that may be made between fork and exec.
    let done = unsafe {
        let (uid, gid) = (libc::geteuid(), libc::getegid());
        libc::setregid(gid, gid) == 0 && libc::setreuid(uid, uid) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leftover(dir: &str, move_to: Option<&str>, switched_on: Option<&str>) -> Leftover {
        let path = |path: &str| PathBuf::from(path);
        Leftover { dir: path(dir), move_to: move_to.map(path), switched_on: switched_on.map(path) }
    }

    #[test]
    fn names_that_we_give() {
        for name in ["oomtrace-run-4711-123", "oomtrace-demo-1-0", "oomtrace-run-4711-123-4026531836"] {
            assert!(is_name_of_ours(name), "{name}");
        }
        for name in [
            "x",
            "oomtrace-run-",
            "oomtrace-run-1",
            "oomtrace-run-1-",
            "oomtrace-run-a-1",
            "oomtrace-run-1-2-3-4",
        ] {
            assert!(!is_name_of_ours(name), "{name}");
        }
    }

    #[test]
    fn nothing_outside_of_a_cgroup_file_system_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let cgroup = dir.path().join("oomtrace-run-1-1");
        std::fs::create_dir(&cgroup).unwrap();
        let file = dir.path().join("cgroup.procs");
        std::fs::write(&file, "secret").unwrap();
        let (cgroup, file) = (cgroup.to_str().unwrap(), file.to_str().unwrap());
        for named in [
            leftover(cgroup, None, None),
            leftover("/nonexistent", None, Some(file)),
            leftover("/nonexistent", Some(file), None),
            leftover("/", None, None),
            leftover("", None, None),
            leftover("..", None, None),
        ] {
            assert!(Held::take(&named).is_err(), "{named:?}");
        }
        assert_eq!(std::fs::read_to_string(file).unwrap(), "secret");
    }
}

//! File capabilities: what a plain user gets for tracing must not open files that the user could not.

use std::fs::File;
use std::io;
use std::path::Path;

use caps::CapSet;

/// Gives up for good what a setuid bit gave, and until [`with_all`] takes it back what file capabilities gave. For commands
/// that read what a user names; to be called before there is another thread. Root keeps its own.
///
/// # Errors
/// It can't be given up.
pub fn give_up_privileges() -> io::Result<()> {
    // SAFETY: plain calls.
    let (uid, gid, effective) = unsafe { (libc::getuid(), libc::getgid(), libc::geteuid()) };
    if effective == 0 && uid != 0 {
        // SAFETY: plain calls; the group first, for which root is needed.
        let done = unsafe { libc::setresgid(gid, gid, gid) == 0 && libc::setresuid(uid, uid, uid) == 0 };
        if !done {
            return Err(io::Error::last_os_error());
        }
    }
    if is_plain_user() { caps::clear(None, CapSet::Effective).map_err(io::Error::other) } else { Ok(()) }
}

/// Runs `what` with all capabilities that this process may have: for files of the system that no user has named.
pub fn with_all<T>(what: impl FnOnce() -> T) -> T {
    let before = caps::read(None, CapSet::Effective);
    let permitted = caps::read(None, CapSet::Permitted);
    let (Ok(before), Ok(permitted)) = (before, permitted) else { return what() };
    if before == permitted {
        return what();
    }
    let _ = caps::set(None, CapSet::Effective, &permitted);
    let done = what();
    let _ = caps::set(None, CapSet::Effective, &before);
    done
}

/// Opens a file that a user named for reading. Root, and its caller through sudo, read what root may; what a setuid bit or
/// file capabilities give does not count.
///
/// # Errors
/// Those of opening, as this user meets them.
pub fn read_file(path: &Path) -> io::Result<File> {
    // SAFETY: plain calls.
    let (real, effective) = unsafe { (libc::getuid(), libc::geteuid()) };
    if real == 0 {
        return File::open(path);
    }
    let user = if effective == 0 { super::caller().map_err(io::Error::other)? } else { None };
    super::Owner::for_user(user).act(|| File::open(path))?
}

fn is_plain_user() -> bool {
    // SAFETY: a plain call.
    unsafe { libc::geteuid() != 0 }
}

//! A thread that has a user's rights to files and no capability, while the rest of the process keeps what it has.

use std::io;

use caps::CapSet;

use super::User;

/// Room for what opens files.
const STACK: usize = 128 * 1024;
/// Asks for the present id: a user or group id that no call takes.
const ASK: libc::c_long = -1;
/// Leaves an id as it is.
const KEEP: libc::c_long = -1;

/// Runs `act` with the rights of `user`, or without one with those of this process less its capabilities.
///
/// # Errors
/// These rights could not be taken, or not be checked; then `act` did not run.
pub(super) fn act<T: Send>(user: Option<&User>, act: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let run = || {
            if let Some(user) = user {
                take(user)?;
            }
            give_up_capabilities()?;
            Ok(act())
        };
        let builder = std::thread::Builder::new().name("oomtrace-file".to_owned()).stack_size(STACK);
        let thread = builder.spawn_scoped(scope, run)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that opens files failed")))
    })
}

/// Takes the user's rights to files, for this thread alone: the C library's own calls would change all threads.
fn take(user: &User) -> io::Result<()> {
    // SAFETY: a live slice with its length.
    check(unsafe { libc::syscall(libc::SYS_setgroups, user.groups.len(), user.groups.as_ptr()) })?;
    // The effective ids, which those for files follow: procfs asks for the effective one.
    for (call, id) in [(libc::SYS_setresgid, user.gid), (libc::SYS_setresuid, user.uid)] {
        // SAFETY: plain calls.
        check(unsafe { libc::syscall(call, KEEP, id, KEEP) })?;
    }
    for (call, id) in [(libc::SYS_setfsgid, user.gid), (libc::SYS_setfsuid, user.uid)] {
        // SAFETY: a plain call, which changes nothing.
        let now = unsafe { libc::syscall(call, ASK) };
        if now != libc::c_long::from(id) {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
    }
    same_groups(user)
}

fn same_groups(user: &User) -> io::Result<()> {
    let mut groups = vec![0_u32; user.groups.len() + 1];
    // SAFETY: a live slice with its length; one that is too short is an error.
    let count = unsafe { libc::syscall(libc::SYS_getgroups, groups.len(), groups.as_mut_ptr()) };
    check(count)?;
    groups.truncate(usize::try_from(count).unwrap_or(0));
    let sorted = |groups: &[u32]| {
        let mut groups = groups.to_vec();
        groups.sort_unstable();
        groups
    };
    if sorted(&groups) == sorted(&user.groups) {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::EPERM))
    }
}

/// Whatever securebits say, this thread has no capability any more.
fn give_up_capabilities() -> io::Result<()> {
    for set in [CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set).map_err(io::Error::other)?;
    }
    let left = caps::read(None, CapSet::Effective).map_err(io::Error::other)?;
    if left.is_empty() { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

fn check(answer: libc::c_long) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_thread_changes() {
        // SAFETY: a plain call.
        if unsafe { libc::geteuid() } != 0 {
            // Nothing to give up: what is left is checked.
            assert_eq!(act(None, || 7).unwrap(), 7);
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("root's");
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let user = User::unlisted(65_534, 65_534);
        let opened = act(Some(&user), || std::fs::read(&file).map_err(|error| error.kind())).unwrap();
        assert_eq!(opened, Err(io::ErrorKind::PermissionDenied));
        assert_eq!(std::fs::read(&file).unwrap(), b"x");
        assert!(!caps::read(None, CapSet::Effective).unwrap().is_empty());
    }
}

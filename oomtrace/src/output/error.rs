//! Errors that name the output, the cause and the remedy.

use std::io;

/// What can't be done with the output of this name, and what to do about it.
pub(super) fn cannot(name: &str, what: &str, error: &io::Error) -> anyhow::Error {
    if error.raw_os_error() == Some(libc::ELOOP) {
        return anyhow::anyhow!(
            "can't {what} {name}: it is a symbolic link, or leads through one of another user, and none is followed; name the \
             file itself"
        );
    }
    anyhow::anyhow!("can't {what} {name}: {error}; {}", remedy(error))
}

fn remedy(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => {
            "free some space or write elsewhere (-o FILE); the lines so far are whole"
        }
        Some(libc::EFBIG) => "raise the limit on file sizes (ulimit -f) or write elsewhere (-o FILE)",
        Some(libc::EROFS) => "the file system is read-only: write elsewhere (-o FILE)",
        Some(libc::ENOENT) => "make its directory first, or write elsewhere (-o FILE)",
        Some(libc::EISDIR) => "it is a directory: name a file in it (-o DIR/FILE)",
        Some(libc::EACCES | libc::EPERM) => "run as its owner or root, or write elsewhere (-o FILE)",
        Some(libc::EIO) => "the device fails: look at the kernel's log, and write elsewhere (-o FILE)",
        _ => "write elsewhere (-o FILE)",
    }
}

/// An output that is not written to, since it is not what its name was given for.
pub(super) fn refused(name: &str, why: &str) -> anyhow::Error {
    anyhow::anyhow!("can't write to {name}: {why}; remove it first, or write elsewhere (-o FILE)")
}

//! Memory of the kernel that a process asks for: it shows in no resident set.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::PathBuf;

use anyhow::{Result, ensure};

/// What an empty file of tmpfs costs: an inode and a dentry, about.
const INODE: u64 = 1024;
/// Bytes a pipe is filled with.
const PIPE: u64 = 64 << 10;
/// Bytes that are sent to a socket that nobody reads.
const SOCKET: u64 = 128 << 10;

/// A hoard.
#[derive(Debug)]
pub(super) enum Kernel {
    /// Number of files so far, and where.
    Inodes(u64, PathBuf),
    /// Both ends.
    Pipes(Vec<[OwnedFd; 2]>),
    /// Both ends.
    Sockets(Vec<[OwnedFd; 2]>),
}

impl Kernel {
    pub(super) fn inodes(directory: PathBuf) -> Self {
        Self::Inodes(0, directory)
    }

    pub(super) fn pipes() -> Self {
        all_descriptors();
        Self::Pipes(Vec::new())
    }

    pub(super) fn sockets() -> Self {
        all_descriptors();
        Self::Sockets(Vec::new())
    }

    /// At least `bytes` more; returns how many it counted.
    pub(super) fn take(&mut self, bytes: u64) -> Result<u64> {
        match self {
            Self::Inodes(count, directory) => {
                let wanted = bytes.div_ceil(INODE);
                for _ in 0..wanted {
                    // A directory of its own for each thousand keeps looking up quick.
                    let inside = directory.join(format!("{}", *count / 1000));
                    if count.is_multiple_of(1000) {
                        std::fs::create_dir(&inside)?;
                    }
                    File::create(inside.join(format!("{count}")))?;
                    *count += 1;
                }
                Ok(wanted * INODE)
            }
            Self::Pipes(pipes) => {
                let ends = pipe()?;
                let mut writer = File::from(ends[1].try_clone()?);
                // Room for it all, where the user's quota allows it; a pipe has 64 KiB anyway.
                writer.write_all(&vec![1_u8; usize::try_from(PIPE)?])?;
                pipes.push(ends);
                Ok(PIPE)
            }
            Self::Sockets(sockets) => {
                let ends = pair()?;
                let sent = fill(&ends[0]);
                sockets.push(ends);
                Ok(sent.max(4096))
            }
        }
    }
}

/// As many descriptors as the hard limit gives.
fn all_descriptors() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid pointer to a local for both calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
}

fn pipe() -> Result<[OwnedFd; 2]> {
    let mut ends = [0; 2];
    // SAFETY: two descriptors fit.
    let result = unsafe { libc::pipe(ends.as_mut_ptr()) };
    ensure!(result == 0, "no pipe: {}", std::io::Error::last_os_error());
    // SAFETY: new, and nobody else's.
    Ok(ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) }))
}

fn pair() -> Result<[OwnedFd; 2]> {
    let mut ends = [0; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
    // SAFETY: two descriptors fit.
    let result = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    ensure!(result == 0, "no pair of sockets: {}", std::io::Error::last_os_error());
    // SAFETY: new, and nobody else's.
    Ok(ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) }))
}

/// Sends until the other end's buffer is full; returns how much.
fn fill(end: &OwnedFd) -> u64 {
    let block = [1_u8; 4096];
    let mut sent = 0;
    while sent < SOCKET {
        // SAFETY: the block outlives the call.
        let length =
            unsafe { libc::send(end.as_raw_fd(), block.as_ptr().cast(), block.len(), libc::MSG_NOSIGNAL) };
        let Ok(length @ 1..) = u64::try_from(length) else { break };
        sent += length;
    }
    sent
}

//! Who can change a file of this machine, and which user id a name has.

use std::collections::VecDeque;
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::judge::File;
use super::path::{is_of_root, without_deleted};
use crate::kernel::Roots;

const ROOT: u32 = 0;
/// Links that are followed in a path.
const LINKS: u32 = 8;
/// Bytes read of the list of users.
const USERS: u64 = 1 << 20;

/// Whether the executable of process `pid`, which is said to be `exe`, is a file of this machine that only root can change.
///
/// Nothing is looked at where the path is not one of root's directories by name: a file system that a user has mounted does not
/// get asked.
#[must_use]
pub fn executable(roots: &Roots, pid: u32, exe: &[u8]) -> File {
    if !is_of_root(exe) {
        return File::OfOthers;
    }
    look(&roots.proc, pid, exe, ROOT)
}

fn look(proc: &Path, pid: u32, exe: &[u8], owner: u32) -> File {
    // Where the first process sees its root is the machine's.
    let root = proc.join("1/root");
    let path = Path::new(OsStr::from_bytes(without_deleted(exe)));
    let runs = stat(&proc.join(pid.to_string()).join("exe"), true).ok();
    match (resolve(&root, path, owner), runs) {
        (Found::Unknown, _) => File::PathAlone,
        (Found::OfOthers, _) => File::OfOthers,
        // It was replaced: the old file has no path any more, but the same file system and owner.
        (Found::File(_) | Found::Gone, Some(runs)) if runs.links == 0 && runs.is_kept_by(owner) => {
            File::OfRoot
        }
        (Found::File(file), Some(runs)) if (file.device, file.inode) == (runs.device, runs.inode) => {
            File::OfRoot
        }
        (Found::File(_) | Found::Gone, Some(_)) => File::OfOthers,
        (Found::File(_) | Found::Gone, None) => File::PathAlone,
    }
}

/// The user id of a name on this machine.
#[must_use]
pub fn user_id(roots: &Roots, name: &str) -> Option<u32> {
    let file = std::fs::File::open(roots.proc.join("1/root/etc/passwd")).ok()?;
    let mut text = Vec::new();
    file.take(USERS).read_to_end(&mut text).ok()?;
    let line = text
        .split(|b| *b == b'\n')
        .find(|line| line.split(|b| *b == b':').next() == Some(name.as_bytes()))?;
    std::str::from_utf8(line.split(|b| *b == b':').nth(2)?).ok()?.parse().ok()
}

/// What is at a path.
enum Found {
    /// A file that only the owner can change, as all directories above it.
    File(Stat),
    /// Nothing, in such a directory.
    Gone,
    /// Others can change what is there.
    OfOthers,
    /// It can't be looked at.
    Unknown,
}

/// Follows `path` below `root`, link by link.
fn resolve(root: &Path, path: &Path, owner: u32) -> Found {
    let mut rest: VecDeque<OsString> = parts(path);
    let (mut here, mut links) = (PathBuf::from("/"), 0);
    let at = |here: &Path| root.join(here.strip_prefix("/").unwrap_or(here));
    match stat(&at(&here), true) {
        Ok(top) if top.is_kept_by(owner) => {}
        Ok(_) => return Found::OfOthers,
        Err(_) => return Found::Unknown,
    }
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&part);
        let found = match stat(&at(&next), false) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound && rest.is_empty() => return Found::Gone,
            Err(_) => return Found::Unknown,
        };
        if found.is_link() {
            if found.owner != owner {
                return Found::OfOthers;
            }
            links += 1;
            let Some(target) = std::fs::read_link(at(&next)).ok().filter(|_| links <= LINKS) else {
                return Found::Unknown;
            };
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            rest = parts(&target).into_iter().chain(rest).collect();
            continue;
        }
        // In a directory with the sticky bit others can't replace a directory, but they can put a file beside it.
        let is_last = rest.is_empty();
        let sticky = found.is_directory() && found.mode & 0o1000 != 0 && found.owner == owner;
        let on_the_way = sticky && rest.len() > 1;
        if !found.is_kept_by(owner) && !on_the_way {
            return Found::OfOthers;
        }
        if is_last {
            return if found.is_directory() { Found::Unknown } else { Found::File(found) };
        }
        here = next;
    }
    Found::Unknown
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let kept = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    kept.map(|part| part.as_os_str().to_owned()).collect()
}

/// What is used of a file's status.
#[derive(Clone, Copy, Debug)]
struct Stat {
    device: (u32, u32),
    inode: u64,
    links: u32,
    owner: u32,
    group: u32,
    mode: u16,
}

impl Stat {
    fn kind(&self) -> u32 {
        u32::from(self.mode) & libc::S_IFMT
    }

    fn is_link(&self) -> bool {
        self.kind() == libc::S_IFLNK
    }

    fn is_directory(&self) -> bool {
        self.kind() == libc::S_IFDIR
    }

    /// Whether only the owner can write to it. The bits of the group cover further entries of an access control list.
    fn is_kept_by(&self, owner: u32) -> bool {
        let by_group = self.mode & 0o020 != 0 && self.group != owner;
        self.owner == owner && !by_group && self.mode & 0o002 == 0
    }
}

/// The status of a file without asking a server for it, which might not answer.
fn stat(path: &Path, follow: bool) -> io::Result<Stat> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::AT_STATX_DONT_SYNC | if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: zeros are a valid value of this structure of integers.
    let mut data: libc::statx = unsafe { std::mem::zeroed() };
    // SAFETY: the name ends with a zero byte, and both pointers are those of live objects.
    let failed = unsafe {
        libc::statx(libc::AT_FDCWD, name.as_ptr(), flags, libc::STATX_BASIC_STATS, &raw mut data) != 0
    };
    if failed {
        return Err(io::Error::last_os_error());
    }
    Ok(Stat {
        device: (data.stx_dev_major, data.stx_dev_minor),
        inode: data.stx_ino,
        links: data.stx_nlink,
        owner: data.stx_uid,
        group: data.stx_gid,
        mode: data.stx_mode,
    })
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;

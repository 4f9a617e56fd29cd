//! What the kernel keeps in memory of a file: the places of its blocks should stay there, its contents should not.
//!
//! ext4 keeps the places of a file in more than four pieces in a block of the disk. That block is read through the page cache of
//! whoever writes, and is given up like any other. And a direct write that can't drop a page of the file goes through that page.
//! Both need memory of a cgroup that may have none (`ENOMEM`), although the file's own blocks need none.

use std::fs::File;
use std::os::fd::AsRawFd as _;

/// `FS_IOC_FIEMAP` of linux/fs.h: `_IOWR('f', 11, struct fiemap)`.
const FIEMAP: libc::Ioctl = 0xC020_660B_u32 as libc::Ioctl;
/// `FIEMAP_FLAG_CACHE` of linux/fiemap.h: ext4 then keeps all places, and gives them up last (Linux 5.4).
const CACHE: u32 = 4;

/// `struct fiemap` of linux/fiemap.h, without room for answers.
#[repr(C)]
struct Fiemap {
    start: u64,
    length: u64,
    flags: u32,
    mapped: u32,
    room: u32,
    reserved: u32,
}

/// Has the kernel keep the places. File systems that always do so refuse, and nothing is lost by that.
pub(super) fn keep_places(file: &File) {
    let mut fiemap = Fiemap { start: 0, length: u64::MAX, flags: CACHE, mapped: 0, room: 0, reserved: 0 };
    // SAFETY: a live structure of the size that the number tells; the kernel writes no answers beyond it, since there is no room.
    unsafe { libc::ioctl(file.as_raw_fd(), FIEMAP, &raw mut fiemap) };
}

/// Drops the contents, which must be on the disk.
pub(super) fn drop_contents(file: &File) {
    // What can't be dropped stays.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

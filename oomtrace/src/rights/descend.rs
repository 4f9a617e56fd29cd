//! From root to a user, between fork and exec, and never back. Nothing of it may allocate or lock.

use std::io;

use super::User;

/// `_LINUX_CAPABILITY_VERSION_3`: two words for each set.
const VERSION: u32 = 0x2008_0522;
/// Asks for the present id: one that no call takes.
const ASK: libc::c_long = -1;

/// A user to become, with all that is needed for it at hand.
pub struct Descent {
    uid: u32,
    gid: u32,
    /// Sorted.
    groups: Vec<u32>,
    /// Room for the groups as the kernel has them.
    room: Vec<u32>,
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

impl Descent {
    /// Takes what is needed, before the fork.
    #[must_use]
    pub fn new(user: &User) -> Self {
        let mut groups = user.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let room = vec![0; groups.len() + 1];
        Self { uid: user.uid, gid: user.gid, groups, room }
    }

    /// Becomes the user, and makes sure of it.
    ///
    /// # Errors
    /// Ids, groups or capabilities are not those of the user, or root could be had back.
    pub fn make(&mut self) -> io::Result<()> {
        let (uid, gid) = (self.uid, self.gid);
        // SAFETY: a live slice with its length.
        unsafe {
            check(libc::setgroups(self.groups.len(), self.groups.as_ptr()))?;
            check(libc::setresgid(gid, gid, gid))?;
            check(libc::setresuid(uid, uid, uid))?;
        }
        self.check_ids()?;
        self.check_groups()?;
        if uid == 0 { Ok(()) } else { stay_down() }
    }

    fn check_ids(&self) -> io::Result<()> {
        let (mut users, mut groups) = ([u32::MAX; 3], [u32::MAX; 3]);
        // SAFETY: room for three ids each; asking for the ids of the file system changes nothing.
        let (user, group) = unsafe {
            let [real, effective, saved] = &mut users;
            check(libc::getresuid(real, effective, saved))?;
            let [real, effective, saved] = &mut groups;
            check(libc::getresgid(real, effective, saved))?;
            (libc::syscall(libc::SYS_setfsuid, ASK), libc::syscall(libc::SYS_setfsgid, ASK))
        };
        let are_all = users == [self.uid; 3] && groups == [self.gid; 3];
        must(are_all && user == libc::c_long::from(self.uid) && group == libc::c_long::from(self.gid))
    }

    fn check_groups(&mut self) -> io::Result<()> {
        let size = libc::c_int::try_from(self.room.len()).unwrap_or(libc::c_int::MAX);
        // SAFETY: a live slice with its length; more groups than fit are an error.
        let count = unsafe { libc::getgroups(size, self.room.as_mut_ptr()) };
        check(count)?;
        let found = self.room.get_mut(..usize::try_from(count).unwrap_or(0)).unwrap_or(&mut []);
        found.sort_unstable();
        must(*found == *self.groups)
    }
}

/// No capability is left, whatever securebits say, and none of root's ids can be taken again.
fn stay_down() -> io::Result<()> {
    let none = [Sets::default(); 2];
    let mut left = [Sets { effective: 1, permitted: 1, inheritable: 1 }; 2];
    let header = Header { version: VERSION, pid: 0 };
    // SAFETY: live structures of the layout of this version. That it can't be done shows in what is left.
    unsafe {
        libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr());
        check(libc::syscall(libc::SYS_capget, &raw const header, left.as_mut_ptr()))?;
    }
    must(left.iter().all(|sets| sets.effective == 0 && sets.permitted == 0))?;
    // SAFETY: plain calls, which have to fail.
    let is_back = unsafe {
        libc::setuid(0) == 0
            || libc::setresuid(u32::MAX, 0, u32::MAX) == 0
            || libc::geteuid() == 0
            || libc::getuid() == 0
    };
    must(!is_back)
}

fn must(is_so: bool) -> io::Result<()> {
    if is_so { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

fn check(answer: impl Into<i64>) -> io::Result<()> {
    if answer.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

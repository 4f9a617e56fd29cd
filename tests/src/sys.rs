//! Thin wrappers of the system calls the tests need.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The error of the last call when `result` is negative.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn c_path(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// Mounts `kind` at `target`.
///
/// # Errors
/// What mount(2) says; EBUSY when it is mounted already.
pub fn mount(source: &str, target: &Path, kind: &str, options: &str) -> io::Result<()> {
    let (source, kind, options) = (CString::new(source)?, CString::new(kind)?, CString::new(options)?);
    let target = c_path(target)?;
    // SAFETY: all five pointers are valid for the call.
    let result =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast()) };
    check(result.into()).map(drop)
}

/// Gives this process and its children mounts of their own.
///
/// # Errors
/// What unshare(2) or mount(2) says.
pub fn own_mounts() -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) }.into())?;
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: the target is a C string; a change of propagation ignores everything else.
    let result =
        unsafe { libc::mount(std::ptr::null(), c"/".as_ptr(), std::ptr::null(), flags, std::ptr::null()) };
    check(result.into()).map(drop)
}

/// Makes `directory` the root of this process.
///
/// # Errors
/// What chroot(2) or chdir(2) says.
pub fn change_root(directory: &Path) -> io::Result<()> {
    let path = c_path(directory)?;
    // SAFETY: the path is a valid C string.
    check(unsafe { libc::chroot(path.as_ptr()) }.into())?;
    std::env::set_current_dir("/")
}

/// Makes `target` show `source`.
///
/// # Errors
/// What mount(2) says.
pub fn bind_mount(source: &Path, target: &Path) -> io::Result<()> {
    let (source, target) = (c_path(source)?, c_path(target)?);
    // SAFETY: the paths are valid C strings; a bind mount ignores type and data.
    let result = unsafe {
        libc::mount(source.as_ptr(), target.as_ptr(), std::ptr::null(), libc::MS_BIND, std::ptr::null())
    };
    check(result.into()).map(drop)
}

/// Undoes a mount.
///
/// # Errors
/// What umount2(2) says.
pub fn unmount(target: &Path) -> io::Result<()> {
    let target = c_path(target)?;
    // SAFETY: the path is a valid C string.
    check(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) }.into()).map(drop)
}

/// Loads a kernel module from an open file.
///
/// # Errors
/// What finit_module(2) says; EEXIST when it is loaded already.
pub fn load_module(file: &std::fs::File, parameters: &str) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    let parameters = CString::new(parameters)?;
    // SAFETY: the descriptor is open and the parameters are a valid C string.
    check(unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), parameters.as_ptr(), 0) })
        .map(drop)
}

/// Swaps on `device`.
///
/// # Errors
/// What swapon(2) says.
pub fn swap_on(device: &Path) -> io::Result<()> {
    let device = c_path(device)?;
    // SAFETY: the path is a valid C string.
    check(unsafe { libc::swapon(device.as_ptr(), 0) }.into()).map(drop)
}

/// Stops swapping on `device`.
///
/// # Errors
/// What swapoff(2) says.
pub fn swap_off(device: &Path) -> io::Result<()> {
    let device = c_path(device)?;
    // SAFETY: the path is a valid C string.
    check(unsafe { libc::swapoff(device.as_ptr()) }.into()).map(drop)
}

/// Sends `signal` to a process, a group (negative) or, as PID 1, to everyone (-1).
///
/// # Errors
/// What kill(2) says.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::kill(pid, signal) }.into()).map(drop)
}

/// Collects one dead child of any kind; `None` when there is none.
#[must_use]
pub fn reap() -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    (pid > 0).then_some((pid, status))
}

/// Turns the machine off.
pub fn power_off() -> ! {
    // SAFETY: no memory is involved.
    unsafe {
        libc::sync();
        libc::reboot(libc::RB_POWER_OFF);
    }
    // PID 1 must not return: the kernel would panic.
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

/// Sets the name of this thread, bytes as they are, cut to 15 by the kernel.
///
/// # Errors
/// When the name holds a NUL.
pub fn set_comm(name: &[u8]) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: PR_SET_NAME copies at most 16 bytes of a valid C string.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) }.into()).map(drop)
}

/// Lets the calling thread run before all ordinary ones, so that its own waiting is not measured.
///
/// # Errors
/// What sched_setscheduler(2) says.
pub fn run_first() -> io::Result<()> {
    let first = libc::sched_param { sched_priority: 1 };
    // SAFETY: a valid pointer to a local; 0 is the calling thread.
    let result = unsafe {
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const first)
    };
    check(result.into()).map(drop)
}

/// Dies with the parent, so that a failed scenario leaves nothing running.
///
/// # Errors
/// What prctl(2) says.
pub fn die_with_parent() -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }.into()).map(drop)
}

/// Becomes another user.
///
/// # Errors
/// What setuid(2) says.
pub fn set_uid(uid: u32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::setuid(uid) }.into()).map(drop)
}

/// Binds the memory of this task to the NUMA nodes of `mask`.
///
/// # Errors
/// What set_mempolicy(2) says.
pub fn bind_nodes(mask: u64) -> io::Result<()> {
    // SAFETY: the mask outlives the call; 64 bits are announced and present (the kernel reads one bit less than told).
    check(unsafe { libc::syscall(libc::SYS_set_mempolicy, libc::MPOL_BIND, &raw const mask, 65) }).map(drop)
}

/// Nanoseconds since boot, suspend included: the clock of oomtrace's records.
#[must_use]
pub fn boottime_ns() -> u64 {
    clock_ns(libc::CLOCK_BOOTTIME)
}

/// Nanoseconds since boot without those asleep.
#[must_use]
pub fn monotonic_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` outlives the call.
    unsafe { libc::clock_gettime(clock, &raw mut now) };
    u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap_or_default()
}

/// This thread's id.
#[must_use]
pub fn thread_id() -> u32 {
    // SAFETY: no memory is involved; thread ids are positive and small.
    u32::try_from(unsafe { libc::syscall(libc::SYS_gettid) }).unwrap_or_default()
}

/// Bytes of a page.
#[must_use]
pub fn page_size() -> u64 {
    // SAFETY: no memory is involved.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// CPUs the kernel may ever have: the per-CPU counters have a part for each.
#[must_use]
pub fn possible_cpus() -> u64 {
    // SAFETY: no memory is involved.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) }).unwrap_or(1)
}

/// True for root.
#[must_use]
pub fn is_root() -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::geteuid() == 0 }
}

/// Major and minor of the running kernel.
#[must_use]
pub fn kernel_version() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    version_of(&release)
}

/// Major and minor of a release such as `6.12.107+deb13-cloud-amd64`.
#[must_use]
pub fn version_of(release: &str) -> (u32, u32) {
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// State of process `pid`'s first thread, as in `ps`; none once it is gone.
#[must_use]
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn reads_releases() {
        assert_eq!(version_of("6.12.107+deb13-cloud-amd64\n"), (6, 12));
        assert_eq!(version_of("7.0"), (7, 0));
        assert_eq!(version_of(""), (0, 0));
    }
}

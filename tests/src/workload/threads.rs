//! Very many threads of one process, which do nothing, while the first one may take memory.

use anyhow::{Result, bail};

/// Bytes of a thread's stack: it makes one system call.
const STACK: usize = 1024;
const FLAGS: libc::c_int = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM;

/// `sizes` = how many, and what the first one takes then, in steps. They are made past the C library, whose threads have larger stacks and mappings of their own.
pub(super) fn run(sizes: &[usize]) -> Result<i32> {
    let [count, sizes @ ..] = sizes else { bail!("threads COUNT [BYTES]...") };
    let stacks = super::anon::map(count * STACK, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    for at in 1..=*count {
        // SAFETY: each thread has its part of the mapping, which stays; it calls nothing that needs what the C library
        // would have set up for it.
        let id = unsafe { libc::clone(rest, stacks.add(at * STACK).cast(), FLAGS, std::ptr::null_mut()) };
        if id < 0 {
            bail!("can't make thread {at}: {}", std::io::Error::last_os_error());
        }
    }
    super::ready();
    if !sizes.is_empty() {
        super::wait();
    }
    super::steps(sizes, |size| super::anon::touch(size).map(drop))
}

extern "C" fn rest(_: *mut libc::c_void) -> libc::c_int {
    loop {
        let none = std::ptr::null::<libc::c_void>();
        // SAFETY: no descriptor, no time, no mask: it waits for ever.
        unsafe { libc::syscall(libc::SYS_ppoll, none, 0, none, none, 0) };
    }
}

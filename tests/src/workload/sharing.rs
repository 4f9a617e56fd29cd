//! Tasks that share memory in unusual ways.

use std::sync::mpsc;

use anyhow::{Result, bail};

use super::anon::touch;
use super::{hold, ready, say, wait};
use crate::sys;

/// Bytes of the other process's stack.
const STACK: usize = 64 << 10;

/// A second process (not a thread) on the same memory; says its pid, then takes the steps.
pub(super) fn share_mm(sizes: &[usize]) -> Result<i32> {
    let stack = touch(STACK)?;
    // SAFETY: the stack is mapped, STACK bytes long and used by nobody else; the function only sleeps.
    let pid = unsafe {
        libc::clone(sleep, stack.add(STACK).cast(), libc::CLONE_VM | libc::SIGCHLD, std::ptr::null_mut())
    };
    if pid < 0 {
        bail!("can't clone: {}", std::io::Error::last_os_error());
    }
    say(&pid.to_string());
    super::steps(sizes, |size| touch(size).map(drop))
}

/// Calls nothing that keeps state in the shared memory.
extern "C" fn sleep(_: *mut libc::c_void) -> i32 {
    loop {
        // SAFETY: no memory is involved.
        unsafe { libc::pause() };
    }
}

/// The leader exits, a thread (whose id is said) stays and takes the steps.
pub(super) fn leader_exit(sizes: &[usize]) -> Result<i32> {
    let sizes = sizes.to_vec();
    let (started, start) = mpsc::channel();
    std::thread::Builder::new().name("survivor".into()).spawn(move || {
        let _ = started.send(());
        say(&sys::thread_id().to_string());
        ready();
        wait();
        for size in sizes {
            if touch(size).is_err() {
                break;
            }
        }
        hold();
    })?;
    start.recv()?;
    // SAFETY: ends this thread alone, which owns nothing the other one uses: its stack stays mapped.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    Ok(0)
}

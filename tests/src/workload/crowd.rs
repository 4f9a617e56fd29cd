//! Many processes that do nothing.

use anyhow::{Result, bail};

/// `sizes` = how many; they end with this one.
pub(super) fn run(sizes: &[usize]) -> Result<i32> {
    let [count] = *sizes else { bail!("crowd COUNT") };
    for _ in 0..count {
        // SAFETY: this process has one thread, so the child may go on using everything.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // A parent that is gone by now would not be noticed any more.
            if crate::sys::die_with_parent().is_err() {
                // SAFETY: ends the child without running what is the parent's to run.
                unsafe { libc::_exit(1) };
            }
            super::hold();
        }
        if pid < 0 {
            bail!("can't fork: {}", std::io::Error::last_os_error());
        }
    }
    super::ready();
    super::hold();
}

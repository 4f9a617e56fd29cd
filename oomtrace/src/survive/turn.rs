//! When the tracer's threads get a CPU.

/// Lets the calling thread run before all ordinary ones, with the lowest of the real-time priorities.
///
/// A machine that runs out of memory is often busy as well, and a victim is gone 1 to 4 ms after its SIGKILL: a thread
/// that waits its turn comes too late. Threads and programs that are started later do not inherit it. Without
/// `CAP_SYS_NICE` (or a real-time share of the cgroup) nothing changes, and reports of a busy machine come later.
pub fn run_first() {
    let first = libc::sched_param { sched_priority: 1 };
    // SAFETY: a valid pointer to a local; 0 is the calling thread.
    let failed =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &raw const first) }
            != 0;
    if failed {
        let error = std::io::Error::last_os_error();
        log::info!(
            "no real-time priority ({error}): while the machine is busy, reports may be late; CAP_SYS_NICE would \
             give it: {}",
            crate::kernel::grant::setcap()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::run_first;

    fn policy() -> i32 {
        // SAFETY: no pointers involved.
        unsafe { libc::sched_getscheduler(0) }
    }

    #[test]
    fn only_the_thread_itself_comes_first() {
        let before = policy();
        let (own, child) = std::thread::spawn(|| {
            run_first();
            (policy(), std::thread::spawn(policy).join().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(child, libc::SCHED_OTHER);
        assert!([before, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK].contains(&own), "{own:#x}");
        assert_eq!(policy(), before);
    }
}

//! Work whose time is measured: counting, or starting programs. Each prints how long it took, as JSON.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

/// Counts: nothing but the CPU.
pub(super) fn spin(arguments: &[usize]) -> Result<i32> {
    let count = *arguments.first().context("how often?")?;
    timed(|| {
        let mut value = 1u64;
        for n in 0..count {
            value =
                std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n as u64));
        }
        Ok(())
    })
}

/// Starts /bin/true so many times, one after the other: fork, exec, exit.
pub(super) fn forks(arguments: &[usize]) -> Result<i32> {
    let count = *arguments.first().context("how often?")?;
    timed(|| {
        for _ in 0..count {
            ensure!(Command::new("/bin/true").status()?.success(), "/bin/true failed");
        }
        Ok(())
    })
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<i32> {
    let begin = Instant::now();
    work()?;
    let wall = begin.elapsed().as_nanos();
    println!(
        "{{\"wall_ns\":{wall},\"cpu_ns\":{}}}",
        cpu_ns(libc::RUSAGE_SELF) + cpu_ns(libc::RUSAGE_CHILDREN)
    );
    Ok(0)
}

/// User and system time of this process, or of its children that have ended.
fn cpu_ns(who: libc::c_int) -> u64 {
    // SAFETY: numbers only, for which zeroes are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` has room for the answer.
    unsafe { libc::getrusage(who, &raw mut usage) };
    let ns = |time: libc::timeval| {
        u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
            + u64::try_from(time.tv_usec).unwrap_or(0) * 1000
    };
    ns(usage.ru_utime) + ns(usage.ru_stime)
}

//! Whether a program that touches pages gets slower while oomtrace runs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::subject::{Kind, Subject};

const PATIENCE: Duration = Duration::from_secs(60);
/// It has settled by then.
const SETTLE: Duration = Duration::from_secs(1);
/// Memory of a pass.
const SIZE: usize = 16 << 20;
const PAGE: usize = 4096;

/// Rounds of `passes` without it, with it, and again without it, in one run: ns of CPU time per page.
pub(super) fn measure(tracer: &Path, rounds: usize, passes: usize) -> Result<()> {
    let (mut bare, mut difference, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let before = group(passes)?;
        let mut command = Command::new(tracer);
        let mut subject =
            Subject::start(Kind::Oomtrace, command.args(["trace", "--json"]), Path::new("/dev/null"))?;
        subject.ready(PATIENCE)?;
        std::thread::sleep(SETTLE);
        let with = group(passes)?;
        subject.finish(PATIENCE)?;
        let after = group(passes)?;
        bare.push(before.midpoint(after));
        difference.push(with - before.midpoint(after));
        nothing.push(after - before);
    }
    println!("ns per touched page, {rounds} rounds of 3 times {passes} passes over {} pages:", SIZE / PAGE);
    for (what, values) in
        [("without", &mut bare), ("more with it", &mut difference), ("null test", &mut nothing)]
    {
        println!("  {what:<13} {}", quartiles(values));
    }
    super::sampling::said(tracer, &["sample", "--hook-cost", "20"])
}

/// Median and the two quartiles.
fn quartiles(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let at = |quarter: usize| values.get((values.len() - 1) * quarter / 4).copied().unwrap_or(f64::NAN);
    format!("{:.1} [{:.1}, {:.1}]", at(2), at(1), at(3))
}

/// The 20th percentile of the passes: what disturbs them only makes them longer.
fn group(passes: usize) -> Result<f64> {
    let mut times = (0..passes).map(|_| pass()).collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    Ok(times[passes / 5])
}

/// Maps, touches each page, and gives all back.
fn pass() -> Result<f64> {
    let begin = cpu_ns();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let memory =
        unsafe { libc::mmap(std::ptr::null_mut(), SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if memory == libc::MAP_FAILED {
        bail!("no memory to touch: {}", std::io::Error::last_os_error());
    }
    // SAFETY: our own mapping; huge pages would be one fault for 512 pages.
    unsafe { libc::madvise(memory, SIZE, libc::MADV_NOHUGEPAGE) };
    for offset in (0..SIZE).step_by(PAGE) {
        // SAFETY: inside the mapping.
        unsafe { memory.cast::<u8>().add(offset).write_volatile(1) };
    }
    // SAFETY: our own mapping, to which no reference is left.
    unsafe { libc::munmap(memory, SIZE) };
    let ns = Duration::from_nanos(cpu_ns() - begin).as_secs_f64() * 1e9;
    Ok(ns / f64::from(u32::try_from(SIZE / PAGE)?))
}

fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` has room for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

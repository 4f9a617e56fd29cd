//! What a pass costs on this machine.

use serde_json::{Value, json};

use crate::sample::Source;

/// Times passes by this thread's CPU clock, in ns; the first, which opens files, apart.
pub(super) fn measure(source: &mut dyn Source, passes: u32) -> Value {
    let (mut processes, mut cgroups) = (Vec::new(), Vec::new());
    let of_processes = timed(passes, || {
        source.processes(&mut processes);
    });
    let of_cgroups = timed(passes, || {
        source.cgroups(false, &mut cgroups);
    });
    let threads: u64 = processes.iter().map(|p| u64::from(p.threads)).sum();
    let largest = cgroups.len().min(32);
    cgroups.sort_by_key(|c| std::cmp::Reverse(c.usage));
    let of_parts = timed(passes, || source.parts(&mut cgroups[..largest]));
    json!({
        "source": source.kind(),
        "processes": { "count": processes.len(), "threads": threads, "pass_ns": of_processes },
        "cgroups": { "count": cgroups.len(), "pass_ns": of_cgroups },
        "parts": { "count": largest, "pass_ns": of_parts },
        "notes": source.notes(),
    })
}

/// CPU time of the first and of the following passes: their lowest, their 20th percentile and their median.
fn timed(passes: u32, mut pass: impl FnMut()) -> Value {
    let mut once = || {
        let begin = cpu_ns();
        pass();
        cpu_ns() - begin
    };
    let first = once();
    let mut times: Vec<u64> = (0..passes.max(1)).map(|_| once()).collect();
    times.sort_unstable();
    json!({ "first": first, "min": times[0], "p20": times[times.len() / 5], "median": times[times.len() / 2] })
}

/// CPU time of this thread, ns.
pub(super) fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` has room for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

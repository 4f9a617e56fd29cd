//! A fuzzer that needs no special compiler: seeded mutations of all that is recorded here, through every parser of logs.
//!
//! `OOMTRACE_FUZZ_SECONDS=3600 cargo test --profile fuzz -p oomtrace --lib klog::tests::fuzz -- --nocapture` goes on for as long;
//! `OOMTRACE_FUZZ_SEED` begins elsewhere, `OOMTRACE_FUZZ_CASE` takes one case alone. Without them it is a short run.
//! An execution is one call of one parser with one input. What must hold: no panic, no overflow (the profile checks), no
//! end of the memory, no case that lasts, and no victim whose id does not stand in the input.

mod calls;
mod counts;
mod mutate;
mod seeds;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::counts::Counts;
use self::mutate::Mutator;
use self::seeds::Seeds;

/// Cases of the short run.
const SHORT: u64 = 3_000;
/// Of so many cases one is a whole log; the others are lines.
const LOGS: u64 = 64;
/// A case that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);
/// Most memory that the process may have had, in KiB.
const MEMORY_KIB: u64 = 1 << 20;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Names the case when it panics.
struct Case(u64);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was OOMTRACE_FUZZ_CASE={}", self.0);
        }
    }
}

/// Ends the process when a case hangs.
fn watch(now: &Arc<AtomicU64>) {
    let now = Arc::clone(now);
    std::thread::spawn(move || {
        let mut last = (0, Instant::now());
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let case = now.load(Ordering::Relaxed);
            if case != last.0 {
                last = (case, Instant::now());
            } else if last.1.elapsed() > LONGEST {
                eprintln!("OOMTRACE_FUZZ_CASE={case} hangs");
                std::process::abort();
            }
        }
    });
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn case(number: u64, seeds: &Seeds, counts: &mut Counts) {
    let _case = Case(number);
    let mut mutator = Mutator::new(number, seeds);
    if number.is_multiple_of(LOGS) {
        calls::log(&mutator.log(), counts);
    } else {
        calls::line(&mutator.line(), counts);
    }
}

#[test]
fn mutations_of_all_that_is_recorded() {
    let seeds = Seeds::new();
    let mut counts = Counts::default();
    if let Some(number) = variable("OOMTRACE_FUZZ_CASE") {
        return case(number, &seeds, &mut counts);
    }
    let first = variable("OOMTRACE_FUZZ_SEED").unwrap_or(0) << 40;
    let time = variable("OOMTRACE_FUZZ_SECONDS").map(Duration::from_secs);
    let now = Arc::new(AtomicU64::new(first));
    watch(&now);
    let (began, mut told) = (Instant::now(), Instant::now());
    for number in first.. {
        now.store(number, Ordering::Relaxed);
        case(number, &seeds, &mut counts);
        let over = time.map_or(number - first >= SHORT, |time| began.elapsed() > time);
        if over || (time.is_some() && told.elapsed() > Duration::from_secs(60)) {
            told = Instant::now();
            println!(
                "{} s, {} cases, peak {} KiB: {counts}",
                began.elapsed().as_secs(),
                number - first + 1,
                peak_kib()
            );
            assert!(peak_kib() < MEMORY_KIB, "{} KiB", peak_kib());
        }
        if over {
            break;
        }
    }
    assert!(counts.all_were_called(), "{counts}");
    assert!(counts.victims > 0, "no mutation kept a victim");
}

//! Putting the machine to sleep.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::sys;

const STATE: &str = "/sys/power/state";
const MEM_SLEEP: &str = "/sys/power/mem_sleep";
const ALARM: &str = "/sys/class/rtc/rtc0/wakealarm";
/// Longer than all clocks may differ, and than samples are apart.
const ASLEEP: Duration = Duration::from_secs(8);

/// What is missing for sleeping to RAM (S3) and being woken by the clock; `None` for nothing.
pub(super) fn lacks() -> Option<String> {
    let offers = |file: &str, word: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split_whitespace().any(|offered| offered.trim_matches(['[', ']']) == word)
    };
    // S2idle (`freeze`) is none: QEMU's clock does not wake an x86 machine from that.
    for (file, word) in [(STATE, "mem"), (MEM_SLEEP, "deep")] {
        if !offers(file, word) {
            return Some(format!("the machine can't sleep to RAM: {file} does not offer {word}"));
        }
    }
    (!Path::new(ALARM).exists()).then(|| format!("no clock could wake the machine: no {ALARM}"))
}

/// Sleeps; returns when the machine is awake again.
///
/// # Errors
/// When it can't sleep, or did not.
pub(super) fn sleep() -> Result<Nap> {
    fs::write(MEM_SLEEP, "deep").context("can't choose how to sleep")?;
    // An alarm that was set before has to be taken back first.
    let _ = fs::write(ALARM, "0");
    fs::write(ALARM, format!("+{}", ASLEEP.as_secs())).context("can't set the alarm")?;
    let (began_ns, before) = (sys::boottime_ns(), slept_ns());
    fs::write(STATE, "mem").with_context(|| format!("can't write mem to {STATE}"))?;
    let for_ns = slept_ns().saturating_sub(before);
    let least = u64::try_from(ASLEEP.as_nanos() / 2)?;
    ensure!(for_ns > least, "the machine slept for {} ms only", for_ns / 1_000_000);
    Ok(Nap { began_ns, for_ns })
}

/// How long the machine has slept since boot.
fn slept_ns() -> u64 {
    let awake = sys::monotonic_ns();
    sys::boottime_ns().saturating_sub(awake)
}

/// One time asleep, on `CLOCK_BOOTTIME`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nap {
    began_ns: u64,
    pub(super) for_ns: u64,
}

impl Nap {
    /// The machine was not awake again before that.
    pub(super) fn over_ns(self) -> u64 {
        self.began_ns + self.for_ns
    }
}

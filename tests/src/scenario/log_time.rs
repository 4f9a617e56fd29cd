//! Times of the kernel's log on the clock of the records: printk's own clock may stand still while the machine sleeps.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::kmsg::Line;
use crate::sys;

const MARK: &str = "oomtrace-tests: a moment that is known by both clocks";
/// Of the line that is written right after the SIGKILL.
pub(super) const KILLED: &str = ": Killed process ";
/// Two processors' views of printk's clock may differ by a tick.
const TICK_NS: u64 = 10_000_000;

/// A moment on both clocks.
pub(super) struct Clock {
    earliest_ns: u64,
    latest_ns: u64,
}

impl Clock {
    /// Puts a line into the log, now.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn mark() -> Result<Self> {
        let earliest_ns = sys::boottime_ns();
        fs::write("/dev/kmsg", format!("{MARK}\n")).context("can't write to the kernel's log")?;
        Ok(Self { earliest_ns, latest_ns: sys::boottime_ns() })
    }

    /// When the first line with these words was written at the latest, in ns since boot.
    ///
    /// # Errors
    /// When the log lacks it.
    pub(super) fn latest_of(&self, log: &[Line], words: &str) -> Result<i128> {
        Ok(i128::from(self.latest_ns + TICK_NS) + since_mark(log, words)?)
    }

    /// The kill lies between the first and the last line of the kernel's report, give or take `slack_ns`.
    ///
    /// # Errors
    /// When the log lacks the lines.
    pub(super) fn compare(
        &self,
        record: &Value,
        log: &[Line],
        slack_ns: u64,
        findings: &mut Vec<String>,
    ) -> Result<()> {
        let slack = i128::from(slack_ns);
        let earliest =
            i128::from(self.earliest_ns - TICK_NS) + since_mark(log, " invoked oom-killer")? - slack;
        let latest = self.latest_of(log, KILLED)? + slack;
        let ours = record["boottime_ns"].as_u64().map(i128::from);
        if ours.is_none_or(|ours| !(earliest..=latest).contains(&ours)) {
            findings.push(format!("boottime_ns: record {ours:?}, kernel {earliest} to {latest}"));
        }
        Ok(())
    }
}

/// Time from the mark to the first line with these words, in ns by printk's clock.
fn since_mark(log: &[Line], words: &str) -> Result<i128> {
    let time = |words: &str| {
        let has = |line: &&Line| line.text.windows(words.len()).any(|part| part == words.as_bytes());
        let line = log.iter().find(has).with_context(|| format!("the log lacks {words:?}"))?;
        Ok::<_, anyhow::Error>(i128::from(line.time_us) * 1000)
    };
    Ok(time(words)? - time(MARK)?)
}

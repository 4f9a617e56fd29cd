//! Its options.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::command::options::{RING_SIZE, Redact};
use crate::filter::Filter;
use crate::trace::Settings;
use crate::words::size;

/// Time between samples, unless asked otherwise.
const EVERY: &str = "1s";

/// Options of `record`.
#[derive(Clone, Debug, Default, Args)]
pub struct RecordArgs {
    /// Recording to write; read it with `oomtrace report FILE`. Its journal, FILE.journal, is removed at the end
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Stop after this long, e.g. 90s, 15m, 2h
    #[arg(long, value_name = "TIME", value_parser = size::duration)]
    pub duration: Option<Duration>,
    /// Stop after this many reported kills
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Flight-recorder mode: preallocate a file of SIZE and overwrite the oldest records
    #[arg(long, value_name = "SIZE", value_parser = crate::words::bytes::parse)]
    pub max_size: Option<u64>,
    /// Flight-recorder mode that keeps the samples of the last TIME, e.g. 5m; the file's size, at least 12 MiB, follows from
    /// that unless --max-size names it
    #[arg(long, value_name = "TIME", value_parser = size::duration)]
    pub pre_trigger: Option<Duration>,
    /// Compress with gzip; flushed after each kill, so that the file can be read at any time
    #[arg(long, conflicts_with_all = ["max_size", "pre_trigger"])]
    pub compress: bool,
    /// Record only kills, no memory samples
    #[arg(long)]
    pub no_samples: bool,
    /// Time between samples of the machine and of its largest cgroups and processes
    #[arg(long, value_name = "TIME", default_value = EVERY, value_parser = size::duration)]
    pub every: Duration,
    /// What to hide in command lines; the environment is never recorded
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub redact: Redact,
    /// Print no messages and no summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Print more to standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Size of the ring buffer between kernel and user space
    #[arg(long, value_name = "SIZE", default_value = RING_SIZE, value_parser = size::bytes, help_heading = "Kernel")]
    pub ring_size: u32,
    /// Read the kernel's type information (BTF) from FILE instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE", help_heading = "Kernel")]
    pub btf: Option<PathBuf>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
    /// Which kills to record
    #[command(flatten)]
    pub filter: Filter,
}

/// A kill with its history takes about this much.
const KILLS: u64 = 12 << 20;
/// A sample takes at most about this much: 24 cgroups and 16 processes with paths as long as those of Kubernetes, in blocks of
/// 4 KiB.
const SAMPLE: u64 = 12 << 10;
/// A flight recorder is not smaller.
const SIZE_MIN: u64 = 1 << 20;

impl RecordArgs {
    /// Time between samples; `None` for none.
    pub(super) fn every(&self) -> Option<Duration> {
        Some(self.every).filter(|every| !every.is_zero() && !self.no_samples)
    }

    /// Bytes of the flight recorder's file; `None` where the file may grow.
    pub(super) fn ring_bytes(&self) -> Option<u64> {
        let samples = self.pre_trigger.map(|time| {
            let every = self.every().map_or(1, |every| every.as_millis().max(1));
            let count = u64::try_from(time.as_millis() / every).unwrap_or(u64::MAX).saturating_add(1);
            // The samples' ring is a quarter of the file.
            KILLS.max(count.saturating_mul(SAMPLE).saturating_mul(4))
        });
        self.max_size.or(samples).map(|bytes| bytes.max(SIZE_MIN))
    }

    /// What the engine is to do.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            duration: self.duration,
            count: self.count,
            hides_secrets: self.redact.hides(),
            for_reader: true,
            debug: self.verbose > 1,
            ring_size: self.ring_size,
            btf: self.btf.clone(),
            without_probe: self.without_probe.clone(),
            filter: self.filter.clone(),
            ..Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(pre_trigger: u64, every: u64, max_size: Option<u64>) -> Option<u64> {
        let pre_trigger = Some(Duration::from_secs(pre_trigger)).filter(|time| !time.is_zero());
        let every = Duration::from_millis(every);
        RecordArgs { pre_trigger, every, max_size, ..RecordArgs::default() }.ring_bytes()
    }

    #[test]
    fn the_size_is_that_of_the_samples_asked_for() {
        assert_eq!(bytes(0, 1000, None), None);
        assert_eq!(bytes(5, 1000, None), Some(KILLS), "kills need their room");
        assert_eq!(bytes(3600, 1000, None), Some(3601 * SAMPLE * 4));
        assert_eq!(bytes(360, 100, None), Some(3601 * SAMPLE * 4));
        assert_eq!(bytes(3600, 1000, Some(64 << 20)), Some(64 << 20), "a size that is named counts");
        assert_eq!(bytes(0, 1000, Some(7)), Some(SIZE_MIN));
    }
}

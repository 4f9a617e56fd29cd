//! Its options.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::target::Target;
use crate::command::{cli::Format, terminal::ColorChoice};
use crate::words::size;

/// Options of `why`.
#[derive(Clone, Debug, Args)]
pub struct WhyArgs {
    /// A process id; a name, of the process, its executable, unit or container; the path of a cgroup; or the beginning of a
    /// container's id, 12 digits or more
    #[arg(value_name = "PID|NAME|CGROUP|CONTAINER", value_parser = Target::parse)]
    pub target: Target,
    /// What `record`, `run` or `trace --json` has written, also compressed; repeatable
    #[arg(long, value_name = "FILE")]
    pub evidence: Vec<PathBuf>,
    /// A kernel log, oldest first, as `explain` reads it; repeatable
    #[arg(long = "log", value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// Ask this machine as well: its kernel log, counters and processes. Without files, and when evidence is of its present
    /// boot, it is asked anyway
    #[arg(long)]
    pub here: bool,
    /// Only deaths since then: a time ago (90s, 15m, 2h, 3d), a date, or a time like 2026-11-23T14:03:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Timestamp>,
    /// Zone of the times in the logs, where they do not say: UTC, local, or a name like Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// How to write answers
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// The same as --format ndjson
    #[arg(long)]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Colours in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

impl WhyArgs {
    /// True when answers are to be JSON.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        self.json || self.format == Format::Ndjson
    }
}

/// The time that `--since` names.
fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Some(date) = text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        return date.to_zoned(TimeZone::UTC).map(|day| day.timestamp()).map_err(|error| error.to_string());
    }
    let ago = match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) => Some(Duration::from_secs(86_400) * days),
        _ => size::duration(text).ok(),
    };
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok()).ok_or_else(|| {
        format!("{text:?} is no time: give e.g. 90s, 15m, 2h, 3d, 2026-11-23 or 2026-11-23T14:03:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_times_ago() {
        assert_eq!(since("2026-11-23T14:03:00Z").unwrap().to_string(), "2026-11-23T14:03:00Z");
        assert_eq!(since("2026-11-23").unwrap().to_string(), "2026-11-23T00:00:00Z");
        let ago = |text: &str| {
            let time = since(text).unwrap();
            Timestamp::now().duration_since(time).as_secs()
        };
        assert!((7200..7260).contains(&ago("2h")));
        assert!((259_200..259_260).contains(&ago("3d")));
        for wrong in ["", "yesterday", "d", "-1d", "99999999999d"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}

//! The settings in force.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::partial::Partial;
use super::values::{Fsync, Redaction};
use crate::agent::rules::{Rule, defaults};
use crate::agent::sinks::Sink;

/// Where the spool is, unless asked otherwise.
pub const STATE_DIR: &str = "/var/lib/oomtrace";
const SPOOL_MAX_SIZE: u64 = 64 << 20;
/// A smaller spool would not hold a few kills with their history.
const SPOOL_LEAST: u64 = 4 << 20;
const SPOOL_MAX_AGE: Duration = Duration::from_secs(90 * 86_400);
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
const RING_SIZE: u32 = 1 << 20;
const RING_MOST: u64 = 1 << 30;
/// Samples that are further apart show no growth.
const SAMPLE_MOST: Duration = Duration::from_secs(60);

/// All settings, with defaults where nothing was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the spool is.
    pub state_dir: PathBuf,
    /// Bytes that the spool's file may take.
    pub spool_max_size: u64,
    /// How long records are kept.
    pub spool_max_age: Duration,
    /// When the spool is brought to the disk.
    pub fsync: Fsync,
    /// Time between samples of cgroups and the machine.
    pub sample_interval: Duration,
    /// Bytes of the ring buffer.
    pub ring_size: u32,
    /// What to hide in command lines.
    pub redact: Redaction,
    /// Labels of this machine.
    pub labels: BTreeMap<String, String>,
    /// Where to serve metrics; nothing listens without.
    pub metrics_listen: Option<SocketAddr>,
    /// Directory of the metrics' file.
    pub textfile: Option<PathBuf>,
    /// All rules, those that are built in first.
    pub rules: Vec<Rule>,
    /// Where kills and alerts go.
    pub sinks: Vec<Sink>,
}

impl Settings {
    /// Fills in the defaults.
    ///
    /// # Errors
    /// A value that is out of range; names the key.
    pub fn of(partial: Partial) -> Result<Self, String> {
        let size = partial.spool_max_size.map_or(SPOOL_MAX_SIZE, |size| size.value);
        if size < SPOOL_LEAST {
            return Err(format!("spool_max_size: {size} bytes are too few, the least is 4M"));
        }
        let ring = partial.ring_size.map_or(u64::from(RING_SIZE), |size| size.value);
        let ring_size = u32::try_from(ring).ok().filter(|ring| (1..=RING_MOST).contains(&u64::from(*ring)));
        let sample_interval = partial.sample_interval.map_or(SAMPLE_INTERVAL, |span| span.value);
        if sample_interval > SAMPLE_MOST {
            return Err("sample_interval: at most 60s, or no growth is seen before a kill".to_owned());
        }
        let mut rules = if partial.default_rules.unwrap_or(true) { defaults() } else { Vec::new() };
        rules.extend(partial.rules.unwrap_or_default());
        let sinks = partial.sinks.unwrap_or_default();
        twice("rules", rules.iter().map(|rule| rule.name.as_str()))?;
        twice("sinks", sinks.iter().map(Sink::name))?;
        Ok(Self {
            state_dir: partial.state_dir.unwrap_or_else(|| STATE_DIR.into()),
            spool_max_size: size,
            spool_max_age: partial.spool_max_age.map_or(SPOOL_MAX_AGE, |span| span.value),
            fsync: partial.fsync.unwrap_or_default(),
            sample_interval,
            ring_size: ring_size.ok_or("ring_size: at least 1 byte and at most 1G")?,
            redact: partial.redact.unwrap_or_default(),
            labels: partial.labels.unwrap_or_default(),
            metrics_listen: partial.metrics_listen.map(|address| address.value),
            textfile: partial.textfile,
            rules,
            sinks,
        })
    }

    /// Keys that differ and that a running agent can't take over.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        let differs = [
            ("state_dir", self.state_dir != new.state_dir),
            ("sample_interval", self.sample_interval != new.sample_interval),
            ("ring_size", self.ring_size != new.ring_size),
            ("metrics_listen", self.metrics_listen != new.metrics_listen),
            ("redact", self.redact != new.redact),
        ];
        differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }
}

/// Refuses a name that is there twice.
fn twice<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    let double = names.into_iter().find(|name| !seen.insert(*name));
    double.map_or(Ok(()), |name| {
        Err(format!("{key}: the name {name:?} is there twice; names tell alerts and queues apart"))
    })
}

//! What one source of settings says; what it does not say is absent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::agent::metrics::Address;
use crate::agent::rules::Rule;
use crate::agent::sinks::Sink;

use super::values::{Fsync, Redaction, Size, Span};

/// The keys of the file. Each is also a flag (`--state-dir`) and a variable (`OOMTRACE_STATE_DIR`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// Where the spool is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<PathBuf>,
    /// Bytes that the spool's file may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool_max_size: Option<Size>,
    /// How long records are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool_max_age: Option<Span>,
    /// When the spool is brought to the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsync: Option<Fsync>,
    /// Time between samples of cgroups and the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_interval: Option<Span>,
    /// Size of the ring buffer between kernel and user space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_size: Option<Size>,
    /// What to hide in command lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redact: Option<Redaction>,
    /// Labels of this machine, in every alert and record that leaves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether the rules that are built in hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_rules: Option<bool>,
    /// Where to serve metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<Address>,
    /// Directory of the metrics' file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub textfile: Option<PathBuf>,
    /// Further rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<Rule>>,
    /// Where kills and alerts go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sinks: Option<Vec<Sink>>,
}

impl Partial {
    /// What this one says, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            state_dir: self.state_dir.or(other.state_dir),
            spool_max_size: self.spool_max_size.or(other.spool_max_size),
            spool_max_age: self.spool_max_age.or(other.spool_max_age),
            fsync: self.fsync.or(other.fsync),
            sample_interval: self.sample_interval.or(other.sample_interval),
            ring_size: self.ring_size.or(other.ring_size),
            redact: self.redact.or(other.redact),
            labels: self.labels.or(other.labels),
            default_rules: self.default_rules.or(other.default_rules),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            textfile: self.textfile.or(other.textfile),
            rules: self.rules.or(other.rules),
            sinks: self.sinks.or(other.sinks),
        }
    }
}

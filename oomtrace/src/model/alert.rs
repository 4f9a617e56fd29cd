//! Something that may end in a kill.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CgroupRef, Host, Text};

/// A rule of the agent's that began or ceased to hold (`"type": "alert"`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert {
    /// [`super::SCHEMA`].
    pub schema: String,
    /// Unique on this host and boot; the same when it begins and when it ends.
    pub id: String,
    /// When, RFC 3339 UTC.
    pub time: String,
    /// The same instant on `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// Where.
    pub host: Host,
    /// Whether it begins or ends.
    pub state: AlertState,
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Labels of the machine and of the rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What it is about.
    pub subject: AlertSubject,
    /// What the rule looks at: `usage`, `swap`, `psi_some`, `psi_full`, `growth`, `time_to_limit`, `high_events`, `limit_events`.
    pub metric: String,
    /// Its value, in `unit`.
    pub value: f64,
    /// The rule's threshold, in `unit`.
    pub threshold: f64,
    /// `share`, `bytes`, `bytes_per_second`, `seconds` or `events_per_minute`.
    pub unit: String,
    /// Memory in use that can't be given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_bytes: Option<u64>,
    /// The effective limit: the tightest of the subject's own and those above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// Growth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_bytes_per_s: Option<f64>,
    /// When the limit will be hit at that rate, from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_limit_s: Option<f64>,
    /// The earliest and the latest that the samples allow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_to_limit_range_s: Vec<f64>,
    /// Since when the rule's condition has held, RFC 3339 UTC.
    pub since: String,
    /// All of it in a sentence; names in it are escaped.
    pub summary: String,
}

/// Whether an alert begins or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It begins.
    #[default]
    Firing,
    /// It ends.
    Resolved,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be known.
    Info,
    /// To be looked at.
    #[default]
    Warning,
    /// To be acted on now.
    Critical,
}

/// What an alert is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertSubject {
    /// Its kind.
    pub kind: AlertOn,
    /// The memory cgroup, also that of a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupRef>,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
}

/// Kinds of what an alert is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertOn {
    /// The machine.
    #[default]
    System,
    /// A memory cgroup.
    Cgroup,
    /// A process.
    Process,
}

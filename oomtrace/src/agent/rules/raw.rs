//! A rule as it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::Metric;
use crate::agent::config::Span;
use crate::model::{AlertOn, Severity};

/// The keys of a rule.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) name: String,
    pub(super) on: AlertOn,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub(super) matches: Option<String>,
    pub(super) metric: Metric,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) above: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) below: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clear: Option<String>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub(super) hold: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clear_for: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cooldown: Option<Span>,
    #[serde(default)]
    pub(super) severity: Severity,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: BTreeMap<String, String>,
}

//! The rules that hold unless they are switched off.

use std::time::Duration;

use super::raw::Raw;
use super::rule::{Metric, Rule};
use crate::agent::config::Span;
use crate::model::{AlertOn, Severity};

/// Above 85 % for 5 min, and a limit that will be hit in less than 10 min; of the machine and of every cgroup with a limit.
#[must_use]
pub fn defaults() -> Vec<Rule> {
    let kinds = [(AlertOn::System, "system"), (AlertOn::Cgroup, "cgroup")];
    let raws = kinds.into_iter().flat_map(|(on, word)| [high(on, word), soon(on, word)]);
    // Tests check that each is right.
    raws.filter_map(|raw| Rule::try_from(raw).ok()).collect()
}

fn high(on: AlertOn, word: &str) -> Raw {
    Raw {
        above: Some("85%".to_owned()),
        hold: span("5m"),
        ..raw(&format!("{word}-memory-high"), on, Metric::Usage)
    }
}

fn soon(on: AlertOn, word: &str) -> Raw {
    Raw {
        below: span("10m"),
        // The machine's memory also rises for a minute when nothing leaks, e.g. while a large program is built.
        hold: span(if on == AlertOn::System { "2m" } else { "20s" }),
        severity: Severity::Critical,
        ..raw(&format!("{word}-limit-soon"), on, Metric::TimeToLimit)
    }
}

fn raw(name: &str, on: AlertOn, metric: Metric) -> Raw {
    Raw {
        name: name.to_owned(),
        on,
        matches: None,
        metric,
        above: None,
        below: None,
        clear: None,
        hold: None,
        clear_for: None,
        cooldown: None,
        severity: Severity::Warning,
        labels: std::collections::BTreeMap::new(),
    }
}

fn span(text: &str) -> Option<Span> {
    text.parse().ok().filter(|span: &Span| span.value > Duration::ZERO)
}

//! What is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::{Alert, AlertState, Event, Host, Incident};
use crate::render::brief;
use crate::words::escape;

/// A kill is shown for so long.
const KILL: Duration = Duration::from_secs(900);
/// An alert whose end does not arrive ends then.
const ALERT: Duration = Duration::from_secs(86_400);

/// A line for people.
#[must_use]
pub fn slack(event: &Event) -> Value {
    json!({ "text": text(event) })
}

fn text(event: &Event) -> String {
    match event {
        Event::OomKill(kill) => {
            let lines = brief::lines(kill).join("\n");
            format!("*{}* on {}\n{}", plain(&brief::title(kill)), plain(&kill.host.name), plain(&lines))
        }
        Event::Alert(alert) => {
            let word = if alert.state == AlertState::Firing { "ALERT" } else { "resolved" };
            format!(
                "*{word}* {} on {}: {}",
                plain(&alert.rule),
                plain(&alert.host.name),
                plain(&alert.summary)
            )
        }
        Event::Lost(lost) => {
            format!("{} kills and {} records lost: {}", lost.kills, lost.records, plain(&lost.why))
        }
        _ => String::new(),
    }
}

/// What Slack would take for a mention or a link is none.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `POST /api/v2/alerts`.
#[must_use]
pub fn alertmanager(event: &Event, labels: &BTreeMap<String, String>) -> Value {
    let found = match event {
        Event::OomKill(kill) => kill_alert(kill, labels),
        Event::Alert(alert) => rule_alert(alert),
        Event::Lost(lost) => {
            let labels = with(labels, &Host::default(), "OomtraceLost", "warning");
            let ends = ends(&lost.time, KILL);
            json!({ "labels": labels, "annotations": { "summary": lost.why }, "startsAt": lost.time, "endsAt": ends })
        }
        _ => return json!([]),
    };
    json!([found])
}

fn kill_alert(kill: &Incident, labels: &BTreeMap<String, String>) -> Value {
    let mut labels = with(labels, &kill.host, "OomKill", "critical");
    labels.insert("incident".to_owned(), kill.id.clone());
    if let Some(victim) = kill.victims.first() {
        labels.insert("victim".to_owned(), escape::bytes(victim.comm.as_bytes()).into_owned());
    }
    if let Some(memcg) = &kill.scope.memcg {
        labels.insert("cgroup".to_owned(), escape::bytes(memcg.level.path.as_bytes()).into_owned());
    }
    let annotations = json!({ "summary": brief::title(kill), "description": brief::lines(kill).join("\n") });
    json!({ "labels": labels, "annotations": annotations, "startsAt": kill.time, "endsAt": ends(&kill.time, KILL) })
}

fn rule_alert(alert: &Alert) -> Value {
    let severity = serde_json::to_value(alert.severity).ok();
    let severity = severity.as_ref().and_then(Value::as_str).unwrap_or("warning");
    let mut labels = with(&alert.labels, &alert.host, &alert.rule, severity);
    if let Some(cgroup) = &alert.subject.cgroup {
        labels.insert("cgroup".to_owned(), escape::bytes(cgroup.path.as_bytes()).into_owned());
    }
    if let (Some(pid), Some(comm)) = (alert.subject.pid, &alert.subject.comm) {
        labels.insert("process".to_owned(), escape::bytes(comm.as_bytes()).into_owned());
        labels.insert("pid".to_owned(), pid.to_string());
    }
    let ends = match alert.state {
        AlertState::Firing => ends(&alert.time, ALERT),
        AlertState::Resolved => alert.time.clone(),
    };
    json!({ "labels": labels, "annotations": { "summary": alert.summary }, "startsAt": alert.since, "endsAt": ends })
}

/// Labels that tell this one from others; those of the configuration do not replace them.
fn with(
    labels: &BTreeMap<String, String>,
    host: &Host,
    name: &str,
    severity: &str,
) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        labels.iter().map(|(name, value)| (label(name), value.clone())).collect();
    all.insert("alertname".to_owned(), name.to_owned());
    all.insert("severity".to_owned(), severity.to_owned());
    if !host.name.is_empty() {
        all.insert("instance".to_owned(), host.name.clone());
    }
    all
}

/// A name that Alertmanager takes.
fn label(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn ends(time: &str, after: Duration) -> String {
    let time = time.parse::<Timestamp>().unwrap_or_else(|_| Timestamp::now());
    time.checked_add(after).unwrap_or(time).to_string()
}

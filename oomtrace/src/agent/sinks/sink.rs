//! A sink as it is written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::agent::config::Span;
use crate::model::Event;

/// How long a delivery may take, unless asked otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A sink.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Sink(Raw);

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<What>>,
}

/// How it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The record as JSON by POST.
    Webhook,
    /// A line for people, as Slack's incoming webhooks take it.
    Slack,
    /// Alerts for an Alertmanager.
    Alertmanager,
    /// A program that gets the record as JSON on its standard input.
    Exec,
}

/// What goes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// OOM kills.
    Kills,
    /// Alerts.
    Alerts,
    /// Gaps in what was seen.
    Lost,
}

impl Sink {
    /// Its name, by which its queue is found again.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How it is spoken to.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Where it is; empty for a program.
    #[must_use]
    pub fn url(&self) -> &str {
        self.0.url.as_deref().unwrap_or_default()
    }

    /// The program with its arguments; empty for others.
    #[must_use]
    pub fn command(&self) -> &[String] {
        self.0.command.as_deref().unwrap_or_default()
    }

    /// Headers of each request.
    #[must_use]
    pub fn headers(&self) -> &BTreeMap<String, String> {
        &self.0.headers
    }

    /// Certificates that are trusted instead of the machine's.
    #[must_use]
    pub fn ca_file(&self) -> Option<&PathBuf> {
        self.0.ca_file.as_ref()
    }

    /// How long a delivery may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.0.timeout.as_ref().map_or(TIMEOUT, |span| span.value)
    }

    /// Whether it takes such a record.
    #[must_use]
    pub fn takes(&self, event: &Event) -> bool {
        let what = match event {
            Event::OomKill(_) => What::Kills,
            Event::Alert(_) => What::Alerts,
            Event::Lost(_) => What::Lost,
            _ => return false,
        };
        self.0.events.as_ref().is_none_or(|events| events.contains(&what))
    }
}

impl From<Sink> for Raw {
    fn from(sink: Sink) -> Self {
        sink.0
    }
}

impl TryFrom<Raw> for Sink {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("sink {:?}: {why}", raw.name));
        if raw.name.is_empty() {
            return wrong("it has no name");
        }
        let is_program = raw.kind == Kind::Exec;
        match (&raw.url, &raw.command) {
            (None, Some(command)) if is_program && !command.is_empty() => {
                if !command.first().is_some_and(|program| program.starts_with('/')) {
                    return wrong("the program in command must be a whole path");
                }
            }
            (Some(url), None) if !is_program => {
                if !url.starts_with("http://") && !url.starts_with("https://") {
                    return wrong("url must begin with http:// or https://");
                }
            }
            _ if is_program => {
                return wrong("kind exec needs command = [\"/path/of/program\", ...], and no url");
            }
            _ => return wrong("it needs url, and no command"),
        }
        if is_program && (!raw.headers.is_empty() || raw.ca_file.is_some()) {
            return wrong("headers and ca_file are for those with a url");
        }
        Ok(Self(raw))
    }
}

//! What doctor finds, as `--json` shows it.

use serde::Serialize;

/// How well oomtrace works on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Everything works.
    Ok,
    /// Kills are reported; reports lack something.
    Degraded,
    /// No kill can be reported.
    Unusable,
}

impl Health {
    /// The exit code: 0, 3 or 4.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Degraded => 3,
            Self::Unusable => 4,
        }
    }
}

/// State of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Something is absent that oomtrace can do without.
    Degraded,
    /// Something is absent that hooks need.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// What: "BTF", "CAP_BPF".
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// What was read.
    pub read: String,
    /// What to do about it; absent when nothing needs to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What reports lack because of it; absent when nothing, or when the hooks tell it better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

impl Check {
    /// As it should be.
    pub(super) fn ok(name: &str, read: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: CheckState::Ok, read: read.into(), remedy: None, lacks: None }
    }

    /// Not as it should be.
    pub(super) fn bad(
        state: CheckState,
        name: &str,
        read: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { state, remedy: Some(remedy.into()), ..Self::ok(name, read) }
    }

    /// The same with what reports lack.
    pub(super) fn lacking(self, lacks: impl Into<String>) -> Self {
        Self { lacks: Some(lacks.into()), ..self }
    }
}

/// State of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HookState {
    /// It was attached for a try, and is the one that a trace uses.
    Attached,
    /// It was attached for a try; a trace does not need it.
    Works,
    /// This kernel lacks what it needs.
    Unsupported,
    /// The kernel refused it.
    Refused,
    /// It was left out on the command line.
    SwitchedOff,
    /// It was not tried, because what every hook needs is absent.
    NotTried,
}

/// One way to learn a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hook {
    /// What it would tell: "victim".
    pub fact: &'static str,
    /// As in `source.probes` of a report: "raw_tp:mark_victim".
    pub probe: String,
    /// What became of it.
    pub state: HookState,
    /// The reason in one line, where it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Whether anything tells a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FactState {
    /// "decision", "victim", ...
    pub fact: &'static str,
    /// The hook that tells it; absent when none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// What reports lack; absent when a hook tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<&'static str>,
}

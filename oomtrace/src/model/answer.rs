//! What `oomtrace why` answers (docs/why.md). It is no part of a stream.

use serde::Serialize;

use super::{Confidence, Incident, Sigkill, Text, UserspaceKill};

/// One answer to "what killed it?" (`"type": "answer"`).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "answer")]
pub struct Answer {
    /// [`super::SCHEMA`].
    pub schema: String,
    /// What was asked for.
    pub target: String,
    /// What it comes to.
    pub answer: Cause,
    /// How sure it is, by its best source; absent where nothing can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// When it was killed, RFC 3339 UTC; for `running`, since when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
    /// `not_oom` holds for a death not before this, RFC 3339 UTC; absent when it holds from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `not_oom` holds for a death not after this, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What it rests on, in words.
    pub reasons: Vec<String>,
    /// Who tells it.
    pub sources: Vec<Witness>,
    /// The processes that run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Running>,
    /// The OOM kill, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<Box<Incident>>,
    /// The SIGKILL, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigkill: Option<Box<Sigkill>>,
    /// The kill by a program, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userspace_kill: Option<Box<UserspaceKill>>,
}

/// What killed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The kernel's OOM killer.
    OomKill,
    /// Another sender of SIGKILL.
    Sigkill,
    /// A program that watches memory, by its own log.
    UserspaceKill,
    /// Not the OOM killer: a complete source covers the time and tells of no such kill.
    NotOom,
    /// Nothing: it runs.
    Running,
    /// It can't be told.
    #[default]
    Unknown,
}

/// A source of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Witness {
    /// What it is.
    pub kind: WitnessKind,
    /// File, or what else was read.
    pub name: Text,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// Kinds of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WitnessKind {
    /// A stream of oomtrace.
    #[default]
    Evidence,
    /// The kernel's log.
    KernelLog,
    /// A program's own log.
    ProgramLog,
    /// A counter of the kernel.
    Counter,
    /// /proc.
    ProcessTable,
}

/// A process that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Running {
    /// Process id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
    /// Since when, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
}

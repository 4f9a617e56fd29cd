//! Lines of a log about memory that are no report of the kernel's OOM killer.

use serde::{Deserialize, Serialize};

use super::Text;

/// Lines of one kind, counted, with the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sign {
    /// `page_allocation_failure`, `kubelet_system_oom`, `jvm_heap`, ...; more are added.
    pub kind: String,
    /// What such a line says about a kill.
    pub meaning: SignMeaning,
    /// What it means, for a person.
    pub what: String,
    /// What the first line says about it: the size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Lines.
    pub count: u64,
    /// The log with the first line.
    pub log: Text,
    /// Its number there, from 1; left out where lines have none.
    #[serde(default, skip_serializing_if = "super::incident::is_zero")]
    pub line: u64,
    /// Its time, as it stands in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Its text, cut after 300 bytes.
    pub text: Text,
}

/// What a line says about a kill, the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignMeaning {
    /// The kernel's OOM killer killed, says another program.
    OomKill,
    /// Something other than the kernel's OOM killer killed for memory.
    Killed,
    /// SIGKILL was sent, and who sent it is not said.
    Signalled,
    /// Memory was refused, and nothing was killed.
    #[default]
    Refused,
    /// A program reached a limit of its own.
    Limit,
    /// It is about memory other than the machine's.
    OtherMemory,
    /// A program has damaged its own memory.
    Corrupt,
}

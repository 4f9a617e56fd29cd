//! A SIGKILL that was not the OOM killer's.

use serde::{Deserialize, Serialize};

use super::{CgroupRef, Confidence, Container, Text, Victim};

/// Somebody sent SIGKILL (`"type": "sigkill"`): exit code 137 without an OOM kill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sigkill {
    /// When it was sent, RFC 3339 UTC.
    pub time: String,
    /// The same instant on `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// Who sent it.
    pub sender: Sender,
    /// How it was sent.
    pub how: SentHow,
    /// Who got it, with its memory at that moment; `role` is `signalled`.
    pub target: Victim,
}

/// Who sent a SIGKILL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sender {
    /// What it is.
    pub kind: SenderKind,
    /// What `kind` was recognised by, or why it may be another one.
    pub why: String,
    /// How sure it is that this is the known program of `kind` or `claims`; absent where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The known program that it calls itself without a proof. `kind` is then what it is besides, or, where nothing speaks
    /// against it, the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<SenderKind>,
    /// Its process id; for one of the kernel, of the task in whose context it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Name of the thread.
    pub comm: Text,
    /// Arguments, with values that look like secrets redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cmdline: Vec<Text>,
    /// Executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<Text>,
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Parent's process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupRef>,
    /// The container its cgroup belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// The systemd unit its cgroup belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Sender {
    /// The known program that it is, or calls itself.
    #[must_use]
    pub fn program(&self) -> SenderKind {
        self.claims.unwrap_or(self.kind)
    }
}

/// Kinds of senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    /// systemd-oomd.
    SystemdOomd,
    /// earlyoom.
    Earlyoom,
    /// oomd.
    Oomd,
    /// nohang.
    Nohang,
    /// A container runtime: `docker stop`, `podman kill`, a pod that is deleted.
    ContainerRuntime,
    /// The kubelet.
    Kubelet,
    /// systemd: a unit that did not stop in time, `systemctl kill`.
    ServiceManager,
    /// `timeout`.
    Timeout,
    /// The process itself.
    Itself,
    /// Its parent.
    Parent,
    /// Another process.
    #[default]
    Process,
    /// The kernel, for another reason than memory.
    Kernel,
}

/// How a SIGKILL was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SentHow {
    /// `kill`, `pidfd_send_signal`.
    #[default]
    Kill,
    /// `tgkill`: to one thread.
    Tgkill,
    /// `sigqueue`.
    Sigqueue,
    /// By kernel code that acts for the sender, in practice a write to `cgroup.kill`.
    CgroupKill,
    /// By the kernel of its own accord.
    Kernel,
}

//! Programs that kill for memory, by the lines that they log.
//!
//! A line counts only where the log tells that this program wrote it. What is taken over from a line is what it says in the
//! form that is known of that program; a line that is cut, or means two things, tells nothing or less.

mod earlyoom;
mod kubelet;
mod nohang;
mod oomd;
mod scan;
mod systemd_oomd;
mod tracker;
mod writer;

#[cfg(test)]
mod tests;

pub use tracker::{Line, Told, Tracker};
pub use writer::Program;

use crate::model::{KillReason, KillSignal, KillTarget, SenderKind, UserspaceKill};

/// Whether two accounts, of two logs, are of one kill.
#[must_use]
pub fn same(one: &UserspaceKill, other: &UserspaceKill) -> bool {
    let who = |kill: &UserspaceKill| {
        let target = &kill.target;
        let path = target.cgroup.as_ref().map(|cgroup| cgroup.path.clone());
        let pod = target
            .container
            .as_ref()
            .map(|container| (container.namespace.clone(), container.pod_name.clone()));
        (kill.sender.program(), target.pid, path, pod, target.unit.clone())
    };
    let short = |kill: &UserspaceKill| kill.host.name.split('.').next().unwrap_or_default().to_owned();
    let (here, there) = (short(one), short(other));
    if who(one) != who(other) || (here != there && !here.is_empty() && !there.is_empty()) {
        return false;
    }
    let instant = |kill: &UserspaceKill| kill.time.parse::<jiff::Timestamp>().ok();
    match (instant(one), instant(other)) {
        (Some(one), Some(other)) => one.duration_since(other).as_millis().unsigned_abs() <= 2000,
        _ => one.log.time.is_some() && one.log.time == other.log.time,
    }
}

/// What a line of such a program says.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kill {
    signal: Option<KillSignal>,
    target: KillTarget,
    reason: KillReason,
    notes: Vec<&'static str>,
}

/// What a line means to the one who reads.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    /// Something was killed, or is about to be.
    Kill(Box<Kill>),
    /// Why the next kill will be.
    Reason(KillReason),
    /// Whom the next signal will go to.
    Chosen(Box<KillTarget>),
    /// The signal goes to whom was chosen.
    Sent(KillSignal),
    /// The one that was sent SIGTERM is sent SIGKILL.
    Escalated,
    /// The process is gone, after so many nanoseconds; its id where the line has it.
    Exited(Option<u32>, Option<u64>),
    /// The kill before it did not happen.
    NotKilled,
    /// systemd counted what was killed in a unit.
    Counted { unit: String, processes: u64 },
}

/// Reads a line of a program of this kind.
fn read(kind: SenderKind, text: &[u8]) -> Option<Meaning> {
    match kind {
        SenderKind::Earlyoom => earlyoom::read(text),
        SenderKind::SystemdOomd => systemd_oomd::read(text),
        SenderKind::ServiceManager => systemd_oomd::counted(text),
        SenderKind::Oomd => oomd::read(text),
        SenderKind::Nohang => nohang::read(text),
        SenderKind::Kubelet => kubelet::read(text),
        _ => None,
    }
}

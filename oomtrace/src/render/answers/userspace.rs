//! A kill by a program, in words that all renderers share.

use super::program;
use crate::model::{KillReason, KillReasonKind, KillSignal, SenderKind, UserspaceKill};
use crate::render::text::words;

/// When; as the log has it where that does not tell the zone.
pub(in crate::render) fn when(kill: &UserspaceKill) -> String {
    match (kill.time.as_str(), &kill.log.time) {
        ("", Some(written)) => format!("{} (zone not known)", words::safe(written)),
        ("", None) => "time not known".into(),
        (time, _) => words::time(time),
    }
}

/// Who was killed: `java (pid 4711)`, a cgroup, a unit, a pod.
pub(in crate::render) fn target(kill: &UserspaceKill) -> String {
    let target = &kill.target;
    let name = |comm| words::name(comm);
    match (target.pid, &target.cgroup, &target.container, &target.unit) {
        (Some(pid), ..) => match &target.comm {
            Some(comm) => words::task(comm, pid),
            None => format!("pid\u{a0}{pid}"),
        },
        (None, Some(cgroup), ..) => format!("all of {}", name(&cgroup.path)),
        (None, None, Some(container), _) => words::container(container),
        (None, None, None, Some(unit)) => format!("all of {}", words::safe(unit)),
        (None, None, None, None) => "a process that is not known".into(),
    }
}

/// What is known of it, in parentheses behind it.
fn details(kill: &UserspaceKill) -> String {
    let target = &kill.target;
    let mut parts = Vec::new();
    parts.extend(target.bytes.map(words::size));
    parts.extend(
        target.processes.map(|count| format!("{count}\u{a0}process{}", if count == 1 { "" } else { "es" })),
    );
    if let (Some(_), Some(container)) = (&target.cgroup, &target.container) {
        parts.push(words::container(container));
    }
    parts.extend(target.uid.map(|uid| format!("uid {uid}")));
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// `earlyoom (pid 812)`, `a program that calls itself earlyoom (pid 812)`
pub(in crate::render) fn sender(kill: &UserspaceKill) -> String {
    let name = program::of(&kill.sender).unwrap_or_else(|| "a program".to_owned());
    format!("{name}{}", kill.sender.pid.map_or(String::new(), words::with_pid))
}

/// What the program did, and to whom: without the time, without a full stop.
pub(in crate::render) fn deed(kill: &UserspaceKill) -> String {
    let (by, whom) = (sender(kill), format!("{}{}", target(kill), details(kill)));
    match (kill.sender.program(), kill.signal) {
        (SenderKind::Kubelet, _) => format!("{by} evicted {whom}"),
        (_, Some(KillSignal::Term)) => format!("{by} sent SIGTERM to {whom}"),
        (_, Some(KillSignal::Kill)) => format!("{by} sent SIGKILL to {whom}"),
        (_, None) => format!("{by} killed {whom}"),
    }
}

/// Why, in a sentence.
pub(in crate::render) fn reason(reason: &KillReason) -> String {
    let mut parts = vec![match reason.kind {
        KillReasonKind::NotTold => "why is not in the log".to_owned(),
        KillReasonKind::MemoryPressure => pressure(reason),
        KillReasonKind::MemoryUsed => "memory ran low".to_owned(),
        KillReasonKind::SwapUsed => "swap ran low".to_owned(),
        KillReasonKind::Eviction => "the node's memory ran low".to_owned(),
    }];
    let left = |free: Option<u64>, total: Option<u64>, what: &str| {
        let (free, total) = free.zip(total)?;
        Some(match total {
            0 => format!("no {}", what.split(' ').next().unwrap_or_default()),
            total => format!("{} of {} {what}", words::size(free), words::size(total)),
        })
    };
    parts.extend(left(reason.mem_available_bytes, reason.mem_total_bytes, "memory available"));
    parts.extend(left(reason.swap_free_bytes, reason.swap_total_bytes, "swap free"));
    parts.extend(reason.limits.as_ref().map(|limits| match reason.kind {
        KillReasonKind::MemoryPressure => words::safe(limits),
        _ => format!("the limit: {}", words::safe(limits)),
    }));
    parts.join(", ")
}

fn pressure(reason: &KillReason) -> String {
    let of =
        reason.pressure_cgroup.as_ref().map_or(String::new(), |path| format!(" of {}", words::name(path)));
    let is = reason.pressure_percent.map_or(String::new(), |is| format!(" was {is:.2}\u{a0}%"));
    let limit =
        reason.pressure_limit_percent.map_or(String::new(), |limit| format!(", above {limit:.2}\u{a0}%"));
    let time =
        reason.pressure_for.as_ref().map_or(String::new(), |time| format!(" for {}", words::safe(time)));
    format!("memory pressure{of}{is}{limit}{time}")
}

/// What came of it.
pub(in crate::render) fn end(kill: &UserspaceKill) -> Option<String> {
    kill.signal_to_exit_ns.map(|ns| format!("It was gone {} later.", words::duration(ns)))
}

/// By what the program is known, and where it told.
pub(in crate::render) fn witness(kill: &UserspaceKill) -> String {
    format!("told in {}; known by {}", words::name(&kill.log.name), words::safe(&kill.sender.why))
}

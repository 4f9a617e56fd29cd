//! oomd, 0.1 and later. It writes a line into the kernel's ring buffer for each cgroup that it has killed, which only root
//! can do, and the same into its own log.

use super::scan::{PATH_MAX, decimal, last, number};
use super::{Kill, Meaning};
use crate::model::{CgroupRef, KillReason, KillReasonKind, KillSignal, KillTarget, Text};

/// `oomd kill: 12.50 10.00 5.00 workload.slice/a.service 1073741824 ruleset:[r] detectorgroup:[d] killer:kill_by_swap v2`:
/// the cgroup's pressure over 10, 60 and 300 s, its path, its use in bytes. Its own log has no words before the figures.
pub(super) fn read(text: &[u8]) -> Option<Meaning> {
    let rest = text.strip_prefix(b"oomd kill: ")?;
    let (pressure, rest) = decimal(rest)?;
    let (_, rest) = decimal(rest.strip_prefix(b" ")?)?;
    let (_, rest) = decimal(rest.strip_prefix(b" ")?)?;
    let (rest, killer) = last(rest.strip_prefix(b" ")?, b" killer:")?;
    if killer.starts_with(b"(dry)") || !killer.ends_with(b" v2") {
        return None;
    }
    let (rest, _) = last(rest, b" detectorgroup:[")?;
    let (rest, _) = last(rest, b" ruleset:[")?;
    let (path, usage) = last(rest, b" ")?;
    let (usage, b"") = number::<u64>(usage)? else { return None };
    if path.len() > PATH_MAX {
        return None;
    }
    // It is told without the root's slash.
    let path = [b"/", path.strip_prefix(b"/").unwrap_or(path)].concat();
    let target = KillTarget {
        cgroup: Some(CgroupRef { path: Text::new(path), id: None }),
        bytes: Some(usage).filter(|bytes| *bytes > 0),
        ..KillTarget::default()
    };
    let reason = KillReason {
        kind: KillReasonKind::MemoryPressure,
        pressure_percent: Some(pressure),
        limits: plain(killer).map(|killer| format!("plugin {killer}")),
        ..KillReason::default()
    };
    Some(Meaning::Kill(Box::new(Kill { signal: Some(KillSignal::Kill), target, reason, notes: Vec::new() })))
}

fn plain(killer: &[u8]) -> Option<String> {
    let name = killer.strip_suffix(b" v2")?;
    let known = name.len() < 64 && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    known.then(|| String::from_utf8_lossy(name).into_owned())
}

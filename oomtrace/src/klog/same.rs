//! Whether two incidents are one kill, told by two witnesses: the tracer and a log, or two logs.

use jiff::Timestamp;

use crate::model::{Incident, Victim};

/// printk's clock is not that of the tracer, and a log may have whole seconds only.
const APART_NS: u128 = 2_000_000_000;

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// One kill.
    Yes,
    /// Two kills.
    No,
    /// The victim is the same by id and name, and nothing tells when or where.
    Perhaps,
}

/// Compares machine, boot, chosen process and time, as far as both have them. A process id may be used again, so that an id
/// alone does not make two incidents one.
#[must_use]
pub fn same(one: &Incident, other: &Incident) -> Same {
    if differ(one.host.boot_id.as_deref(), other.host.boot_id.as_deref()) || other_machine(one, other) {
        return Same::No;
    }
    let shared = one.victims.iter().any(|victim| other.victims.iter().any(|found| is_one(victim, found)));
    if !shared {
        return Same::No;
    }
    let boot = (one.boottime_ns > 0 && other.boottime_ns > 0)
        .then(|| u128::from(one.boottime_ns.abs_diff(other.boottime_ns)) <= APART_NS);
    let wall = wall(one, other);
    let written = written(one, other);
    match (boot, wall, written) {
        // The monotonic clock stands still in sleep; the wall clock may be set: one that agrees is enough.
        (_, Some(true), _) => Same::Yes,
        (Some(true), Some(false), _) if one.host.boot_id.is_none() => Same::No,
        (Some(true), ..) | (_, _, Some(true)) => Same::Yes,
        (None, None, None) => Same::Perhaps,
        _ => Same::No,
    }
}

fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// By name; one may be the other with its domain.
fn other_machine(one: &Incident, other: &Incident) -> bool {
    let short = |incident: &Incident| incident.host.name.split('.').next().unwrap_or_default().to_owned();
    let (one, other) = (short(one), short(other));
    !one.is_empty() && !other.is_empty() && one != other
}

fn is_one(one: &Victim, other: &Victim) -> bool {
    let named = one.comm.as_bytes().is_empty() || other.comm.as_bytes().is_empty() || one.comm == other.comm;
    let ids = |victim: &Victim| [Some(victim.pid), victim.tid];
    named && ids(one).iter().flatten().any(|id| ids(other).contains(&Some(*id)))
}

fn wall(one: &Incident, other: &Incident) -> Option<bool> {
    let (one, other) = (one.time.parse::<Timestamp>().ok()?, other.time.parse::<Timestamp>().ok()?);
    Some(one.duration_since(other).as_nanos().unsigned_abs() <= APART_NS)
}

/// The same words for the time, in two copies of one log.
fn written(one: &Incident, other: &Incident) -> Option<bool> {
    let text = |incident: &Incident| incident.source.log.as_ref()?.time.clone();
    Some(text(one)? == text(other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(pid: u32, boottime_ns: u64, time: &str) -> Incident {
        let victim = Victim { pid, comm: "a".into(), ..Victim::default() };
        Incident { boottime_ns, time: time.to_owned(), victims: vec![victim], ..Incident::default() }
    }

    #[test]
    fn one_kill_by_two_witnesses() {
        let live = incident(7, 5_000_000_000, "2026-11-23T22:03:29.970Z");
        assert_eq!(same(&live, &incident(7, 5_900_000_000, "")), Same::Yes);
        assert_eq!(same(&live, &incident(7, 0, "2026-11-23T22:03:29Z")), Same::Yes);
        assert_eq!(same(&live, &incident(7, 1, "2026-11-23T22:03:30Z")), Same::Yes, "after a suspend");
        assert_eq!(same(&live, &incident(7, 0, "")), Same::Perhaps);
    }

    #[test]
    fn two_kills() {
        let live = incident(7, 5_000_000_000, "2026-11-23T22:03:29.970Z");
        assert_eq!(same(&live, &incident(8, 5_000_000_000, "2026-11-23T22:03:29.970Z")), Same::No);
        assert_eq!(same(&live, &incident(7, 9_000_000_000, "")), Same::No);
        assert_eq!(
            same(&live, &incident(7, 5_000_000_000, "2026-11-24T22:03:29Z")),
            Same::No,
            "another boot"
        );
        let mut elsewhere = live.clone();
        elsewhere.host.name = "b".into();
        let mut here = live.clone();
        here.host.name = "a.example".into();
        assert_eq!(same(&here, &elsewhere), Same::No);
        elsewhere.host.name = "a".into();
        assert_eq!(same(&here, &elsewhere), Same::Yes);
        here.host.boot_id = Some("1".into());
        elsewhere.host.boot_id = Some("2".into());
        assert_eq!(same(&here, &elsewhere), Same::No);
    }
}

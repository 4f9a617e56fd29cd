//! Which kills are shown.

use clap::{Args, ValueEnum};

use crate::kernel::cgroup::container::unescape;
use crate::model::{Constraint, Incident, UserspaceKill, Victim};

/// Longest `comm` the kernel keeps, without its NUL.
const COMM_MAX: usize = 15;

/// Options that pick kills. Of one kind any value may match, of different kinds all must, and by the same victim.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Filters")]
pub struct Filter {
    /// Only kills of this process (can be repeated)
    #[arg(short = 'p', long = "pid", value_name = "PID")]
    pub pids: Vec<u32>,
    /// Only kills of processes with this name; * stands for any characters (can be repeated)
    #[arg(short = 'n', long = "comm", value_name = "NAME")]
    pub comms: Vec<String>,
    /// Only kills of this user's processes, by number (can be repeated)
    #[arg(short = 'u', long = "uid", value_name = "UID")]
    pub uids: Vec<u32>,
    /// Only kills in this cgroup and below it, e.g. /system.slice (can be repeated)
    #[arg(long = "cgroup", value_name = "PATH")]
    pub cgroups: Vec<String>,
    /// Only kills in this container, by name or by the beginning of its id (can be repeated)
    #[arg(long = "container", value_name = "ID|NAME")]
    pub containers: Vec<String>,
    /// Only kills in this systemd unit; .service may be left out (can be repeated)
    #[arg(long = "unit", value_name = "UNIT")]
    pub units: Vec<String>,
    /// Only kills of this kind (can be repeated)
    #[arg(long = "constraint", value_name = "KIND")]
    pub constraints: Vec<Kind>,
}

/// Whose limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The limit of a memory cgroup
    Memcg,
    /// The whole machine
    #[value(aliases = ["machine", "global"])]
    None,
    /// The nodes of a cpuset
    Cpuset,
    /// The nodes of a memory policy
    #[value(name = "memory_policy", alias = "memory-policy")]
    MemoryPolicy,
}

impl From<Kind> for Constraint {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Memcg => Self::Memcg,
            Kind::None => Self::None,
            Kind::Cpuset => Self::Cpuset,
            Kind::MemoryPolicy => Self::MemoryPolicy,
        }
    }
}

/// What a filter says of a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is none of those asked for.
    No,
    /// It may be: what was asked for is not known of it.
    Unknown,
    /// It is.
    Yes,
}

impl Filter {
    /// Whether the kill is one of those asked for, which without any option each is. Keeps apart what can't be told: a filter by container on a kernel that shows only process ids must
    /// not pass for "no such kill".
    #[must_use]
    pub fn verdict(&self, incident: &Incident) -> Verdict {
        let kind =
            any(&self.constraints, incident.scope.constraint, |kind, seen| Constraint::from(*kind) == seen);
        let victim = match self.asks_for_victims() {
            false => Verdict::Yes,
            // Nobody knows who died.
            true if incident.victims.is_empty() => Verdict::Unknown,
            true => incident.victims.iter().map(|victim| self.victim(victim)).max().unwrap_or(Verdict::No),
        };
        kind.min(victim)
    }

    fn asks_for_victims(&self) -> bool {
        let texts = [&self.comms, &self.cgroups, &self.containers, &self.units];
        !self.pids.is_empty() || !self.uids.is_empty() || texts.iter().any(|list| !list.is_empty())
    }

    /// The same of a program's kill; no limit of the kernel's was hit by it.
    #[must_use]
    pub fn userspace(&self, kill: &UserspaceKill) -> Verdict {
        if !self.constraints.is_empty() {
            return Verdict::No;
        }
        let target = &kill.target;
        let victim = Victim {
            pid: target.pid.unwrap_or_default(),
            comm: target.comm.clone().unwrap_or_default(),
            uid: target.uid,
            cgroup: target.cgroup.clone(),
            container: target.container.clone(),
            unit: target.unit.clone(),
            ..Victim::default()
        };
        // Of a cgroup or pod nobody knows which processes were in it.
        let unnamed = target.comm.is_none() && !self.comms.is_empty();
        let whole = target.pid.is_none() && !self.pids.is_empty();
        if unnamed || whole {
            let rest = Self { pids: Vec::new(), comms: Vec::new(), ..self.clone() };
            return rest.victim(&victim).min(Verdict::Unknown);
        }
        self.victim(&victim)
    }

    /// The same of one victim, without regard to whose limit was hit.
    #[must_use]
    pub fn victim(&self, victim: &Victim) -> Verdict {
        // A path that was lost is empty.
        let path =
            victim.cgroup.as_ref().map(|cgroup| cgroup.path.as_bytes()).filter(|path| !path.is_empty());
        // One that is deeper than what the kernel side follows begins with dots instead of the root.
        let whole = path.filter(|path| path.starts_with(b"/"));
        // Container and unit are read from the cgroup's path: with that known, their absence is a fact.
        let placed = |is_known: bool| (is_known || path.is_some()).then_some(victim);
        let kinds = [
            any(&self.pids, Some(victim), |pid, victim| [Some(victim.pid), victim.tid].contains(&Some(*pid))),
            any(&self.comms, Some(victim), |name, victim| is_named(name, victim.comm.as_bytes())),
            any(&self.uids, victim.uid, |uid, seen| *uid == seen),
            any(&self.cgroups, whole, |above, path| is_below(path, above.as_bytes())),
            any(&self.containers, placed(victim.container.is_some()), |asked, victim| {
                is_container(asked, victim)
            }),
            any(&self.units, placed(victim.unit.is_some()), |asked, victim| is_unit(asked, victim)),
        ];
        kinds.into_iter().min().unwrap_or(Verdict::Yes)
    }
}

/// Of one kind of option: nothing asked is a yes, nothing known an unknown.
fn any<T, S: Copy>(asked: &[T], seen: Option<S>, is_same: impl Fn(&T, S) -> bool) -> Verdict {
    match (asked, seen) {
        ([], _) => Verdict::Yes,
        (_, None) => Verdict::Unknown,
        (_, Some(seen)) if asked.iter().any(|asked| is_same(asked, seen)) => Verdict::Yes,
        _ => Verdict::No,
    }
}

/// The kernel cuts names to 15 bytes, and so is what they are compared with.
fn is_named(asked: &str, comm: &[u8]) -> bool {
    let asked = asked.as_bytes();
    match asked.contains(&b'*') {
        true => is_like(asked, comm),
        false => &asked[..asked.len().min(COMM_MAX)] == comm,
    }
}

/// Compares with a pattern in which `*` stands for any bytes. Linear but for the number of stars.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.split(|b| *b == b'*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match rest.windows(part.len()).position(|window| window == part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// True for a cgroup and what is below it, by whole components: `/a` is above `/a/b`, not above `/ab`.
fn is_below(path: &[u8], above: &[u8]) -> bool {
    fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
        path.split(|b| *b == b'/').filter(|part| !part.is_empty())
    }
    let mut path = components(path);
    components(above).all(|part| path.next() == Some(part))
}

fn is_container(asked: &str, victim: &Victim) -> bool {
    victim.container.as_ref().is_some_and(|container| {
        let by_id = container.id.as_deref().is_some_and(|id| !asked.is_empty() && id.starts_with(asked));
        by_id || container.name.as_deref() == Some(asked)
    })
}

/// Units are kept with `\x2d` written out; both ways of writing are understood.
fn is_unit(asked: &str, victim: &Victim) -> bool {
    let asked = unescape(asked.as_bytes());
    victim.unit.as_deref().is_some_and(|unit| {
        unit.as_bytes() == asked || unit.strip_suffix(".service").is_some_and(|stem| stem.as_bytes() == asked)
    })
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;

//! Whether a kill is one of the command's.

use std::sync::{Arc, Mutex, PoisonError};

use super::family::Family;
use crate::model::{CgroupRef, Incident, Text, Victim};

/// What belongs to the command.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// All that runs in this cgroup and below it.
    Cgroup {
        /// kernfs id.
        id: Option<u64>,
        /// Path as the kernel names it.
        path: Option<Vec<u8>>,
    },
    /// All that descended from this process.
    Tree(Arc<Mutex<Family>>),
    /// All.
    System,
}

impl Scope {
    /// Whether one of the kill's victims is in it. Who died is not always known: then the cgroup whose limit was hit decides.
    pub(super) fn has(&self, incident: &Incident) -> bool {
        incident.victims.iter().any(|victim| self.has_victim(victim)) || self.has_limit(incident)
    }

    /// The path of the command's own cgroup.
    pub(super) fn cgroup(&self) -> Option<Text> {
        match self {
            Self::Cgroup { path, .. } => path.as_deref().map(Text::new),
            Self::Tree(_) | Self::System => None,
        }
    }

    /// Whether a victim is in it.
    pub(super) fn has_victim(&self, victim: &Victim) -> bool {
        match self {
            Self::System => true,
            Self::Cgroup { id, path } => {
                victim.cgroup.as_ref().is_some_and(|cgroup| is_below(cgroup, *id, path.as_deref()))
            }
            Self::Tree(family) => {
                let mut family = family.lock().unwrap_or_else(PoisonError::into_inner);
                // In a container our ids are those of the victim's own namespace.
                let pids = [Some(victim.pid), victim.ns_pid];
                let known = |family: &Family| pids.iter().flatten().any(|pid| family.has(*pid, victim.ppid));
                if known(&family) {
                    return true;
                }
                // Its parent may be new. Itself it is looked at only where nothing else tells whose child it is: that holds
                // its memory while it is being torn down.
                let dying: Vec<u32> = pids.into_iter().flatten().filter(|_| victim.ppid.is_some()).collect();
                family.look_without(&dying);
                known(&family)
            }
        }
    }

    /// Whether the limit that was hit is that of the command's cgroup or of one below it: then whatever died of it is ours.
    fn has_limit(&self, incident: &Incident) -> bool {
        let Self::Cgroup { id, path } = self else { return false };
        let limit = incident.scope.memcg.iter().map(|memcg| &memcg.level);
        // The limit may be below ours; then ours is among those above it.
        let levels = limit.chain(&incident.scope.ancestors);
        levels.into_iter().any(|level| {
            let by_id = level.id.is_some() && level.id == id.map(|id| id.to_string());
            by_id || path.as_deref().is_some_and(|path| level.path.as_bytes() == path)
        })
    }
}

/// Whether a victim's cgroup is that one or below it. Below it only the path tells.
fn is_below(cgroup: &CgroupRef, id: Option<u64>, path: Option<&[u8]>) -> bool {
    if cgroup.id.is_some() && cgroup.id == id.map(|id| id.to_string()) {
        return true;
    }
    let seen = cgroup.path.as_bytes();
    let below =
        |path: &[u8]| seen.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
    path.is_some_and(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LimitMemcg, MemcgLevel, Text};

    fn victim(path: &str, id: Option<&str>) -> Victim {
        let cgroup = CgroupRef { path: Text::from(path), id: id.map(Into::into) };
        Victim { pid: 7, cgroup: Some(cgroup), ..Victim::default() }
    }

    fn scope(id: Option<u64>, path: Option<&str>) -> Scope {
        Scope::Cgroup { id, path: path.map(|path| path.as_bytes().to_vec()) }
    }

    #[test]
    fn by_id_or_path() {
        let own = scope(Some(77), Some("/a/oomtrace-run-1"));
        assert!(own.has_victim(&victim("/a/oomtrace-run-1", None)));
        assert!(own.has_victim(&victim("/a/oomtrace-run-1/docker/x", None)));
        assert!(own.has_victim(&victim("/somewhere/else", Some("77"))));
        for (path, id) in [("/a/oomtrace-run-12", None), ("/a", Some("7")), ("", None)] {
            assert!(!own.has_victim(&victim(path, id)), "{path}");
        }
        assert!(!scope(None, None).has_victim(&victim("/", None)));
    }

    #[test]
    fn by_the_limit_when_nobody_is_known() {
        let level = |path: &str, id: &str| MemcgLevel {
            path: Text::from(path),
            id: Some(id.into()),
            ..MemcgLevel::default()
        };
        let mut incident = Incident::default();
        assert!(!scope(Some(5), Some("/x")).has(&incident));
        incident.scope.memcg = Some(LimitMemcg { level: level("/x/y", "6"), ..LimitMemcg::default() });
        assert!(!scope(Some(5), Some("/z")).has(&incident));
        incident.scope.ancestors = vec![level("/x", "5")];
        assert!(scope(Some(5), None).has(&incident));
        assert!(scope(None, Some("/x")).has(&incident));
    }
}

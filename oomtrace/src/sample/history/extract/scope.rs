//! Whose memory counts towards the limit that was hit.

use super::super::cgroups::Cgroups;
use crate::model::{Constraint, Incident};

/// The domain that ran out of memory.
#[derive(Debug)]
pub(super) enum Domain {
    /// The whole machine, or some of its nodes: which processes may use those is not sampled.
    All,
    /// A cgroup with all below it: id, where it is known, and path.
    Below(Option<u64>, Vec<u8>),
}

impl Domain {
    pub(super) fn of(incident: &Incident, cgroups: &Cgroups) -> Self {
        let scope = &incident.scope;
        let memcg =
            scope.memcg.as_ref().filter(|_| matches!(scope.constraint, None | Some(Constraint::Memcg)));
        let Some(memcg) = memcg else { return Self::All };
        let path = memcg.level.path.as_bytes().to_vec();
        let id = memcg.level.id.as_deref().and_then(|id| id.parse().ok());
        Self::Below(id.or_else(|| cgroups.at(&path).map(|cgroup| cgroup.id)), path)
    }

    /// Whether what the cgroup `id` holds counts.
    pub(super) fn has(&self, id: u64, cgroups: &Cgroups) -> bool {
        let Self::Below(top, path) = self else { return true };
        top.is_some_and(|top| cgroups.is_within(id, top))
            || cgroups.get(id).and_then(|c| c.path.as_deref()).is_some_and(|own| is_below(own, path))
    }

    /// The path of the cgroup `id`: as it was sampled, else as the record itself has that of the one whose limit was hit.
    pub(super) fn path_of<'a>(&'a self, id: u64, cgroups: &'a Cgroups) -> Option<&'a [u8]> {
        let sampled = cgroups.get(id).and_then(|cgroup| cgroup.path.as_deref());
        sampled.or(match self {
            Self::Below(Some(top), path) if *top == id => Some(path),
            _ => None,
        })
    }

    /// Whether a cgroup of this path counts.
    pub(super) fn has_path(&self, own: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Below(_, path) => is_below(own, path),
        }
    }
}

fn is_below(own: &[u8], top: &[u8]) -> bool {
    own.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || top == b"/")
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_name_that_only_begins_alike_is_not_below() {
        assert!(is_below(b"/a/b", b"/a") && is_below(b"/a", b"/a") && is_below(b"/a", b"/"));
        assert!(!is_below(b"/ab", b"/a") && !is_below(b"/", b"/a"));
    }
}

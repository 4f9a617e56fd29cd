//! What died how often.

use std::collections::HashMap;

use crate::model::{Incident, Role, Text, Victim};

/// Kills of one kind: the same name at the same limit.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// Name of the chosen victim.
    pub comm: Text,
    /// Path of the memory cgroup whose limit was hit; absent when it was none.
    pub limit: Option<Text>,
    /// The incidents, oldest first.
    pub incidents: Vec<&'a Incident>,
}

/// Groups incidents; the largest group first.
#[must_use]
pub fn groups<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places = HashMap::new();
    for incident in incidents {
        let comm = chosen(incident).map(|victim| victim.comm.clone()).unwrap_or_default();
        let limit = incident.scope.memcg.as_ref().map(|memcg| memcg.level.path.clone());
        let key = (comm.as_bytes().to_vec(), limit.as_ref().map(|path| path.as_bytes().to_vec()));
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.incidents.push(incident),
            None => groups.push(Group { comm, limit, incidents: vec![incident] }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.incidents.len()));
    groups
}

/// The process the kernel chose, when it is known.
fn chosen(incident: &Incident) -> Option<&Victim> {
    incident.victims.iter().find(|victim| victim.role == Role::Chosen).or(incident.victims.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_at_the_same_limit_is_one_group() {
        let kill = |comm: &str| Incident {
            victims: vec![Victim { comm: Text::from(comm), ..Victim::default() }],
            ..Incident::default()
        };
        let incidents = [kill("a"), kill("b"), kill("b")];
        let groups = groups(&incidents);
        let sizes: Vec<_> = groups.iter().map(|g| (g.comm.lossy().into_owned(), g.incidents.len())).collect();
        assert_eq!(sizes, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    }
}

//! What died how often.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{Incident, Recurrence, Role, Text, VerdictKind, Victim};

/// A longer pause between two kills ends a row of them, s.
const PAUSE_S: i64 = 330;

/// Kills of one kind: the same name at the same limit, for the same cause.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// Name of the chosen victim.
    pub comm: Text,
    /// Path of the memory cgroup whose limit was hit; absent when it was none.
    pub limit: Option<Text>,
    /// What the kills were diagnosed as; of a row of kills in which each followed the last, what most of them were.
    pub cause: Option<VerdictKind>,
    /// The incidents, oldest first.
    pub incidents: Vec<&'a Incident>,
}

impl Group<'_> {
    /// What the runs of a row of kills show together; the longest row counts.
    #[must_use]
    pub fn recurrence(&self) -> Option<&Recurrence> {
        let all =
            self.incidents.iter().filter_map(|incident| incident.diagnosis.as_ref()?.recurrence.as_ref());
        all.max_by_key(|again| again.kills)
    }
}

/// Groups incidents; the largest group first.
#[must_use]
pub fn groups<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for workload in workloads(incidents) {
        let first = groups.len();
        for row in rows(workload.incidents) {
            let cause = cause(&row);
            match groups[first..].iter_mut().find(|group| group.cause == cause) {
                Some(group) => group.incidents.extend(row),
                None => groups.push(Group {
                    comm: workload.comm.clone(),
                    limit: workload.limit.clone(),
                    cause,
                    incidents: row,
                }),
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.incidents.len()));
    groups
}

/// The same name at the same limit, whatever the cause.
fn workloads<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Vec<Group<'a>> {
    let mut all: Vec<Group<'a>> = Vec::new();
    let mut places = HashMap::new();
    for incident in incidents {
        let comm = chosen(incident).map(|victim| victim.comm.clone()).unwrap_or_default();
        let limit = incident.scope.memcg.as_ref().map(|memcg| memcg.level.path.clone());
        let key = (comm.as_bytes().to_vec(), limit.as_ref().map(|path| path.as_bytes().to_vec()));
        let place = *places.entry(key).or_insert(all.len());
        match all.get_mut(place) {
            Some(group) => group.incidents.push(incident),
            None => all.push(Group { comm, limit, cause: None, incidents: vec![incident] }),
        }
    }
    all
}

/// Rows of kills: within one each process is a new run of what was killed before it.
fn rows<'a>(incidents: Vec<&'a Incident>) -> Vec<Vec<&'a Incident>> {
    let mut rows: Vec<Vec<&'a Incident>> = Vec::new();
    for incident in incidents {
        let goes_on = |row: &Vec<&'a Incident>| row.last().is_some_and(|last| follows(last, incident));
        match rows.last_mut().filter(|row| goes_on(row)) {
            Some(row) => row.push(incident),
            None => rows.push(vec![incident]),
        }
    }
    rows
}

fn follows(last: &Incident, next: &Incident) -> bool {
    let again = |incident: &Incident| {
        incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.recurrence.as_ref()).is_some()
    };
    let times = last.time.parse::<Timestamp>().ok().zip(next.time.parse::<Timestamp>().ok());
    again(next) && times.is_some_and(|(last, next)| next.duration_since(last).as_secs().abs() <= PAUSE_S)
}

/// What most of a row were diagnosed as; of as many the one that came last, which had seen most runs.
fn cause(row: &[&Incident]) -> Option<VerdictKind> {
    let verdicts =
        || row.iter().filter_map(|incident| incident.diagnosis.as_ref()).map(|found| found.verdict);
    verdicts()
        .enumerate()
        .max_by_key(|(at, verdict)| (verdicts().filter(|other| other == verdict).count(), *at))
        .map(|(_, verdict)| verdict)
}

/// The process the kernel chose, when it is known.
fn chosen(incident: &Incident) -> Option<&Victim> {
    incident.victims.iter().find(|victim| victim.role == Role::Chosen).or(incident.victims.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Diagnosis;

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

    fn judged(second: u32, verdict: VerdictKind, kills: u32) -> Incident {
        let recurrence = (kills > 1).then(|| Recurrence { kills, ..Recurrence::default() });
        Incident {
            time: format!("2026-01-01T00:00:{second:02}Z"),
            victims: vec![Victim { comm: Text::from("app"), ..Victim::default() }],
            diagnosis: Some(Diagnosis { verdict, recurrence, ..Diagnosis::default() }),
            ..Incident::default()
        }
    }

    #[test]
    fn a_crash_loop_is_one_group_whatever_single_kills_look_like() {
        let kinds =
            [VerdictKind::Burst, VerdictKind::Leak, VerdictKind::LimitTooLow, VerdictKind::LimitTooLow];
        let kills: Vec<_> = (1..).zip(kinds).map(|(at, verdict)| judged(at * 2, verdict, at)).collect();
        let groups = groups(&kills);
        let [group] = &groups[..] else { panic!("{groups:?}") };
        assert_eq!((group.cause, group.incidents.len()), (Some(VerdictKind::LimitTooLow), 4));
        assert_eq!(group.recurrence().map(|again| again.kills), Some(4));
    }

    #[test]
    fn kills_of_one_workload_for_other_causes_are_other_groups() {
        let kills = [
            judged(1, VerdictKind::Leak, 1),
            judged(2, VerdictKind::Shmem, 1),
            judged(3, VerdictKind::Leak, 1),
        ];
        let sizes: Vec<_> = groups(&kills).iter().map(|group| (group.cause, group.incidents.len())).collect();
        assert_eq!(sizes, [(Some(VerdictKind::Leak), 2), (Some(VerdictKind::Shmem), 1)]);
    }
}

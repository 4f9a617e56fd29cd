//! Kills of one workload for one cause: told in full once, then in short.

use std::collections::HashMap;

use super::page::{Page, Rich, Tone};
use super::{headline, verdict, words};
use crate::model::{Incident, VerdictKind};

/// Workloads that are remembered.
const WORKLOADS: usize = 1024;

/// A victim's name and the path of the memory cgroup whose limit was hit.
type Workload = (Vec<u8>, Option<Vec<u8>>);

/// What was told before.
#[derive(Debug, Default)]
pub(super) struct Told(HashMap<Workload, Vec<Kind>>);

#[derive(Clone, Debug)]
struct Kind {
    cause: Option<VerdictKind>,
    kills: u64,
    first: String,
}

/// That a kill is one of a kind that was told in full.
#[derive(Clone, Debug)]
pub(super) struct Again {
    /// How many of this kind there were with this one.
    kills: u64,
    /// When the first one was.
    first: String,
}

impl Told {
    /// Takes a kill; says whether one like it was told before.
    pub(super) fn take(&mut self, incident: &Incident) -> Option<Again> {
        let workload = workload(incident)?;
        if self.0.len() >= WORKLOADS && !self.0.contains_key(&workload) {
            self.0.clear();
        }
        let diagnosis = incident.diagnosis.as_ref();
        let cause = diagnosis.map(|diagnosis| diagnosis.verdict);
        // In a crash loop single kills may look different; it is one case all the same.
        let is_loop = diagnosis.is_some_and(|diagnosis| diagnosis.recurrence.is_some());
        let kinds = self.0.entry(workload).or_default();
        let at = kinds.iter().rposition(|kind| is_loop || kind.cause == cause);
        match at.and_then(|at| kinds.get_mut(at)) {
            Some(kind) => {
                kind.kills += 1;
                Some(Again { kills: kind.kills, first: kind.first.clone() })
            }
            None => {
                kinds.push(Kind { cause, kills: 1, first: headline::when(incident) });
                None
            }
        }
    }
}

/// `None` where kills can't be known to be alike: no name, or neither a limit nor a cause that they share.
fn workload(incident: &Incident) -> Option<Workload> {
    let victim = words::chosen(incident).filter(|victim| !victim.comm.as_bytes().is_empty())?;
    let limit = incident.scope.memcg.as_ref().map(|memcg| memcg.level.path.as_bytes().to_vec());
    let cause = incident.diagnosis.as_ref().map(|diagnosis| diagnosis.verdict);
    let is_known = limit.is_some() || cause.is_some_and(|cause| cause != VerdictKind::Undetermined);
    is_known.then(|| (victim.comm.as_bytes().to_vec(), limit))
}

/// The title, the sentence, and which kill of its kind it is.
pub(super) fn write(page: &mut Page, incident: &Incident, again: &Again) {
    page.para_of(headline::title(incident), 2, 1);
    page.para(headline::sentence(incident), 0);
    page.section("Again");
    let count = Rich::new().with(Tone::Bold, format!("Kill {} of this kind", again.kills));
    page.para(count.with(Tone::Plain, format!("; the first was at {}.", again.first)), 0);
    let diagnosis = incident.diagnosis.as_ref();
    if let Some(recurrence) = diagnosis.and_then(|diagnosis| diagnosis.recurrence.as_ref()) {
        page.para(verdict::sentence(&crate::diagnose::again(recurrence)), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Diagnosis, LimitMemcg, MemcgLevel, Recurrence, Victim};

    fn kill(comm: &str, path: Option<&str>, cause: VerdictKind, in_a_row: u32) -> Incident {
        let recurrence = (in_a_row > 1).then(|| Recurrence { kills: in_a_row, ..Recurrence::default() });
        let mut incident = Incident {
            time: "2026-01-01T00:00:00Z".into(),
            victims: vec![Victim { comm: comm.into(), ..Victim::default() }],
            diagnosis: Some(Diagnosis { verdict: cause, recurrence, ..Diagnosis::default() }),
            ..Incident::default()
        };
        incident.scope.memcg = path.map(|path| LimitMemcg {
            level: MemcgLevel { path: path.into(), ..MemcgLevel::default() },
            ..LimitMemcg::default()
        });
        incident
    }

    #[test]
    fn the_same_workload_for_the_same_cause() {
        use VerdictKind::{Burst, Leak, Undetermined};
        let mut told = Told::default();
        let mut count = |kill: &Incident| told.take(kill).map_or(1, |again| again.kills);
        assert_eq!(count(&kill("app", Some("/a"), Leak, 1)), 1);
        assert_eq!(count(&kill("app", Some("/a"), Leak, 1)), 2);
        assert_eq!(count(&kill("app", Some("/a"), Burst, 1)), 1, "another cause");
        assert_eq!(count(&kill("app", Some("/b"), Leak, 1)), 1, "another limit");
        assert_eq!(count(&kill("app", Some("/a"), Undetermined, 3)), 2, "a crash loop, with the last cause");
        assert_eq!(count(&kill("web", None, Undetermined, 1)), 1);
        assert_eq!(count(&kill("web", None, Undetermined, 1)), 1, "nothing says that these are alike");
        assert_eq!(count(&kill("web", None, Leak, 1)), 1);
        assert_eq!(count(&kill("web", None, Leak, 1)), 2);
    }
}

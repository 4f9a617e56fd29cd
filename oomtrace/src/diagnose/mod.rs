//! Which process used the memory, how fast, since when, and what to change: pure functions over the record and its history.
//!
//! scope → window → growth → culprit → shape → verdict. docs/diagnosis.md explains the method, [`thresholds`] has all numbers.

pub mod advice;
mod case;
mod culprit;
mod growth;
mod known;
mod others;
mod provable;
mod recurrence;
mod scope;
mod series;
mod shape;
mod slope;
mod summary;
mod threads;
mod thresholds;
mod tracks;
mod verdict;
mod window;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use self::words::again;

use self::case::{Case, Finding};
use self::growth::Growth;
use self::scope::Scope;
use self::tracks::Track;
use self::window::Span;
use crate::model::{self, Diagnosis, Incident};

/// Works out the diagnosis of an incident from what its record holds, its `history` included; it can be repeated on a
/// stored record at any time.
#[must_use]
pub fn diagnose(incident: &Incident) -> Diagnosis {
    let scope = scope::of(incident);
    let tracks = tracks::of(incident, scope.limit);
    let members = scope::members(incident, &tracks);
    let sampled = incident.history.as_ref().filter(|history| !history.entities.is_empty());
    let mut diagnosis = match sampled.and_then(|_| window::headline(&scope, &members)) {
        Some(span) => with_history(incident, &scope, &members, span),
        None => without_history(incident),
    };
    diagnosis.advice = advice::advise(incident, &diagnosis);
    diagnosis.what_if = advice::what_if(incident, &diagnosis);
    diagnosis
}

fn with_history(incident: &Incident, scope: &Scope<'_>, tracks: &[&Track<'_>], span: Span) -> Diagnosis {
    let growth = Growth::since(incident, scope, tracks, span.from);
    let case = Case::new(incident, scope, tracks, span, &growth);
    if let Some(from) = case.grew_beside() {
        // The window is one tooth of a process that releases what it takes: the growth beside it began before.
        let longer = Span { from, ..span };
        let growth = Growth::since(incident, scope, tracks, from);
        let case = Case::new(incident, scope, tracks, longer, &growth);
        if case.suspect.is_some() && case.shape.sawtooth.is_none() {
            return conclude(&case);
        }
    }
    conclude(&case)
}

fn conclude(case: &Case<'_, '_, '_>) -> Diagnosis {
    let incident = case.incident;
    let found = verdict::of(case);
    let mut diagnosis = assemble(incident, found);
    diagnosis.window = Some(model::Window {
        kind: case.span.kind,
        from_ms: case.span.from,
        from: words::rfc3339(incident, case.span.from),
        growth_bytes: case.growth.scope,
    });
    let kinds = case.growth.kinds.iter();
    diagnosis.growth = kinds.map(|(kind, bytes)| model::Growth { kind: *kind, bytes: *bytes }).collect();
    diagnosis.unattributed_bytes = u64::try_from(case.growth.unattributed).ok();
    diagnosis.others = others::of(case, diagnosis.culprit.as_ref());
    diagnosis.reasons.extend(others::doubts(case));
    recurrence::settle(incident, &mut diagnosis);
    diagnosis.summary = summary::of(incident, &diagnosis);
    known::state(case, &mut diagnosis);
    diagnosis
}

fn without_history(incident: &Incident) -> Diagnosis {
    let mut diagnosis = assemble(incident, verdict::snapshot::of(incident));
    recurrence::settle(incident, &mut diagnosis);
    diagnosis.summary = summary::of(incident, &diagnosis);
    diagnosis
}

fn assemble(incident: &Incident, found: Finding) -> Diagnosis {
    let mut reasons = found.reasons;
    reasons.extend(provable::statements(incident));
    Diagnosis {
        verdict: found.verdict,
        confidence: found.confidence,
        reasons,
        culprit: found.culprit,
        ..Diagnosis::default()
    }
}

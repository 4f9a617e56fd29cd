//! All that the rules look at, worked out once.

use super::culprit::{self, Suspect};
use super::growth::Growth;
use super::scope::{Domain, Scope};
use super::series::Series;
use super::shape::{self, Shape};
use super::threads;
use super::thresholds::{ENOUGH_SAMPLES, FEW_SAMPLES, NEW_GROUND, SPARSE_SHARE, SPARSER, UNATTRIBUTED_TOLD};
use super::tracks::Track;
use super::verdict::snapshot::footprint;
use super::window::Span;
use super::words;
use crate::model::{Candidate, Confidence, Culprit, Incident, Text, VerdictKind};

/// One incident with what was measured.
#[derive(Debug)]
pub(super) struct Case<'c, 't, 'a> {
    pub incident: &'c Incident,
    pub scope: &'c Scope<'c>,
    pub tracks: &'c [&'t Track<'a>],
    pub span: Span,
    pub growth: &'c Growth<'t, 'a>,
    pub suspect: Option<Suspect<'t, 'a>>,
    /// The suspect's course, else the scope's.
    pub shape: Shape,
    /// Part of the growth that the killed ones made.
    pub victims_share: Option<f64>,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub verdict: VerdictKind,
    pub confidence: Confidence,
    pub reasons: Vec<String>,
    pub culprit: Option<Culprit>,
}

impl<'c, 't, 'a> Case<'c, 't, 'a> {
    /// Looks for the suspect and at its course.
    pub(super) fn new(
        incident: &'c Incident,
        scope: &'c Scope<'c>,
        tracks: &'c [&'t Track<'a>],
        span: Span,
        growth: &'c Growth<'t, 'a>,
    ) -> Self {
        let mut suspect = culprit::of(incident, growth);
        let crowded =
            if scope.domain == Domain::Memcg { shape::crowded(&scope.usage, scope.limit) } else { None };
        let shape = match &suspect {
            Some(suspect) => shape::of(&course(scope, growth, suspect), crowded),
            None => shape::of(&scope.load, crowded),
        };
        if let Some(suspect) = &mut suspect {
            time(incident, &mut suspect.found, &shape);
        }
        let victims_share = victims_share(incident, scope, tracks, growth, &suspect, &shape);
        Self { incident, scope, tracks, span, growth, suspect, shape, victims_share }
    }

    /// The culprit as the record has it.
    pub(super) fn culprit(&self) -> Option<Culprit> {
        self.suspect.as_ref().map(|suspect| suspect.found.clone())
    }

    /// The highest confidence that the data allow, whatever the rule.
    pub(super) fn at_most(&self) -> Confidence {
        let of_samples = match self.shape.samples {
            0..FEW_SAMPLES => Confidence::Low,
            FEW_SAMPLES..ENOUGH_SAMPLES => Confidence::Medium,
            _ => Confidence::High,
        };
        self.attribution().min(of_samples)
    }

    /// The same for what does not rest on a course over time, only on who grew.
    pub(super) fn attribution(&self) -> Confidence {
        let stacks = threads::risen(self.growth).map_or(0, |risen| risen.explains(self.growth.unattributed));
        let rest = self.growth.unattributed - stacks;
        let vague = self.growth.share(rest.max(self.growth.overcounted)) > UNATTRIBUTED_TOLD;
        let likely = self.suspect.as_ref().is_some_and(|suspect| suspect.found.likely);
        let likely = likely || self.growth.carried.is_some();
        if vague || likely || self.incident.scope.inferred { Confidence::Medium } else { Confidence::High }
    }

    /// Processes that no sample saw, with what they held at the kill: how much of that is growth is unknown.
    pub(super) fn unsampled(&self) -> Vec<(&'c Candidate, i64)> {
        let listed = |pid: u32| self.growth.processes.iter().any(|grown| grown.track.pid == Some(pid));
        let of_family = |comm: &Text| {
            self.growth
                .families
                .iter()
                .any(|family| family.track.is_some_and(|track| track.comm == Some(comm)))
        };
        let candidates = self.incident.candidates.iter();
        let unseen = candidates.filter(|candidate| !listed(candidate.pid) && !of_family(&candidate.comm));
        let mut held: Vec<_> =
            unseen.filter_map(|candidate| Some((candidate, footprint(candidate)?))).collect();
        held.sort_by_key(|(candidate, bytes)| (std::cmp::Reverse(*bytes), candidate.pid));
        held
    }

    /// Where the suspect goes up and down and returns to its level, and another grew all the time: since when that one did.
    pub(super) fn grew_beside(&self) -> Option<i64> {
        let suspect = self.suspect.as_ref()?;
        if self.shape.sawtooth.is_none_or(|sawtooth| sawtooth.rises) || suspect.track.is_none() {
            return None;
        }
        let least = NEW_GROUND * self.scope.limit? as f64;
        let others = self.growth.processes.iter().map(|grown| grown.track);
        let others = others.filter(|track| track.exited.is_none() && !suspect.is(track));
        let steady = others.map(|track| shape::of(&track.series, None)).filter(|shape| {
            shape.sawtooth.is_none() && shape.early_late.is_some() && shape.bytes as f64 >= least
        });
        steady
            .max_by_key(|shape| shape.bytes)
            .map(|shape| shape.onset)
            .filter(|onset| *onset < self.span.from)
    }

    /// `report-worker (pid 157) made 91 % of the growth (182 MiB of 200 MiB)`
    pub(super) fn who_made(&self, culprit: &Culprit) -> String {
        format!(
            "{} made {} of the growth ({} of {}) in the last {}",
            words::who(culprit),
            words::percent(culprit.share_of_growth),
            words::size(i64::try_from(culprit.growth_bytes).unwrap_or(i64::MAX)),
            words::size(self.growth.total),
            words::span(self.span.from),
        )
    }
}

/// The suspect's own samples, or, where the scope's show its growth in shorter steps, these without what all others had: the
/// scope is sampled more often than processes. Only for one whose growth is nearly all of the scope's.
fn course(scope: &Scope<'_>, growth: &Growth<'_, '_>, suspect: &Suspect<'_, '_>) -> Series {
    if scope.coarse || growth.share(suspect.bytes) < SPARSE_SHARE {
        return suspect.series.clone();
    }
    let others = growth.processes.iter().map(|grown| grown.track).filter(|track| !suspect.is(track));
    let rest = scope.load.without(others.map(|track| (&track.series, track.exited)));
    let begin = suspect.series.first().map_or(i64::MIN, |first| first.t);
    let born = suspect.track.and_then(|track| track.started);
    let mut denser = Series::from_points(rest.since(begin).to_vec());
    if let Some(born) = born {
        denser.begin(born, 0);
    }
    let whole = |series: &Series| series.mean_step().unwrap_or(f64::MAX);
    if whole(&denser) < SPARSER * whole(&suspect.series) { denser } else { suspect.series.clone() }
}

/// Part of the growth that the killed ones made: of all within the window, or, where that is less, since the suspect began to
/// grow. Who had come to its size before then takes no part in it.
fn victims_share(
    incident: &Incident,
    scope: &Scope<'_>,
    tracks: &[&Track<'_>],
    growth: &Growth<'_, '_>,
    suspect: &Option<Suspect<'_, '_>>,
    shape: &Shape,
) -> Option<f64> {
    let whole = culprit::victims_share(incident, growth)?;
    let other = suspect.as_ref().filter(|suspect| !suspect.found.is_victim)?;
    if shape.onset <= growth.from || whole >= other.found.share_of_growth {
        return Some(whole);
    }
    let since = Growth::since(incident, scope, tracks, shape.onset);
    Some(culprit::victims_share(incident, &since).map_or(whole, |share| share.min(whole)))
}

/// Writes rate and onset of a shape.
pub(super) fn time(incident: &Incident, culprit: &mut Culprit, shape: &Shape) {
    culprit.rate_bytes_per_s = shape.rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    let paced = shape.paced.filter(|_| culprit.rate_bytes_per_s.is_some());
    culprit.rate_growth_bytes = paced.and_then(|paced| u64::try_from(paced.bytes).ok());
    culprit.rate_ms = paced.and_then(|paced| u64::try_from(paced.ms).ok());
    culprit.rate_at_least = culprit.rate_bytes_per_s.is_some() && shape.rate_at_least;
    if shape.samples > 1 {
        culprit.since_ms = Some(shape.onset);
        culprit.since = words::rfc3339(incident, shape.onset);
    }
}

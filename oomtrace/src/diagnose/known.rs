//! What holds whatever the course of the growth was: settings above the limit, swap, what others held.

use super::advice;
use super::case::Case;
use super::scope::Domain;
use super::series::cut;
use super::thresholds::{AS_MUCH, ENOUGH_SAMPLES, LEAK_SHOWS_MS, OTHERS_HOLD, SLOWING};
use super::words;
use crate::model::{Confidence, CulpritKind, Diagnosis, VerdictKind};
use crate::words::escape;

/// Puts the facts before the reasons that rest on the course, and lets them lower the confidence.
pub(super) fn state(case: &Case<'_, '_, '_>, diagnosis: &mut Diagnosis) {
    let mut facts = Vec::new();
    if let Some(allowed) = advice::allowed(case.incident, diagnosis) {
        let course = matches!(diagnosis.verdict, VerdictKind::Leak | VerdictKind::Burst);
        facts.push(format!(
            "{}, and the limit leaves {}{}",
            allowed.what,
            words::size(cut(allowed.room)),
            if course {
                ": growth up to the limit is what these settings allow, and no proof of a leak"
            } else {
                ""
            }
        ));
        if course {
            diagnosis.confidence = diagnosis.confidence.min(Confidence::Medium);
        }
    }
    facts.extend(others_hold(case, diagnosis));
    facts.extend(swap(case));
    facts.extend(title(case, diagnosis));
    facts.append(&mut diagnosis.reasons);
    diagnosis.reasons = facts;
    if let Some(leak) = also_leaks(case, diagnosis) {
        diagnosis.summary = format!("{}; {leak}", diagnosis.summary);
        diagnosis.reasons.push(leak);
    }
    if let Some(other) = as_much(diagnosis) {
        diagnosis.summary = format!("{}; {other}", diagnosis.summary);
        diagnosis.reasons.push(other);
        diagnosis.confidence = diagnosis.confidence.min(Confidence::Medium);
    }
}

/// Others in the scope that held a good part of the limit.
fn others_hold(case: &Case<'_, '_, '_>, diagnosis: &Diagnosis) -> Option<String> {
    let culprit = diagnosis.culprit.as_ref().filter(|culprit| {
        let is_process = culprit.kind == CulpritKind::Process && diagnosis.verdict != VerdictKind::Shmem;
        is_process && case.scope.domain == Domain::Memcg
    })?;
    let (limit, held) = (case.scope.limit?, cut(culprit.bytes?));
    let others = case.scope.load.last()?.high.min(limit) - held;
    (others as f64 >= OTHERS_HOLD * limit as f64).then(|| {
        format!(
            "others held {} of the limit of {} at the kill ({})",
            words::size(others),
            words::size(limit),
            words::percent(others as f64 / limit as f64)
        )
    })
}

/// A machine without swap, or with none left.
fn swap(case: &Case<'_, '_, '_>) -> Option<String> {
    let system = case.incident.system.as_ref().filter(|_| case.scope.domain == Domain::Machine)?;
    match (system.swap_total_bytes?, system.swap_free_bytes) {
        (0, _) => Some("the machine has no swap".into()),
        (total, Some(free)) if free < total / 20 => {
            Some(format!("swap is full: {} of {} are free", words::size(cut(free)), words::size(cut(total))))
        }
        _ => None,
    }
}

/// A program whose title hides what runs it: the executable shows that.
fn title(case: &Case<'_, '_, '_>, diagnosis: &Diagnosis) -> Option<String> {
    let culprit = diagnosis.culprit.as_ref().filter(|culprit| culprit.kind == CulpritKind::Process)?;
    let victims = case.incident.victims.iter().find(|victim| Some(victim.pid) == culprit.pid);
    let (comm, exe) =
        (culprit.comm.as_ref()?, culprit.exe.as_ref().or(victims.and_then(|v| v.exe.as_ref()))?);
    let entities = case.incident.history.iter().flat_map(|history| &history.entities);
    let of_entity = entities
        .filter(|entity| entity.pid.is_some() && entity.pid == culprit.pid)
        .find_map(|entity| entity.runtime.as_ref());
    let runtime = victims.and_then(|victim| victim.runtime.as_ref()).or(of_entity)?;
    let language = words::language(runtime.kind)?;
    let base = exe.as_bytes().rsplit(|b| *b == b'/').next().filter(|base| !base.is_empty())?;
    // The kernel cuts names after 15 bytes; `python3.11` runs as `python3`.
    let same = base.starts_with(comm.as_bytes()) || comm.as_bytes().starts_with(base);
    (!same).then(|| {
        format!(
            "{} runs on {language}: its executable is {}",
            words::who(culprit),
            escape::bytes(exe.as_bytes())
        )
    })
}

/// Another that grew by nearly as much as the culprit: both are named.
fn as_much(diagnosis: &Diagnosis) -> Option<String> {
    let culprit = diagnosis.culprit.as_ref().filter(|culprit| culprit.kind == CulpritKind::Process)?;
    let other = diagnosis.others.first()?;
    let least = AS_MUCH * culprit.growth_bytes as f64;
    (other.growth_bytes as f64 >= least && other.growth_bytes > 0).then(|| {
        format!(
            "{} grew nearly as much ({} of the growth)",
            words::who(other),
            words::percent(other.share_of_growth)
        )
    })
}

/// Nothing limited it, and it never slowed down: both are said, for a limit alone does not mend a leak.
fn also_leaks(case: &Case<'_, '_, '_>, diagnosis: &Diagnosis) -> Option<String> {
    let shape = &case.shape;
    let (early, late) = shape.early_late.filter(|_| diagnosis.verdict == VerdictKind::NoLimit)?;
    let steady =
        late >= SLOWING * early && shape.burst.is_none() && shape.sawtooth.is_none_or(|saw| saw.rises);
    let shown = shape.onset <= -LEAK_SHOWS_MS && shape.samples >= ENOUGH_SAMPLES;
    (steady && shown).then(|| {
        format!("it grew for {} and never slowed down, so a leak is likely", words::span(shape.onset))
    })
}

//! A limit was hit by one that grew: at once, slowing down, or steadily.

use super::super::case::{Case, Finding};
use super::super::shape::{Sawtooth, Shape};
use super::super::thresholds::{
    FINITE_WORK_MS, JUST_BORN_MS, LEAK_SHOWS_MS, SHORT_LIFE_MS, SLOWING, SOON_OVER_MS,
};
use super::super::words;
use super::finite;
use super::lives::{self, Lives};
use crate::model::{Confidence, VerdictKind};

/// By the course of the culprit's growth and what its earlier runs needed.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let culprit = case.culprit()?;
    let lives = lives::of(case, &culprit);
    let mut finding = course(case).or_else(|| by_lives(case, &lives))?;
    finding.reasons.insert(0, case.who_made(&culprit));
    finding.reasons.extend(lives.told());
    weigh(case, &mut finding, &lives);
    finding.culprit = Some(culprit);
    Some(finding)
}

fn course(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let shape = &case.shape;
    let finding = |verdict, confidence, reason| {
        Some(Finding { verdict, confidence, reasons: vec![reason], culprit: None })
    };
    if shape.burst.is_some() {
        return finding(VerdictKind::Burst, case.attribution(), told(case)?);
    }
    if let Some(sawtooth) = shape.sawtooth {
        let verdict = if sawtooth.rises { VerdictKind::Leak } else { VerdictKind::LimitTooLow };
        return finding(verdict, case.at_most().min(Confidence::Medium), up_and_down(&sawtooth));
    }
    if let Some((early, late)) = shape.early_late.filter(|(early, late)| *late < SLOWING * early) {
        return finding(VerdictKind::LimitTooLow, case.at_most(), slowing(shape, early, late));
    }
    let just_born =
        case.suspect.as_ref().and_then(|suspect| suspect.born).is_some_and(|t| t >= -JUST_BORN_MS);
    if shape.bytes > 0 && shape.samples > 1 && (just_born || shape.onset >= -SOON_OVER_MS) {
        return finding(VerdictKind::Burst, case.attribution().min(Confidence::Medium), soon_over(shape));
    }
    let (early, late) = shape.early_late?;
    finding(VerdictKind::Leak, case.at_most(), steady(shape, early, late))
}

/// Earlier runs decide where the course is unknown: one that ended by itself near the limit, or, of a short run, that all
/// were killed.
fn by_lives(case: &Case<'_, '_, '_>, lives: &Lives) -> Option<Finding> {
    let confidence = match lives {
        Lives::NearLimit { .. } => Confidence::Medium,
        Lives::Killed { .. } if is_short(&case.shape) => Confidence::Low,
        _ => return None,
    };
    Some(Finding { verdict: VerdictKind::LimitTooLow, confidence, reasons: Vec::new(), culprit: None })
}

/// What is said of the course, whatever the verdict.
pub(super) fn told(case: &Case<'_, '_, '_>) -> Option<String> {
    let shape = &case.shape;
    case.suspect.as_ref()?;
    if let Some(burst) = shape.burst {
        return Some(format!(
            "{} of it came within {}",
            words::size(burst.bytes),
            words::span(burst.to - burst.from)
        ));
    }
    if let Some(sawtooth) = shape.sawtooth {
        return Some(up_and_down(&sawtooth));
    }
    let (early, late) = shape.early_late?;
    Some(if late < SLOWING * early { slowing(shape, early, late) } else { steady(shape, early, late) })
}

fn up_and_down(sawtooth: &Sawtooth) -> String {
    let floor = format!(
        "its lowest level changed by {} in {} over {} low points",
        words::size(sawtooth.floor_rise),
        words::span(sawtooth.over),
        sawtooth.troughs
    );
    if sawtooth.rises {
        format!("it goes up and down, and {floor}: part of it is never released")
    } else {
        format!("it goes up and down, and {floor}: it releases what it takes")
    }
}

fn soon_over(shape: &Shape) -> String {
    format!(
        "all of its growth ({}) took {}: a leak would have gone on for longer",
        words::size(shape.bytes),
        words::span(shape.onset)
    )
}

fn slowing(shape: &Shape, early: f64, late: f64) -> String {
    format!(
        "its growth slowed down: {} in the first half, {} in the second{}; it was filling up, not leaking",
        words::rate(early),
        words::rate(late),
        until(shape)
    )
}

fn steady(shape: &Shape, early: f64, late: f64) -> String {
    format!(
        "its growth did not slow down: {} in the first half, {} in the second{}",
        words::rate(early),
        words::rate(late),
        until(shape)
    )
}

/// What came after the limit was reached is left out of rates: reclaim slows it down.
fn until(shape: &Shape) -> String {
    if shape.until == 0 {
        return String::new();
    }
    format!(", until the limit was reached, {} before the kill", words::span(shape.until))
}

/// Earlier runs decide where the course does not; without them a short one leaves two answers.
fn weigh(case: &Case<'_, '_, '_>, finding: &mut Finding, lives: &Lives) {
    match (finding.verdict, lives) {
        (VerdictKind::Leak | VerdictKind::Burst, Lives::NearLimit { .. }) if is_short(&case.shape) => {
            finding.verdict = VerdictKind::LimitTooLow;
            finding.confidence = finding.confidence.min(Confidence::Medium);
        }
        (VerdictKind::Leak | VerdictKind::Burst, Lives::MuchLess { .. }) if !is_brief(&case.shape) => {}
        (VerdictKind::Burst, Lives::MuchLess { .. }) => {}
        (VerdictKind::Leak | VerdictKind::Burst, Lives::Killed { .. }) if is_short(&case.shape) => {
            finding.verdict = VerdictKind::LimitTooLow;
            finding.confidence = Confidence::Low;
            finding.reasons.push(format!(
                "{} is early for a leak, and each run ended the same way: the limit is more likely below what it needs to start",
                words::span(case.shape.onset)
            ));
        }
        (VerdictKind::Leak, _) if may_be_finite(case) && finite::is_finite(case) => {
            finding.verdict = VerdictKind::LimitTooLow;
            finding.confidence = finding.confidence.min(Confidence::Medium);
            finding.reasons.push(
                "it is a program that works through its input and ends, so it more likely needs more than the limit than leaks"
                    .into(),
            );
        }
        (VerdictKind::Leak, _) if is_short(&case.shape) || is_brief(&case.shape) => {
            finding.confidence = Confidence::Low;
            finding.reasons.push(format!(
                "{} of growth is too short to tell a leak from a limit that is too low",
                words::span(case.shape.onset)
            ));
        }
        (VerdictKind::Leak, _) if may_be_finite(case) => {
            finding.confidence = finding.confidence.min(Confidence::Medium);
            finding.reasons.push(
                "it has grown since its start, so this may also be finite work (loading data, compressing a file) that needs \
                 more than the limit"
                    .into(),
            );
        }
        (VerdictKind::Burst, _) if case.shape.onset_at_begin => {
            finding.confidence = finding.confidence.min(Confidence::Medium);
            finding
                .reasons
                .push("it grew right from its start, so it may simply need more than the limit".into());
        }
        _ => {}
    }
}

/// The growth is all that was seen, and there was little of it: no level before it shows what is usual.
fn is_short(shape: &Shape) -> bool {
    let level_before = shape.life.saturating_add(shape.onset);
    shape.onset > -SHORT_LIFE_MS && level_before < shape.onset.saturating_neg()
}

/// The growth is too short for a leak whatever was before it. Of ups and downs it is the time between low points.
fn is_brief(shape: &Shape) -> bool {
    let over = shape.sawtooth.map_or(shape.onset.saturating_neg(), |sawtooth| sawtooth.over);
    over < LEAK_SHOWS_MS
}

/// It grew all the time since it started, and not for long.
fn may_be_finite(case: &Case<'_, '_, '_>) -> bool {
    let shape = &case.shape;
    let level_before = shape.life.saturating_add(shape.onset);
    let born = case.suspect.as_ref().and_then(|suspect| suspect.born);
    born.is_some() && shape.onset > -FINITE_WORK_MS && level_before * 10 < shape.onset.saturating_neg()
}

//! A limit was hit by one that grew: at once, slowing down, or steadily.

use super::super::case::{Case, Finding};
use super::super::shape::{Sawtooth, Shape};
use super::super::thresholds::{JUST_BORN_MS, SHORT_LIFE_MS, SLOWING, SOON_OVER_MS};
use super::super::words;
use super::lives::{self, Lives};
use crate::model::{Confidence, VerdictKind};

/// By the course of the culprit's growth and what its earlier lives needed.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let culprit = case.culprit()?;
    let lives = lives::of(case, &culprit);
    let mut finding = course(case).or_else(|| by_lives(&lives))?;
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

/// Earlier lives tell it where the course is not known.
fn by_lives(lives: &Lives) -> Option<Finding> {
    matches!(lives, Lives::NearLimit { .. }).then(|| Finding {
        verdict: VerdictKind::LimitTooLow,
        confidence: Confidence::Medium,
        reasons: Vec::new(),
        culprit: None,
    })
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
        "its floor changed by {} in {} over {} low points",
        words::size(sawtooth.floor_rise),
        words::span(sawtooth.over),
        sawtooth.troughs
    );
    if sawtooth.rises {
        format!("it goes up and down, and {floor}: part of it is never given back")
    } else {
        format!("it goes up and down, and {floor}: it gives back what it takes")
    }
}

fn soon_over(shape: &Shape) -> String {
    format!(
        "all of its growth ({}) took {}: a leak would have gone on for longer before",
        words::size(shape.bytes),
        words::span(shape.onset)
    )
}

fn slowing(shape: &Shape, early: f64, late: f64) -> String {
    format!(
        "its growth slowed down from {} in the earlier half to {} in the later{}: it was filling up, not leaking",
        words::rate(early),
        words::rate(late),
        until(shape)
    )
}

fn steady(shape: &Shape, early: f64, late: f64) -> String {
    format!(
        "its growth did not slow down: {} in the earlier half, {} in the later{}",
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
    format!(", until the limit was reached {} before the kill", words::span(shape.until))
}

/// Earlier lives decide where the course does not; without them a short one leaves two answers.
fn weigh(case: &Case<'_, '_, '_>, finding: &mut Finding, lives: &Lives) {
    match (finding.verdict, lives) {
        (VerdictKind::Leak | VerdictKind::Burst, Lives::NearLimit { .. }) if is_short(&case.shape) => {
            finding.verdict = VerdictKind::LimitTooLow;
            finding.confidence = finding.confidence.min(Confidence::Medium);
        }
        (VerdictKind::Leak | VerdictKind::Burst, Lives::MuchLess { .. }) => {}
        (VerdictKind::Leak | VerdictKind::Burst, Lives::Killed { .. }) if is_short(&case.shape) => {
            finding.verdict = VerdictKind::LimitTooLow;
            finding.confidence = Confidence::Low;
            finding.reasons.push(format!(
                "{} after its start is early for a leak, and it happens each time: more likely it does not get going within the limit",
                words::span(case.shape.onset)
            ));
        }
        (VerdictKind::Leak, _) if is_short(&case.shape) => {
            finding.confidence = Confidence::Low;
            finding.reasons.push(format!(
                "a leak and a limit that is too low can't be told apart by {} of growth",
                words::span(case.shape.onset)
            ));
        }
        (VerdictKind::Burst, _) if case.shape.onset_at_begin => {
            finding.confidence = finding.confidence.min(Confidence::Medium);
            finding
                .reasons
                .push("it took it right from its start, so it may just need more than the limit".into());
        }
        _ => {}
    }
}

/// The growth is all that was seen, and there was little of it: no level before it shows what is usual.
fn is_short(shape: &Shape) -> bool {
    let level_before = shape.life.saturating_add(shape.onset);
    shape.onset > -SHORT_LIFE_MS && level_before < shape.onset.saturating_neg()
}

//! What kind of failure it was, how sure that is, and what it rests on.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::{Confidence, Diagnosis, Incident, VerdictKind};
use crate::render::answers::{self, confidence, verdict_name};

/// Reasons shown; the record has them all.
const REASONS: usize = 3;
/// The same where one moment is all that is known: its figures stand for the course.
const OF_A_MOMENT: usize = 6;

/// Writes the section with its reasons, nothing where no diagnosis was made.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(diagnosis) = &incident.diagnosis else {
        return;
    };
    page.section("Verdict");
    page.para(verdict(incident, diagnosis), 0);
    reasons(incident, diagnosis).into_iter().for_each(|reason| page.para(format!("· {reason}"), 2));
}

/// The reasons that the answer in short has left out; with the verdict, where that was cut.
pub(super) fn details(page: &mut Page, incident: &Incident, is_shown: bool) {
    let Some(diagnosis) = incident.diagnosis.as_ref().filter(|_| is_shown) else {
        return write(page, incident);
    };
    page.section("Because");
    let all = reasons(incident, diagnosis);
    let first = telling(&all);
    let more = all.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, reason)| reason);
    more.for_each(|reason| page.para(format!("· {reason}"), 2));
}

/// Which reason says most beside the sentence about the process that grew: its share is in that.
fn telling(reasons: &[String]) -> usize {
    let is_share = |reason: &&String| reason.contains("\u{a0}% of the growth (");
    usize::from(reasons.len() > 1 && reasons.first().as_ref().is_some_and(is_share))
}

/// The verdict and its first reason.
pub(super) fn with_reason(incident: &Incident, diagnosis: &Diagnosis) -> Rich {
    let mut text = verdict(incident, diagnosis);
    let all = reasons(incident, diagnosis);
    if let Some(first) = all.get(telling(&all)) {
        text.push(Tone::Plain, format!(" {first}"));
    }
    text
}

/// `Leak, high confidence.`
fn verdict(incident: &Incident, diagnosis: &Diagnosis) -> Rich {
    let mut text = Rich::new().with(Tone::Bold, capital(verdict_name(diagnosis.verdict)));
    if diagnosis.verdict != VerdictKind::Undetermined {
        let tone = if diagnosis.confidence == Confidence::Low { Tone::Yellow } else { Tone::Plain };
        text.push(Tone::Plain, ", ").push(tone, confidence(diagnosis.confidence));
    }
    text.push(Tone::Plain, if answers::is_moment(incident) { ", as of one moment." } else { "." });
    // With a culprit the answer before has said it.
    if diagnosis.culprit.is_none() && !diagnosis.summary.is_empty() {
        text.push(Tone::Plain, format!(" {}", sentence(&diagnosis.summary)));
    }
    text
}

fn reasons(incident: &Incident, diagnosis: &Diagnosis) -> Vec<String> {
    let shown = if answers::is_moment(incident) { OF_A_MOMENT } else { REASONS };
    let new = |reason: &&String| diagnosis.culprit.is_some() || !diagnosis.summary.contains(reason.as_str());
    diagnosis.reasons.iter().filter(new).take(shown).map(|reason| sentence(reason)).collect()
}

/// With a full stop, safe to show.
pub(in crate::render) fn sentence(text: &str) -> String {
    let text = capital(&words::tied(&words::safe(text)));
    if text.ends_with(['.', '!', '?', ':']) { text } else { text + "." }
}

/// Begins with a capital letter, unless it begins with a name.
fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = !first.is_empty() && first.bytes().all(|b| b.is_ascii_lowercase());
    let followed_by_pid = text[first.len()..].trim_start_matches([' ', '\u{a0}']).starts_with('(');
    match text.chars().next() {
        Some(letter) if is_word && !followed_by_pid => {
            letter.to_uppercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

//! What kind of failure it was, how sure that is, and what it rests on.

use super::page::{Page, Rich, Tone};
use super::{who, words};
use crate::model::{Confidence, Incident, VerdictKind};
use crate::render::answers::{self, confidence, culprit_name, verdict_name};

/// Reasons shown; the record has them all.
const REASONS: usize = 3;
/// The same where one moment is all that is known: its figures stand for the course.
const OF_A_MOMENT: usize = 6;

/// Writes the section, nothing where no diagnosis was made.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(diagnosis) = &incident.diagnosis else {
        return;
    };
    page.section("Verdict");
    let mut text = Rich::new().with(Tone::Bold, capital(verdict_name(diagnosis.verdict)));
    if diagnosis.verdict != VerdictKind::Undetermined {
        let tone = if diagnosis.confidence == Confidence::Low { Tone::Yellow } else { Tone::Plain };
        text.push(Tone::Plain, ", ").push(tone, confidence(diagnosis.confidence));
    }
    let moment = answers::is_moment(incident);
    text.push(Tone::Plain, if moment { ", as of one moment." } else { "." });
    // With a culprit the section before has said it.
    if diagnosis.culprit.is_none() && !diagnosis.summary.is_empty() {
        text.push(Tone::Plain, format!(" {}", sentence(&diagnosis.summary)));
    }
    page.para(text, 0);
    let said = |reason: &&String| diagnosis.culprit.is_some() || !diagnosis.summary.contains(reason.as_str());
    for reason in diagnosis.reasons.iter().filter(said).take(if moment { OF_A_MOMENT } else { REASONS }) {
        page.para(format!("· {}", sentence(reason)), 2);
    }
}

/// The verdict for the headline, where it is sure enough: `A leak: report (pid 157), 91 % of the growth, 3.1 MiB/s ...`
pub(super) fn headline(incident: &Incident) -> Rich {
    let diagnosis = incident.diagnosis.as_ref().filter(|diagnosis| diagnosis.confidence > Confidence::Low);
    let Some((verdict, culprit)) = diagnosis.and_then(|d| Some((d.verdict, d.culprit.as_ref()?))) else {
        return Rich::new();
    };
    let who_it_was = culprit_name(culprit);
    let pace = who::pace(culprit).map_or(String::new(), |pace| format!(", {pace}"));
    let text = match verdict {
        VerdictKind::Leak => format!("{who_it_was} leaks{pace}."),
        VerdictKind::Burst => format!("{who_it_was} took most of its memory at once{pace}."),
        VerdictKind::NoLimit => format!("{who_it_was} grew without a limit{pace}."),
        VerdictKind::LimitTooLow => format!("The limit is too low for {who_it_was}."),
        VerdictKind::HostTooSmall => "The machine is too small for what runs on it.".into(),
        VerdictKind::Shmem | VerdictKind::KernelMemory | VerdictKind::PageCache => {
            format!("It was filled by {who_it_was}.")
        }
        VerdictKind::ForkSwarm => format!("Too many processes: {who_it_was}."),
        VerdictKind::Neighbour => format!("It died for another: {who_it_was} grew{pace}."),
        VerdictKind::Undetermined => return Rich::new(),
    };
    Rich::new().with(Tone::Bold, capital(&text))
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

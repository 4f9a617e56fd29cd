//! The answer in a dozen lines: what was killed and whose limit it was, the process that grew, the verdict, what to change.

use super::page::{Page, Rich, Tone};
use super::{command, graph, headline, verdict, who, words};
use crate::model::{Advice, Incident};
use crate::render::answers;
use crate::words::width::columns;

/// Columns for which the numbers of lines hold; in fewer a text takes more.
const COLUMNS: usize = 80;
/// Lines of each part; with the row of blocks they are twelve.
const TITLE: usize = 1;
const HEADLINE: usize = 2;
const WHO: usize = 2;
const VERDICT: usize = 2;
const ACTION: usize = 2;
const COMMAND: usize = 2;

/// Which parts are shown whole, so that the details need not repeat them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// The sentence about the process that grew.
    pub(super) who: bool,
    /// The verdict with its first reason.
    pub(super) verdict: bool,
}

/// Writes the block.
pub(super) fn write(page: &mut Page, incident: &Incident) -> Shown {
    page.para_of(headline::title(incident), 2, lines(page, TITLE));
    page.para_of(headline::sentence(incident), 0, lines(page, HEADLINE));
    let Some(diagnosis) = &incident.diagnosis else {
        return Shown { who: true, verdict: true };
    };
    page.section("Who");
    let who = page.para_of(who::answer(incident, diagnosis), 0, lines(page, WHO));
    graph::row(page, incident);
    page.section("Verdict");
    let verdict = page.para_of(verdict::with_reason(incident, diagnosis), 0, lines(page, VERDICT));
    page.section("Change");
    match diagnosis.advice.as_slice() {
        [] => page.para(answers::change::NONE, 0),
        [first, rest @ ..] => change(page, first, rest.len()),
    }
    Shown { who, verdict }
}

/// The first advice, and how many more the details have.
fn change(page: &mut Page, advice: &Advice, more: usize) {
    let mut text = Rich::new().with(Tone::Bold, verdict::sentence(&advice.action));
    if more > 0 {
        text.push(Tone::Dim, format!(" ({more} more below)"));
    }
    page.para_of(text, 0, lines(page, ACTION));
    // A command that is cut, or that a terminal breaks, is not one to copy: the details have it whole.
    if let Some(line) = advice.command.as_deref().map(words::safe) {
        let fits = command::lines(&line, page.room().saturating_sub(2));
        if fits.len() <= COMMAND && fits.iter().all(|line| columns(line) + 2 <= page.room()) {
            page.command(&line, 2);
        }
    }
}

/// Lines for a text that takes `wanted` of them in 80 columns.
fn lines(page: &Page, wanted: usize) -> usize {
    (wanted * COLUMNS).div_ceil(page.width().clamp(1, COLUMNS))
}

//! The formats that are streams of records: text and JSON.

use anyhow::Result;

use crate::command::terminal::Look;
use crate::evidence::{Evidence, Group, Verdict, groups};
use crate::model::Event;
use crate::render::{Ndjson, Render, Text, comparison, elsewhere_heading, verdict_name};
use crate::words::escape;

/// Columns of the lines of the overview.
const WIDTH: usize = 100;
/// Groups that are listed.
const GROUPS: usize = 50;
/// Kills of one file that are written whole; the others are in the overview.
const KILLS: usize = 1000;

/// The reports of all kills, with what was lost and what the streams prove.
pub(super) fn document(all: &[Evidence], look: Look) -> Vec<u8> {
    let mut text = Text::new(look.style());
    let mut out = Vec::new();
    if all.len() > 1 {
        comparison(&mut out, all);
    }
    for evidence in all {
        if !look.layout.brief {
            overview(&mut out, evidence, all.len() > 1);
        }
        for event in events(evidence, KILLS).filter(|event| !matches!(event, Event::Header(_))) {
            // It says of logs that they were read, not that nothing was missed.
            if evidence.is_of_logs() && matches!(event, Event::Footer(_)) {
                continue;
            }
            // Writing to memory can't fail.
            let _ = text.event(&event, &mut out);
        }
        elsewhere(&mut out, evidence);
        let more = evidence.incidents.len().saturating_sub(KILLS);
        if more > 0 {
            let text = format!(
                "note: {more} more kills are in the overview above only; `oomtrace report -f json` writes all of them"
            );
            line(&mut out, &text);
        }
        closing(&mut out, evidence);
    }
    out
}

/// What died how often, where there is more than one kill.
fn overview(out: &mut Vec<u8>, evidence: &Evidence, named: bool) {
    if named {
        line(out, &format!("== {}", escape::text(&evidence.name)));
    }
    if evidence.incidents.len() > 1 {
        line(out, &format!("{} OOM kills:", evidence.incidents.len()));
        kinds(out, &groups(&evidence.incidents));
    }
}

/// A line a group, with what its runs show together.
fn kinds(out: &mut Vec<u8>, groups: &[Group<'_>]) {
    for group in groups.iter().take(GROUPS) {
        let comm = match escape::bytes(group.comm.as_bytes()) {
            name if name.is_empty() => "unnamed".into(),
            name => name,
        };
        let limit =
            group.limit.as_ref().map_or("no cgroup's limit".into(), |path| escape::bytes(path.as_bytes()));
        let cause = group.cause.map_or(String::new(), |cause| format!("  {}", verdict_name(cause)));
        let text = format!("  {:>5} x {comm}  {limit}{cause}", group.incidents.len());
        line(out, &crate::words::width::cut(&text, WIDTH));
        if let Some(again) = group.recurrence() {
            line(out, &format!("          {}", crate::diagnose::again(again)));
        }
    }
    if groups.len() > GROUPS {
        line(out, &format!("  and {} more kinds of kills", groups.len() - GROUPS));
    }
}

/// Kills during a run that are not of its command: a line a kind.
fn elsewhere(out: &mut Vec<u8>, evidence: &Evidence) {
    if let Some(heading) = elsewhere_heading(evidence) {
        line(out, "");
        line(out, &heading);
        kinds(out, &groups(&evidence.elsewhere));
    }
}

/// Peaks and growth side by side, one line a recording.
fn comparison(out: &mut Vec<u8>, all: &[Evidence]) {
    for row in comparison::rows(all) {
        line(out, &row.replace('\u{a0}', " "));
    }
    line(out, "");
}

fn closing(out: &mut Vec<u8>, evidence: &Evidence) {
    if evidence.incidents.is_empty() && evidence.verdict() == Verdict::Pass {
        line(
            out,
            match evidence.elsewhere.is_empty() {
                true => "No process was killed.",
                false => "No process of the command was killed.",
            },
        );
    }
    if evidence.footer.is_none() || evidence.is_of_logs() {
        line(out, "");
        evidence.doubts().iter().for_each(|doubt| line(out, &format!("unknown: {}", escape::text(doubt))));
    }
    evidence.unread.notes().iter().for_each(|note| line(out, &format!("note: {}", escape::text(note))));
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

/// The records as a stream that can be read again.
///
/// # Errors
/// None that a record of ours causes.
pub(super) fn records(all: &[Evidence]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut ndjson = Ndjson::new();
    for event in all.iter().flat_map(|evidence| events(evidence, usize::MAX)) {
        ndjson.event(&event, &mut out)?;
    }
    Ok(out)
}

/// A stream's records in order of kind, with the first of its kills.
fn events(evidence: &Evidence, kills: usize) -> impl Iterator<Item = Event> + '_ {
    let header = evidence.header.iter().cloned().map(Event::Header);
    let kills =
        evidence.incidents.iter().take(kills).cloned().map(|incident| Event::OomKill(Box::new(incident)));
    let no_kills = evidence.no_kills.iter().cloned().map(Event::OomNoKill);
    let samples = evidence.samples.iter().cloned().map(Event::Sample);
    let sigkills = evidence.sigkills.iter().cloned().map(|sigkill| Event::Sigkill(Box::new(sigkill)));
    let alerts = evidence.alerts.iter().cloned().map(|alert| Event::Alert(Box::new(alert)));
    let losses = evidence.losses.iter().cloned().map(Event::Lost);
    let footer = evidence.footer.iter().cloned().map(Event::Footer);
    let userspace = evidence.userspace_kills.iter().cloned();
    let userspace = userspace.map(|kill| Event::UserspaceKill(Box::new(kill)));
    let others = no_kills.chain(sigkills).chain(userspace);
    header.chain(samples).chain(kills).chain(others).chain(alerts).chain(losses).chain(footer)
}

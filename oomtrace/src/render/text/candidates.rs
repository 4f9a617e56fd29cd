//! The tasks the kernel chose from.

use super::page::{Page, Rich, Tone};
use super::score::{EXEMPT, Unit};
use super::table::{Column, Table};
use super::words;
use crate::model::{Candidate, Incident};
use crate::words::bytes;

/// Rows shown.
const TOP: usize = 8;
/// Columns of a full bar.
const BAR: usize = 20;

/// Writes the table, nothing when there are no candidates.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    if incident.candidates.is_empty() {
        return;
    }
    page.section("Candidates");
    let chosen = words::chosen(incident).map(|victim| victim.pid);
    let ranked = || incident.candidates.iter().enumerate();
    // The chosen one is shown even where its score put it further down.
    let late = ranked().skip(TOP).find(|(_, c)| Some(c.pid) == chosen);
    let shown: Vec<_> = ranked().take(TOP).chain(late).collect();
    let rows = shown.iter().map(|(rank, c)| row(incident, *rank, c, chosen)).collect();
    Table { columns: columns(), flexible: 3, rows }.write(page);
    rest(page, incident, &shown);
}

fn columns() -> Vec<Column> {
    let column = |title, right, spare| Column { title, right, spare };
    vec![
        column("", false, 0),
        column("#", true, 3),
        column("PID", true, 0),
        column("NAME", false, 0),
        column("BADNESS", true, 0),
        column("RSS", true, 2),
        column("SWAP", true, 5),
        column("TABLES", true, 6),
        column("ADJ", true, 1),
        column("", false, 7),
    ]
}

fn row(incident: &Incident, rank: usize, c: &Candidate, chosen: Option<u32>) -> (Tone, Vec<String>) {
    let figure = |value: Option<u64>| value.map_or(String::new(), bytes::size);
    let tone = match incident.victims.iter().any(|victim| victim.pid == c.pid) {
        true => Tone::Red,
        false => Tone::Plain,
    };
    let cells = vec![
        if Some(c.pid) == chosen { ">".into() } else { String::new() },
        (rank + 1).to_string(),
        c.pid.to_string(),
        words::name(&c.comm),
        badness(incident, c),
        figure(c.rss_bytes),
        figure(c.swap_bytes),
        figure(c.page_table_bytes),
        c.oom_score_adj.map_or(String::new(), |adj| adj.to_string()),
        bar(incident, c),
    ];
    (tone, cells)
}

fn badness(incident: &Incident, c: &Candidate) -> String {
    match (c.points, c.oom_score_adj) {
        (Some(points), _) => Unit::of(incident).figure(points),
        (None, Some(EXEMPT)) => "exempt".into(),
        (None, _) => "-".into(),
    }
}

/// The score against the highest one.
fn bar(incident: &Incident, c: &Candidate) -> String {
    let scores = || incident.candidates.iter().filter_map(|c| c.points).filter(|points| *points != i64::MAX);
    let top = i128::from(scores().max().unwrap_or(0));
    let own = i128::from(c.points.unwrap_or(0)).clamp(0, top.max(0));
    let length = (own * BAR as i128).checked_div(top).unwrap_or(0);
    "█".repeat(usize::try_from(length).unwrap_or(0))
}

/// How many were scored and are not shown; those that could not be chosen do not count.
fn rest(page: &mut Page, incident: &Incident, shown: &[(usize, &Candidate)]) {
    let scored = incident.candidates.iter().filter(|c| c.points.is_some()).count();
    let scored = incident.candidates_scored.map_or(scored, |all| scored.max(all as usize));
    // A log may not tell the size that an adjustment is a part of: such a task was scored all the same.
    let counted = |c: &Candidate| c.points.is_some() || c.oom_score_adj.is_some_and(|adj| adj != -1000);
    let more = scored.saturating_sub(shown.iter().filter(|(_, c)| counted(c)).count());
    if more > 0 {
        let more = bytes::count(i64::try_from(more).unwrap_or(i64::MAX));
        page.para(Rich::new().with(Tone::Dim, format!("and {more} more, none with a higher badness")), 0);
    }
}

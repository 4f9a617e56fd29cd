//! Many kills at a glance: what died how often, at whose limit and for what.

use super::TextStyle;
use super::page::{Page, Rich, Tone};
use super::table::{Column, Table};
use crate::diagnose;
use crate::evidence::{Group, groups};
use crate::model::Incident;
use crate::render::answers;
use crate::render::text::words;
use crate::render::timeline::short_path;
use crate::words::bytes;

/// Groups that are listed.
const GROUPS: usize = 30;

/// The kinds of `kills`, the most frequent first; empty for fewer than two.
#[must_use]
pub fn overview<'a>(kills: impl IntoIterator<Item = &'a Incident>, style: TextStyle) -> String {
    let kills: Vec<&Incident> = kills.into_iter().collect();
    let (Some(first), Some(last)) = (kills.first(), kills.last()) else { return String::new() };
    if kills.len() < 2 {
        return String::new();
    }
    let groups = groups(kills.iter().copied());
    let mut page = Page::new(TextStyle { width: style.width.clamp(40, 200), ..style });
    let kinds = if groups.len() == 1 { "one kind".to_owned() } else { format!("{} kinds", groups.len()) };
    let text = format!("{} OOM kills of {kinds}", count(kills.len()));
    let span = format!(", {} to {}", second(first), second(last));
    page.para(Rich::new().with(Tone::Bold, text).with(Tone::Plain, span), 2);
    page.gap();
    table(&groups).write(&mut page);
    let hidden = groups.get(GROUPS..).unwrap_or_default();
    if !hidden.is_empty() {
        let kills = hidden.iter().map(|group| group.incidents.len()).sum();
        page.para(format!("… and {} more kinds with {} kills", hidden.len(), count(kills)), 2);
    }
    again(&mut page, &groups);
    page.finish()
}

fn table(groups: &[Group<'_>]) -> Table {
    let column = |title, right, spare| Column { title, right, spare };
    Table {
        columns: vec![
            column("KILLS", true, 0),
            column("VICTIM", false, 0),
            column("CAUSE", false, 0),
            column("LAST", false, 1),
            column("WHOSE LIMIT", false, 0),
        ],
        flexible: 4,
        rows: groups.iter().take(GROUPS).map(row).collect(),
    }
}

fn row(group: &Group<'_>) -> (Tone, Vec<String>) {
    let last = group.incidents.last();
    let cells = vec![
        count(group.incidents.len()),
        words::name(&group.comm),
        group.cause.map_or(String::new(), |cause| answers::verdict_name(cause).to_owned()),
        last.map_or(String::new(), |last| second(last)),
        last.map_or(String::new(), |last| whose(last)),
    ];
    (Tone::Plain, cells)
}

/// The limit's size, then as much of the end of its path as fits: that tells cgroups apart.
fn whose(kill: &Incident) -> String {
    let Some(memcg) = &kill.scope.memcg else { return answers::limit(kill) };
    let path = short_path(&memcg.level.path);
    match memcg.level.limit_bytes {
        Some(limit) => format!("{} {path}", bytes::size(limit)),
        None => path,
    }
}

/// What rows of kills show together.
fn again(page: &mut Page, groups: &[Group<'_>]) {
    for group in groups.iter().take(GROUPS) {
        if let Some(again) = group.recurrence() {
            page.para(format!("{}: {}", words::name(&group.comm), diagnose::again(again)), 2);
        }
    }
}

/// When it was, to the second.
fn second(kill: &Incident) -> String {
    let when = answers::when(kill);
    match when.strip_suffix(" UTC").and_then(|time| time.split_once('.')) {
        Some((second, _)) => second.to_owned(),
        None => when,
    }
}

fn count(kills: usize) -> String {
    bytes::count(i64::try_from(kills).unwrap_or(i64::MAX))
}

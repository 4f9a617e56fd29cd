//! Memory over time as rows of blocks: what ran out, the culprit and the victim, all on the scale of the limit.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::kernel::cgroup::container;
use crate::model::{Entity, EntityKind, History, Incident};
use crate::render::spark;
use crate::render::timeline::{self, Part, Series};
use crate::words::width::{columns, cut};

/// Rows at the most.
const ROWS: usize = 4;
/// Columns of the names at the most.
const NAME: usize = 20;
/// Columns of blocks: fewer say nothing, more say no more.
const BLOCKS: std::ops::RangeInclusive<usize> = 8..=60;
/// Shown before the growth began, in percent of its length, so that the begin is seen.
const BEFORE: i64 = 50;
/// Samples of processes shown at the least, for the same reason.
const SAMPLES: u64 = 20;

/// Writes the rows and their axis, nothing where there is nothing to compare.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(history) = incident.history.as_ref() else {
        return;
    };
    let mut series = timeline::series(incident, history);
    series.retain(|s| s.part != Part::Other && s.entity.points.len() > 1);
    series.sort_by_key(|s| (s.part != Part::Scope, s.part == Part::Victim));
    series.truncate(ROWS);
    let from = begin(incident, history, &series);
    if series.is_empty() || from >= 0 {
        return;
    }
    let scope = series.iter().find(|s| s.part == Part::Scope).map(|s| s.entity);
    let top = scope.and_then(|scope| scope.limit_bytes).unwrap_or(0);
    let top = top.max(series.iter().map(|s| timeline::peak(s.entity)).max().unwrap_or(0)).max(1);
    let rows: Vec<_> = series.iter().map(|s| Row::of(s, from)).collect();
    let name = rows.iter().map(|row| columns(&row.name)).max().unwrap_or(0).min(NAME).min(page.room() / 4);
    let held = rows.iter().map(|row| columns(&row.held)).max().unwrap_or(0);
    let room = page.room().saturating_sub(name + held + 2);
    if room < *BLOCKS.start() {
        return;
    }
    let blocks = room.min(*BLOCKS.end());
    for row in &rows {
        let cell = cut(&row.name, name);
        let pad = " ".repeat(name - columns(&cell));
        let line = spark::line(row.points, from, 0, blocks, top);
        page.row(
            &Rich::new()
                .with(row.tone, cell)
                .with(Tone::Plain, format!("{pad} {line}"))
                .with(Tone::Dim, if row.held.is_empty() { String::new() } else { format!(" {}", row.held) }),
        );
    }
    axis(page, from, name, blocks);
}

struct Row<'a> {
    tone: Tone,
    name: String,
    held: String,
    points: &'a [(i64, u64)],
}

impl<'a> Row<'a> {
    fn of(series: &Series<'a>, from: i64) -> Self {
        let entity = series.entity;
        let tone = match series.part {
            Part::Victim | Part::VictimAndCulprit => Tone::Red,
            Part::Culprit | Part::Scope => Tone::Bold,
            Part::Other => Tone::Plain,
        };
        // Before the first point that is shown there may be one that still holds then.
        let first = entity.points.iter().rposition(|(t, _)| *t <= from).unwrap_or(0);
        Self {
            tone,
            name: name(entity),
            held: held(entity),
            points: entity.points.get(first..).unwrap_or_default(),
        }
    }
}

/// A process's or family's name, the last part of a cgroup's path, or the machine.
fn name(entity: &Entity) -> String {
    match entity.kind {
        EntityKind::Process | EntityKind::Family => {
            let name = entity.comm.as_ref().map_or("unnamed".into(), words::name);
            match entity.members.filter(|members| *members > 1) {
                Some(members) => format!("{name} ×{members}"),
                None => name,
            }
        }
        EntityKind::Cgroup => {
            let contained =
                entity.path.as_ref().and_then(|path| container::identify(path.as_bytes()).container);
            if let Some(container) = contained {
                return if container.id.is_some() { "container" } else { "pod" }.into();
            }
            let path = entity.path.as_ref().map(words::shown).unwrap_or_default();
            path.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or("cgroup").to_owned()
        }
        EntityKind::System => "machine".into(),
    }
}

/// What it held last, of its limit where it has one.
fn held(entity: &Entity) -> String {
    let last = entity.points.last().map_or(0, |(_, bytes)| *bytes);
    match (entity.kind, entity.limit_bytes) {
        (EntityKind::Cgroup | EntityKind::System, Some(limit)) => {
            format!("{} of {}", words::size(last), words::size(limit))
        }
        _ => words::size(last),
    }
}

/// Where the picture begins: half as long again as the growth before it, and never before the first sample.
fn begin(incident: &Incident, history: &History, series: &[Series<'_>]) -> i64 {
    let diagnosis = incident.diagnosis.as_ref();
    let window = diagnosis.and_then(|diagnosis| diagnosis.window.as_ref()).map(|window| window.from_ms);
    let since = diagnosis.and_then(|diagnosis| diagnosis.culprit.as_ref()?.since_ms);
    let growth = window.into_iter().chain(since).filter(|ms| *ms < 0).min();
    let first = series.iter().filter_map(|s| s.entity.points.first()).map(|(t, _)| *t).min().unwrap_or(0);
    let span = i64::try_from(history.span_ms).map_or(i64::MIN, |span| -span);
    let earliest = first.max(span);
    let interval = history.process_interval_ms.unwrap_or(history.interval_ms);
    let least = i64::try_from(interval.saturating_mul(SAMPLES)).map_or(i64::MIN, |ms| -ms);
    let whole = |ms: i64| ms.saturating_add(ms.saturating_mul(BEFORE) / 100);
    growth.map_or(earliest, |ms| whole(ms).min(least).max(earliest))
}

/// `-90.0 s          -45.0 s           kill` below the blocks.
fn axis(page: &mut Page, from: i64, name: usize, blocks: usize) {
    let (left, middle, right) = (ago(from), ago(from / 2), "kill");
    let taken = columns(&left) + columns(&middle) + right.len();
    let mut line = left.clone();
    if taken + 4 <= blocks && from / 2 < 0 {
        let start = (blocks / 2).saturating_sub(columns(&middle) / 2).max(columns(&left) + 1);
        line += &" ".repeat(start - columns(&left));
        line += &middle;
    }
    let gap = blocks.saturating_sub(columns(&line) + right.len());
    line += &" ".repeat(gap.max(1));
    line += right;
    page.row(&Rich::new().with(Tone::Dim, format!("{}{line}", " ".repeat(name + 1))));
}

fn ago(ms: i64) -> String {
    format!("-{}", words::duration(ms.unsigned_abs().saturating_mul(1_000_000)))
}

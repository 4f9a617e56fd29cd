//! Memory before the kill, a row each.

use super::{escape, line, table};
use crate::model::{Entity, History, Incident};
use crate::render::spark;
use crate::render::text::words;
use crate::render::timeline::{self, Part};

/// Columns of a row of blocks.
const COLUMNS: usize = 40;
/// Rows.
const ROWS: usize = 8;

pub(super) fn write(out: &mut String, incident: &Incident) {
    let Some(history) = &incident.history else { return };
    let series = timeline::series(incident, history);
    let points = || series.iter().flat_map(|series| &series.entity.points);
    let (Some(from), Some(to)) = (points().map(|(t, _)| *t).min(), points().map(|(t, _)| *t).max()) else {
        return;
    };
    line(
        out,
        &format!(
            "\n### The last {} before the kill\n",
            escape::prose(&timeline::span(to.saturating_sub(from)))
        ),
    );
    let rows = series.iter().take(ROWS).map(|series| row(series.part, series.entity, from, to));
    table(out, &["", "Who", "Memory over time", ">First", ">Peak", ">At the kill"], rows);
    line(out, &format!("\n{}", escape::prose(&how(history))));
}

fn row(part: Part, entity: &Entity, from: i64, to: i64) -> Vec<String> {
    let points = &entity.points;
    let peak = points.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
    // Against its limit, where it has one: how close it came is what matters.
    let top = entity.limit_bytes.filter(|limit| *limit < peak.saturating_mul(4)).unwrap_or(peak).max(peak);
    let size = |point: Option<&(i64, u64)>| {
        point.map_or(String::new(), |(_, bytes)| escape::prose(&words::size(*bytes)))
    };
    vec![
        part.word().into(),
        escape::code(&timeline::name(entity)),
        format!("`{}`", spark::line(points, from, to, COLUMNS, top)),
        size(points.first()),
        escape::prose(&words::size(peak)),
        if entity.exited_ms.is_some() { "gone".into() } else { size(points.last()) },
    ]
}

fn how(history: &History) -> String {
    let every = timeline::interval(history.interval_ms);
    let mut text = format!("Sampled every {every}");
    if let Some(processes) = history.process_interval_ms.filter(|ms| *ms != history.interval_ms) {
        text += &format!(", processes every {}", timeline::interval(processes));
    }
    text + "; what was before the first sample is not known."
}

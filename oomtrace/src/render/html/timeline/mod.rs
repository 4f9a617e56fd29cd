//! Memory before the kill: scope against its limit, victim, culprit and others, as SVG with a table that says the same.

mod chart;
mod legend;
mod scale;
mod slices;

use super::incident::Place;
use super::parts::card;
use crate::model::{EntityKind, History, Incident};
use crate::render::markup::Markup;
use crate::render::text::words;
use crate::render::timeline::{self, Part, Series};
use chart::Chart;
use scale::{Frame, Scale};

/// Views besides the whole: the last ... milliseconds, with their names.
const VIEWS: [(i64, &str); 2] = [(60_000, "Last minute"), (10_000, "Last 10 s")];

/// The section; a kill without samples says so.
pub(super) fn write(page: &mut Markup, incident: &Incident, place: &Place) {
    card(page, "Memory before the kill", |page| match &incident.history {
        Some(history) if history.entities.iter().any(|entity| entity.points.len() > 1) => {
            figure(page, incident, history, place);
        }
        Some(_) | None => {
            let text = "Nothing was sampled before this kill, so there is no timeline. What each process held at the kill is below.";
            page.text_tag("p", &[("class", "dim")], text);
        }
    });
}

fn figure(page: &mut Markup, incident: &Incident, history: &History, place: &Place) {
    let series = timeline::series(incident, history);
    let from = series.iter().flat_map(|s| s.entity.points.first()).map(|(t, _)| *t).min().unwrap_or(-1);
    page.tag("figure", &[], |page| {
        page.text_tag("figcaption", &[], &caption(incident, history, from));
        let views = views(from, place.is_plain());
        page.tag("div", &[("class", "zoom")], |page| {
            if views.len() > 1 {
                choices(page, &views, place);
            }
            page.tag("div", &[("class", "views")], |page| {
                for (from, _) in &views {
                    page.tag("div", &[("class", "view")], |page| view(page, incident, &series, *from, place));
                }
            });
        });
        legend::write(page, incident, &series);
    });
}

/// The whole, and what is much shorter.
fn views(from: i64, only_whole: bool) -> Vec<(i64, String)> {
    let mut views = vec![(from, format!("All {}", timeline::span(from)))];
    if !only_whole {
        let shorter = VIEWS.iter().filter(|(ms, _)| -from > ms * 3 / 2);
        views.extend(shorter.map(|(ms, name)| (-ms, (*name).to_owned())));
    }
    views
}

/// A choice between views that needs no script.
fn choices(page: &mut Markup, views: &[(i64, String)], place: &Place) {
    let group = format!("zoom-{}", place.number);
    for (at, (_, name)) in views.iter().enumerate() {
        let id = format!("{group}-{at}");
        let mut attributes = vec![("type", "radio"), ("name", &group), ("id", &id)];
        attributes.extend((at == 0).then_some(("checked", "checked")));
        page.empty("input", &attributes);
        page.text_tag("label", &[("for", &id)], name);
    }
}

/// One span of time, drawn for wide and for narrow screens; the style sheet shows one of them.
fn view(page: &mut Markup, incident: &Incident, series: &[Series<'_>], from: i64, place: &Place) {
    let top = top(series, from);
    for frame in [Frame::WIDE, Frame::NARROW] {
        let chart = Chart { incident, series, scale: Scale { frame, from, top }, hover: !place.is_plain() };
        chart.write(page);
    }
}

/// The highest value of the y axis: room above limit and peak.
fn top(series: &[Series<'_>], from: i64) -> u64 {
    let peaks =
        series.iter().flat_map(|s| &s.entity.points).filter(|(t, _)| *t >= from).map(|(_, bytes)| *bytes);
    let peak = peaks.max().unwrap_or(0);
    let limits = series.iter().filter(|s| s.part == Part::Scope).filter_map(|s| s.entity.limit_bytes);
    // A limit far above everything would press the lines flat.
    let limit = limits.filter(|limit| *limit <= peak.saturating_mul(4)).max().unwrap_or(0);
    let highest = peak.max(limit).max(1);
    highest.saturating_add(highest / 12)
}

/// What the picture shows, in words.
fn caption(incident: &Incident, history: &History, from: i64) -> String {
    let source = match history.process_interval_ms {
        Some(processes) if processes != history.interval_ms => format!(
            "cgroups every {}, processes every {}",
            timeline::interval(history.interval_ms),
            timeline::interval(processes)
        ),
        _ => format!("every {}", timeline::interval(history.interval_ms)),
    };
    let scope = history.entities.iter().find(|entity| entity.kind == EntityKind::Cgroup && entity.in_scope);
    let evicted = match history.evicted {
        0 => String::new(),
        evicted => format!(" {evicted} processes or cgroups were dropped from the history (buffer full)."),
    };
    let limit = scope
        .and_then(|scope| scope.limit_bytes)
        .map_or(String::new(), |limit| format!(" Limit {}.", words::size(limit)));
    format!(
        "The last {} until the kill at {}, sampled {source}.{limit}{evicted}",
        timeline::span(from),
        words::time(&incident.time)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_much_shorter_than_the_whole() {
        let names = |from| views(from, false).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names(-600_000), ["All 10\u{a0}min", "Last minute", "Last 10 s"]);
        assert_eq!(names(-20_000), ["All 20\u{a0}s", "Last 10 s"]);
        assert_eq!(names(-5_000), ["All 5\u{a0}s"]);
        assert_eq!(views(-600_000, true).len(), 1);
    }
}

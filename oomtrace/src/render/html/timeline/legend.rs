//! Who is who in the picture, with the figures: also the picture's text alternative.

use super::chart::class;
use crate::model::{Culprit, Entity, Incident};
use crate::render::answers;
use crate::render::html::parts::{number, size, table};
use crate::render::markup::Markup;
use crate::render::timeline::{self, Part, Series};
use crate::words::bytes;

pub(super) fn write(page: &mut Markup, incident: &Incident, series: &[Series<'_>]) {
    let titles = [
        ("Process or cgroup", false),
        ("First", true),
        ("Peak", true),
        ("At the kill", true),
        ("Change", true),
        ("Growth rate", true),
    ];
    table(page, "Values", &titles, |page| {
        for (at, one) in series.iter().enumerate() {
            page.tag("tr", &[], |page| row(page, incident, one, class(series, at)));
        }
    });
}

fn row(page: &mut Markup, incident: &Incident, series: &Series<'_>, class: &'static str) {
    let entity = series.entity;
    page.tag("td", &[("class", "name")], |page| {
        page.tag("svg", &[("class", "swatch"), ("viewBox", "0 0 30 10"), ("aria-hidden", "true")], |svg| {
            let class = format!("line {class}");
            svg.empty("line", &[("class", &class), ("x1", "1"), ("x2", "29"), ("y1", "5"), ("y2", "5")]);
        });
        page.text(&timeline::name(entity));
        let (class, word) = match series.part {
            Part::Scope => {
                ("tag plain", if entity.limit_bytes.is_some() { "limit hit here" } else { "scope" })
            }
            Part::VictimAndCulprit => ("tag", "victim and culprit"),
            Part::Victim => ("tag", "victim"),
            Part::Culprit => ("tag culprit", "culprit"),
            Part::Other => ("", ""),
        };
        if !word.is_empty() {
            page.text_tag("span", &[("class", class)], word);
        }
    });
    let (first, last) = (entity.points.first(), entity.points.last());
    size(page, first.map(|(_, bytes)| *bytes));
    size(page, Some(timeline::peak(entity)));
    match gone(entity) {
        Some(gone) => number(page, &gone),
        None => size(page, last.map(|(_, bytes)| *bytes)),
    }
    let change = first.zip(last).map(|((_, first), (_, last))| i128::from(*last) - i128::from(*first));
    number(page, &change.map(signed).unwrap_or_default());
    number(page, &rate(incident, series).unwrap_or_default());
}

/// When it exited, where that was before the kill.
fn gone(entity: &Entity) -> Option<String> {
    let before = entity.exited_ms.filter(|t| *t < 0)?;
    Some(format!("gone {} before", timeline::span(before)))
}

fn signed(change: i128) -> String {
    let plus = if change > 0 { "+" } else { "" };
    format!("{plus}{}", bytes::signed_size(change).replace(' ', "\u{a0}"))
}

/// As the diagnosis has it; no other is worked out here.
fn rate(incident: &Incident, series: &Series<'_>) -> Option<String> {
    let diagnosis = incident.diagnosis.as_ref()?;
    let mut all = diagnosis.culprit.iter().chain(&diagnosis.others);
    let matches = |one: &&Culprit| timeline::is_culprit(one, series.entity);
    let found = all.find(matches)?;
    answers::paced(found)
}

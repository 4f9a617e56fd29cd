//! The kernel's reason: the victim's badness as a sum, and everybody it was compared with.

use super::parts::{bar, card, cell, number, size, table};
use crate::model::{BadnessParts, Candidate, Incident, Victim};
use crate::render::markup::Markup;
use crate::render::text::score::{self, Unit};
use crate::render::text::words;
use crate::words::bytes;

/// Candidates that are listed.
const SHOWN: usize = 100;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let victim = words::chosen(incident);
    let parts = victim.and_then(|victim| Some((victim, victim.badness.as_ref()?.parts.as_ref()?)));
    if parts.is_none() && incident.candidates.is_empty() {
        return;
    }
    card(page, "Why this victim: badness", |page| {
        page.tag("div", &[("class", "split")], |page| {
            if let Some((victim, parts)) = parts {
                page.tag("div", &[], |page| sum(page, incident, victim, parts));
            }
            if !incident.candidates.is_empty() {
                page.tag("div", &[], |page| candidates(page, incident));
            }
        });
    });
}

/// As one would add it up on paper.
fn sum(page: &mut Markup, incident: &Incident, victim: &Victim, parts: &BadnessParts) {
    let page_size = incident.host.page_size;
    let unit = if page_size == 0 { Unit::BarePages } else { Unit::Pages(page_size) };
    let adj = parts.adj_pages.unwrap_or(0);
    let summands = [parts.rss_pages, parts.swap_pages, parts.page_table_pages, adj];
    let total = summands.iter().fold(0_i64, |sum, part| sum.saturating_add(*part));
    let is_score = score::of(incident, victim) == Some(total);
    let caption = format!("Badness of {}, by its parts", words::task(&victim.comm, victim.pid));
    table(page, &caption, &[("Part", false), ("Size", true), ("Pages", true)], |page| {
        let names = ["resident", "+ swap", "+ page tables"];
        for (name, pages) in names.into_iter().zip(summands) {
            row(page, "", name, unit, pages);
        }
        let adjustment =
            victim.oom_score_adj.map_or("+ oom_score_adj".into(), |adj| format!("+ oom_score_adj {adj}"));
        row(page, "", &adjustment, unit, adj);
        row(page, "sum", if is_score { "= badness" } else { "= sum" }, unit, total);
    });
    if let Some(points) = victim.badness.as_ref().and_then(|badness| badness.points)
        && points != total
        && points != i64::MAX
    {
        let text = format!("The kernel itself had {}.", Unit::of(incident).figure(points));
        page.text_tag("p", &[("class", "dim small")], &text);
    }
}

fn row(page: &mut Markup, class: &'static str, name: &str, unit: Unit, pages: i64) {
    page.tag("tr", &[("class", class)], |page| {
        cell(page, name);
        number(page, &unit.figure(pages));
        number(page, &bytes::count(pages));
    });
}

fn candidates(page: &mut Markup, incident: &Incident) {
    let caption = match incident.candidates_scored {
        Some(1) => "1 candidate".into(),
        Some(scored) => format!("{} candidates, highest score first", bytes::count(scored.into())),
        None => "Candidates by badness".into(),
    };
    let titles = [
        ("#", true),
        ("Process", false),
        ("Badness", true),
        ("", false),
        ("Resident", true),
        ("Swap", true),
        ("Page tables", true),
        ("adj", true),
    ];
    let longest = incident.candidates.iter().filter_map(|c| length(incident, c)).max().unwrap_or(1);
    table(page, &caption, &titles, |page| {
        for (at, candidate) in incident.candidates.iter().take(SHOWN).enumerate() {
            one(page, incident, candidate, at + 1, longest);
        }
    });
    if incident.candidates.len() > SHOWN {
        let text = format!("and {} more of this record", incident.candidates.len() - SHOWN);
        page.text_tag("p", &[("class", "dim")], &text);
    }
    keys(page);
}

fn one(page: &mut Markup, incident: &Incident, candidate: &Candidate, rank: usize, longest: u64) {
    let killed = incident.victims.iter().any(|victim| victim.pid == candidate.pid);
    page.tag("tr", &[("class", if killed { "dead" } else { "" })], |page| {
        number(page, &rank.to_string());
        page.tag("td", &[("class", "name")], |page| {
            page.text(&words::task(&candidate.comm, candidate.pid));
            if killed {
                page.text_tag("span", &[("class", "tag")], "killed");
            }
        });
        match candidate.points {
            Some(points) => number(page, &Unit::of(incident).figure(points)),
            None if candidate.oom_score_adj == Some(score::EXEMPT) => number(page, "exempt"),
            None => number(page, ""),
        }
        page.tag("td", &[("class", "wide")], |page| parts_bar(page, incident, candidate, longest));
        size(page, candidate.rss_bytes);
        size(page, candidate.swap_bytes);
        size(page, candidate.page_table_bytes);
        number(page, &candidate.oom_score_adj.map_or(String::new(), |adj| adj.to_string()));
    });
}

/// What it holds, and what `oom_score_adj` added to it.
fn parts_bar(page: &mut Markup, incident: &Incident, candidate: &Candidate, longest: u64) {
    let Some(rss) = candidate.rss_bytes else { return };
    let swap = candidate.swap_bytes.unwrap_or(0);
    let tables = candidate.page_table_bytes.unwrap_or(0);
    let segments =
        [("rss", rss), ("swap", swap), ("tables", tables), ("adj", added(incident, candidate).unwrap_or(0))];
    let label = format!(
        "{} resident, {} swap, {} page tables",
        words::size(rss),
        words::size(swap),
        words::size(tables)
    );
    bar(page, &segments, longest, &label);
}

/// Badness above what it holds, in bytes.
fn added(incident: &Incident, candidate: &Candidate) -> Option<u64> {
    let points = u64::try_from(candidate.points?).ok()?.checked_mul(incident.host.page_size)?;
    Some(points.saturating_sub(score::footprint(candidate)?))
}

fn length(incident: &Incident, candidate: &Candidate) -> Option<u64> {
    Some(score::footprint(candidate)?.saturating_add(added(incident, candidate).unwrap_or(0)))
}

fn keys(page: &mut Markup) {
    let keys =
        [("rss", "resident"), ("swap", "swap"), ("tables", "page tables"), ("adj", "added by oom_score_adj")];
    page.tag("ul", &[("class", "keys"), ("aria-hidden", "true")], |page| {
        for (class, text) in keys {
            page.tag("li", &[], |page| {
                page.tag("svg", &[("viewBox", "0 0 10 10"), ("class", "key")], |page| {
                    page.empty("rect", &[("class", class), ("width", "10"), ("height", "10")]);
                });
                page.text(text);
            });
        }
    });
}

//! Recordings side by side.

use super::parts::{card, cell, number, table};
use crate::evidence::{Evidence, compare};
use crate::render::comparison;
use crate::render::markup::Markup;
use crate::render::text::words;

pub(super) fn write(page: &mut Markup, all: &[Evidence]) {
    let rows = compare(all);
    card(page, "Side by side", |page| {
        let names: Vec<_> = all.iter().map(|evidence| evidence.name.as_str()).collect();
        let mut titles = vec![("", false)];
        titles.extend(names.iter().map(|name| (*name, true)));
        titles.push(("Change", true));
        table(page, "Peaks, and growth between the first and the last value in brackets", &titles, |page| {
            fact(page, "Verdict", all, |evidence| evidence.verdict().name().into());
            fact(page, "OOM kills", all, |evidence| evidence.incidents.len().to_string());
            fact(page, "Recorded for", all, length);
            for row in rows.iter().take(comparison::ROWS) {
                page.tag("tr", &[], |page| {
                    page.text_tag("td", &[("class", "name")], &comparison::name(&row.subject));
                    row.uses.iter().for_each(|one| number(page, &comparison::figures(one.as_ref())));
                    let change = comparison::change(&row.uses);
                    let class = match change.as_ref().map_or(0, |(change, _)| change.signum()) {
                        1 => "num worse",
                        -1 => "num better",
                        _ => "num",
                    };
                    page.text_tag(
                        "td",
                        &[("class", class)],
                        &change.map(|(_, text)| text).unwrap_or_default(),
                    );
                });
            }
        });
        if rows.len() > comparison::ROWS {
            page.text_tag(
                "p",
                &[("class", "dim small")],
                &format!("{} smaller ones are left out.", rows.len() - comparison::ROWS),
            );
        }
    });
}

fn fact(page: &mut Markup, name: &str, all: &[Evidence], of: impl Fn(&Evidence) -> String) {
    page.tag("tr", &[], |page| {
        cell(page, name);
        all.iter().for_each(|evidence| number(page, &of(evidence)));
        cell(page, "");
    });
}

/// From header to footer.
fn length(evidence: &Evidence) -> String {
    let ends = evidence.header.as_ref().zip(evidence.footer.as_ref());
    ends.and_then(|(header, footer)| words::between(&header.time, &footer.time))
        .map(words::duration)
        .unwrap_or_default()
}

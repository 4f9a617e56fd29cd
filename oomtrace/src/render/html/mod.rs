//! One HTML page that needs nothing else: no script, no request, a content security policy that allows its style sheet alone.
//!
//! All text goes through [`Markup`], so that no name can break out. Charts are SVG; zoom is a choice between views, and what
//! is under the pointer is shown by the style sheet.

mod advice;
mod answers;
mod badness;
mod chain;
mod compare;
mod glossary;
mod incident;
mod origin;
mod overview;
mod parts;
mod raw;
mod request;
mod scene;
mod signs;
mod tasks;
mod timeline;
mod userspace;
mod victims;

use super::markup::Markup;
use crate::evidence::Evidence;

const STYLE: &str = include_str!("style.css");
/// SHA-256 of [`STYLE`]; a test says what it has to be.
const STYLE_HASH: &str = "sha256-mubPM7SnqF37FgzIBsIi7TlHVudx8Ql1zKG58IsjUi4=";
/// Kills of one file that are written whole; the others are in the overview.
const INCIDENTS: usize = 200;
/// With more kills than this each is folded away, and charts have one view.
const OPEN: usize = 5;
/// Characters of a page from which on no further kill is written whole: a browser has to open it.
const PAGE: usize = 16 << 20;

/// The page of one stream or several.
#[must_use]
pub fn document(all: &[Evidence]) -> String {
    let mut page = Markup::new();
    page.own("<!DOCTYPE html>\n").tag("html", &[("lang", "en")], |page| {
        head(page, &title(all));
        page.tag("body", &[], |page| {
            page.text_tag("a", &[("class", "skip"), ("href", "#report")], "Skip to the report");
            page.tag("main", &[("id", "report")], |page| body(page, all));
            foot(page, all);
        });
    });
    page.own("\n");
    page.finish()
}

fn head(page: &mut Markup, title: &str) {
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    page.tag("head", &[], |page| {
        page.empty("meta", &[("charset", "utf-8")]);
        page.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", &policy)]);
        page.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        page.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
        page.empty("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        page.text_tag("title", &[], title);
        // Or browsers ask for one.
        page.empty("link", &[("rel", "icon"), ("href", "data:,")]);
        page.tag("style", &[], |page| {
            page.own(STYLE);
        });
    });
}

fn title(all: &[Evidence]) -> String {
    let mut incidents = all.iter().flat_map(|evidence| &evidence.incidents);
    match (incidents.next(), incidents.next()) {
        (Some(only), None) if all.len() == 1 => {
            format!("OOM kill: {} on {}", super::answers::victim(only), only.host.name)
        }
        _ => overview::title(all),
    }
}

fn body(page: &mut Markup, all: &[Evidence]) {
    let kills: usize = all.iter().map(|evidence| evidence.incidents.len()).sum();
    if kills != 1 || all.len() > 1 {
        overview::write(page, all);
        if all.len() > 1 {
            compare::write(page, all);
        }
    } else {
        all.iter().for_each(|evidence| overview::doubts(page, evidence));
    }
    let mut number = 0;
    for evidence in all {
        let first = number;
        for incident in evidence.incidents.iter().take(INCIDENTS) {
            if page.len() > PAGE {
                break;
            }
            number += 1;
            incident::write(page, incident, &incident::Place { number, of: kills });
        }
        let more = evidence.incidents.len().saturating_sub(number - first);
        if more > 0 {
            let text = format!(
                "{more} more kills are in the overview only; `oomtrace report -f json` writes all of them."
            );
            page.text_tag("p", &[("class", "dim")], &text);
        }
    }
    all.iter().for_each(|evidence| overview::elsewhere(page, evidence));
    userspace::write(page, all);
    signs::write(page, all);
}

fn foot(page: &mut Markup, all: &[Evidence]) {
    page.tag("footer", &[("class", "foot")], |page| {
        let files: Vec<_> = all.iter().map(|evidence| evidence.name.as_str()).collect();
        let text = format!(
            "oomtrace {} from {}. All times are UTC. Self-contained: no scripts, no network requests.",
            env!("CARGO_PKG_VERSION"),
            files.join(", ")
        );
        page.text_tag("p", &[], &text);
        for note in all.iter().flat_map(|evidence| evidence.unread.notes()) {
            page.text_tag("p", &[], &format!("Note: {note}."));
        }
    });
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

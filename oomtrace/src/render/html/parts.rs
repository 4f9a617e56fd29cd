//! Pieces that several sections are made of.

use crate::render::markup::Markup;
use crate::render::text::words;

/// A card with a heading.
pub(super) fn card(page: &mut Markup, title: &str, inside: impl FnOnce(&mut Markup)) {
    page.tag("section", &[("class", "card")], |page| {
        page.text_tag("h2", &[], title);
        inside(page);
    });
}

/// A table that scrolls by itself where it is too wide; it can be reached with the keyboard then.
pub(super) fn table(
    page: &mut Markup,
    caption: &str,
    titles: &[(&str, bool)],
    rows: impl FnOnce(&mut Markup),
) {
    let region = [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)];
    page.tag("div", &region, |page| {
        page.tag("table", &[], |page| {
            page.text_tag("caption", &[], caption);
            page.tag("thead", &[], |page| {
                page.tag("tr", &[], |page| {
                    for (title, number) in titles {
                        let class = if *number { "num" } else { "" };
                        page.text_tag("th", &[("scope", "col"), ("class", class)], title);
                    }
                });
            });
            page.tag("tbody", &[], rows);
        });
    });
}

/// What the columns of a table mean, folded away.
pub(super) fn words_of_columns(page: &mut Markup, columns: &[(&str, &str)]) {
    page.tag("details", &[], |page| {
        page.text_tag("summary", &[], "What the columns mean");
        page.tag("dl", &[("class", "facts")], |page| {
            for (name, words) in columns {
                fact(page, name, |page| {
                    page.text(words);
                });
            }
        });
    });
}

/// A cell with text.
pub(super) fn cell(page: &mut Markup, text: &str) {
    page.text_tag("td", &[], text);
}

/// A cell with a figure.
pub(super) fn number(page: &mut Markup, text: &str) {
    page.text_tag("td", &[("class", "num")], text);
}

/// A cell with a size; empty where it is not known.
pub(super) fn size(page: &mut Markup, bytes: Option<u64>) {
    number(page, &bytes.map(words::size).unwrap_or_default());
}

/// A term and what it is.
pub(super) fn fact(page: &mut Markup, term: &str, inside: impl FnOnce(&mut Markup)) {
    page.text_tag("dt", &[], term).tag("dd", &[], inside);
}

/// A part of a bar: its class and value.
pub(super) type Segment = (&'static str, u64);

/// A bar whose parts stand for values, `whole` being its length. `label` says it in words.
pub(super) fn bar(page: &mut Markup, segments: &[Segment], whole: u64, label: &str) {
    let attributes = [
        ("class", "bar"),
        ("viewBox", "0 0 1000 12"),
        ("preserveAspectRatio", "none"),
        ("role", "img"),
        ("aria-label", label),
    ];
    page.tag("svg", &attributes, |page| {
        page.empty("rect", &[("class", "room"), ("width", "1000"), ("height", "12")]);
        let mut at = 0;
        for (class, value) in segments {
            let width = share(*value, whole).min(1000 - at);
            let (x, width_text) = (at.to_string(), width.to_string());
            page.empty("rect", &[("class", class), ("x", &x), ("width", &width_text), ("height", "12")]);
            at += width;
        }
    });
}

/// Thousandths.
pub(super) fn share(part: u64, whole: u64) -> u64 {
    let share = u128::from(part) * 1000 / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(1000).min(1000)
}

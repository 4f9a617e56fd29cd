//! Lines of a log about memory that are no report of the OOM killer.

use super::TextStyle;
use super::page::{Page, Rich, Tone};
use crate::model::Sign;
use crate::render::answers::signs;

/// The lines, each kind with its count and its first line.
#[must_use]
pub fn other_lines(all: &[Sign], style: TextStyle) -> String {
    let mut page = Page::new(style.sane());
    write(&mut page, all);
    page.finish()
}

pub(super) fn write(page: &mut Page, all: &[Sign]) {
    if all.is_empty() {
        return;
    }
    page.para(Rich::new().with(Tone::Bold, format!("{}:", signs::HEADING)), 2);
    for sign in all {
        let mut text = Rich::from(format!("· {}: ", signs::count(sign)));
        text.push(Tone::Plain, format!("{}.", signs::what(sign)));
        page.para(text, 2);
        page.para(Rich::new().with(Tone::Dim, format!("  first: {}", signs::first(sign))), 4);
    }
}

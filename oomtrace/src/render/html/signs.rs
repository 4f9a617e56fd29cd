//! Lines of a log about memory that are no report of the OOM killer.

use super::parts::{card, table};
use crate::evidence::Evidence;
use crate::model::Sign;
use crate::render::answers::signs;
use crate::render::markup::Markup;

pub(super) fn write(page: &mut Markup, all: &[Evidence]) {
    let footers = all.iter().filter_map(|evidence| evidence.footer.as_ref());
    let found: Vec<&Sign> = footers.flat_map(|footer| &footer.signs).collect();
    if found.is_empty() {
        return;
    }
    card(page, signs::HEADING, |page| {
        let titles = [("Lines", false), ("What they mean", false), ("The first", false)];
        table(page, signs::HEADING, &titles, |page| {
            for sign in found {
                page.tag("tr", &[], |page| {
                    page.text_tag("td", &[("class", "when")], &signs::count(sign));
                    page.text_tag("td", &[], &format!("{}.", signs::what(sign)));
                    page.text_tag("td", &[], &signs::first(sign));
                });
            }
        });
    });
}

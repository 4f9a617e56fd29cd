//! The allocation that failed: what was asked for, each flag in words, and why there was no memory for it.

use super::glossary;
use super::parts::{card, cell, fact, table};
use crate::model::Incident;
use crate::render::markup::Markup;
use crate::render::text::words;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let scope = &incident.scope;
    let Some(asked) = scope.allocation.as_ref().filter(|_| scope.order.is_some_and(|order| order >= 0))
    else {
        return;
    };
    card(page, "The allocation that failed", |page| {
        page.tag("dl", &[("class", "facts")], |page| {
            let line = |page: &mut Markup, term: &str, text: &str| {
                fact(page, term, |page| {
                    page.text(text);
                });
            };
            line(page, "Request", &asked.meaning);
            if let Some(order) = scope.order {
                line(page, "Order", &order_in_words(order, asked.bytes));
            }
            if let Some(failure) = &asked.failure {
                line(page, "Why it failed", failure);
            }
        });
        flags(page, incident);
    });
}

/// `3: 2^3 = 8 pages in one piece, 32 KiB`
fn order_in_words(order: i32, bytes: Option<u64>) -> String {
    let size = bytes.map_or(String::new(), |bytes| format!(", {}", words::size(bytes)));
    match u32::try_from(order).ok().and_then(|order| 1_u64.checked_shl(order)) {
        Some(1) => format!("0: one page{size}"),
        Some(pages) => format!("{order}: 2^{order} = {pages} pages in one piece{size}"),
        None => order.to_string(),
    }
}

fn flags(page: &mut Markup, incident: &Incident) {
    let Some(flags) = incident.scope.gfp_flags.as_ref().filter(|flags| !flags.names.is_empty()) else {
        return;
    };
    let caption = format!("Flags of the allocation (gfp_mask {:#x})", flags.value);
    table(page, &caption, &[("Flag", false), ("What it means", false)], |page| {
        for name in flags.names.split('|') {
            page.tag("tr", &[], |page| {
                page.text_tag("td", &[("class", "mono")], name);
                cell(page, glossary::of_flag(name));
            });
        }
    });
}

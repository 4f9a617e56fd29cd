//! Kills by programs that watch memory.

use super::parts::{card, table};
use crate::evidence::Evidence;
use crate::model::UserspaceKill;
use crate::render::answers::userspace;
use crate::render::markup::Markup;
use crate::render::text::words;

/// Rows.
const SHOWN: usize = 500;

pub(super) fn write(page: &mut Markup, all: &[Evidence]) {
    let kills: Vec<&UserspaceKill> = all.iter().flat_map(|evidence| &evidence.userspace_kills).collect();
    if kills.is_empty() {
        return;
    }
    card(page, "Killed for memory by programs, not by the OOM killer", |page| {
        let titles = [("When", false), ("What", false), ("Why", false), ("Told by", false)];
        table(page, "Kills that programs have logged", &titles, |page| {
            for kill in kills.iter().take(SHOWN) {
                page.tag("tr", &[], |page| row(page, kill));
            }
        });
        if kills.len() > SHOWN {
            page.text_tag("p", &[("class", "dim")], &format!("and {} more", kills.len() - SHOWN));
        }
    });
}

fn row(page: &mut Markup, kill: &UserspaceKill) {
    let host =
        if kill.host.name.is_empty() { String::new() } else { format!(", {}", words::safe(&kill.host.name)) };
    page.text_tag("td", &[("class", "when")], &format!("{}{host}", userspace::when(kill)));
    let end = userspace::end(kill).map_or(String::new(), |end| format!(" {end}"));
    page.text_tag("td", &[], &format!("{}.{end}", userspace::deed(kill)));
    page.text_tag("td", &[], &userspace::reason(&kill.reason));
    let notes: Vec<_> = kill.notes.iter().map(|note| words::safe(note)).collect();
    page.text_tag("td", &[], &[vec![userspace::witness(kill)], notes].concat().join("; "));
}

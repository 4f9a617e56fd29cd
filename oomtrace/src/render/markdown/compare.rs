//! Recordings side by side.

use super::{escape, line, table};
use crate::evidence::{Evidence, compare};
use crate::render::comparison;

pub(super) fn write(out: &mut String, all: &[Evidence]) {
    line(out, "# Side by side\n");
    line(out, "Peaks, and growth between the first and the last value in brackets.\n");
    let names: Vec<_> = all.iter().map(|evidence| format!(">{}", escape::code(&evidence.name))).collect();
    let mut titles = vec![""];
    titles.extend(names.iter().map(String::as_str));
    titles.push(">Change");
    let fact = |name: &str, of: &dyn Fn(&Evidence) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(all.iter().map(of));
        row.push(String::new());
        row
    };
    let facts = [
        fact("Verdict", &|evidence| evidence.verdict().name().into()),
        fact("OOM kills", &|evidence| evidence.incidents.len().to_string()),
    ];
    let rows = compare(all);
    let rows = rows.iter().take(comparison::ROWS).map(|row| {
        let mut cells = vec![escape::code(&comparison::name(&row.subject))];
        cells.extend(row.uses.iter().map(|one| escape::prose(&comparison::figures(one.as_ref()))));
        cells.push(comparison::change(&row.uses).map_or(String::new(), |(_, text)| escape::prose(&text)));
        cells
    });
    table(out, &titles, facts.into_iter().chain(rows));
    out.push('\n');
}

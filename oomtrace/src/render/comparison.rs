//! Recordings side by side: the words that the renderers share, and the lines of the text report.

use crate::evidence::{Evidence, Subject, Use, compare};
use crate::model::Text;
use crate::render::text::words;
use crate::render::timeline;
use crate::words::bytes;

/// Subjects that are shown.
pub(super) const ROWS: usize = 24;

/// `java in …/shop.service`, a cgroup's path by its end, `the machine`.
pub(super) fn name(subject: &Subject) -> String {
    let path = |path: &[u8]| timeline::short_path(&Text::new(path.to_vec()));
    match subject {
        Subject::System => "the machine".into(),
        Subject::Cgroup(bytes) => path(bytes),
        Subject::Process(comm, cgroup) if cgroup.is_empty() => words::name(&Text::new(comm.clone())),
        Subject::Process(comm, cgroup) => {
            format!("{} in {}", words::name(&Text::new(comm.clone())), path(cgroup))
        }
    }
}

/// `512 MiB (+1.2 MiB/s)`.
pub(super) fn figures(one: Option<&Use>) -> String {
    let Some(one) = one else { return String::new() };
    let growth = one.growth_per_s().map_or(String::new(), |rate| {
        let sign = if rate > 0 { "+" } else { "" };
        format!(" ({sign}{}/s)", bytes::signed_size(rate.into()).replace(' ', "\u{a0}"))
    });
    format!("{}{growth}", words::size(one.peak))
}

/// By how much the last recording's peak differs from the first one's.
pub(super) fn change(uses: &[Option<Use>]) -> Option<(i128, String)> {
    let (first, last) = ((*uses.first()?)?, (*uses.last()?)?);
    let change = i128::from(last.peak) - i128::from(first.peak);
    let sign = if change > 0 { "+" } else { "" };
    Some((change, format!("{sign}{}", bytes::signed_size(change).replace(' ', "\u{a0}"))))
}

/// The comparison as lines; names are safe to show.
#[must_use]
pub fn rows(all: &[Evidence]) -> Vec<String> {
    let mut lines =
        vec!["Peaks side by side, growth between the first and the last value in brackets:".to_owned()];
    for evidence in all {
        let kills = evidence.incidents.len();
        let name = words::safe(&evidence.name);
        lines.push(format!(
            "  {name}: {}, {kills} OOM kill{}",
            evidence.verdict().name(),
            words::plural(kills)
        ));
    }
    for row in compare(all).iter().take(ROWS) {
        let cells: Vec<_> = row
            .uses
            .iter()
            .map(|one| if one.is_some() { figures(one.as_ref()) } else { "-".into() })
            .collect();
        let change = change(&row.uses).map_or(String::new(), |(_, text)| format!("  {text}"));
        lines.push(format!("  {}: {}{change}", name(&row.subject), cells.join(" | ")));
    }
    lines
}

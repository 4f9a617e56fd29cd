//! Why this victim: its badness as a sum, what `oom_score_adj` did, and who came next.

use super::page::{Page, Rich, Tone};
use super::score::{self, Unit};
use super::words;
use crate::model::{Badness, BadnessParts, Candidate, Incident, SourceKind, Victim};
use crate::words::bytes;

/// The message of a kernel that was told not to compare (`vm.oom_kill_allocating_task`).
const ALLOCATING: &str = "oom_kill_allocating_task";

/// Writes the section.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(victim) = words::chosen(incident) else {
        return;
    };
    page.section("Why");
    if incident.scope.message.as_deref().is_some_and(|message| message.contains(ALLOCATING)) {
        page.para("It was the one that asked for memory: vm.oom_kill_allocating_task is on, so the kernel compared nobody.", 0);
        return;
    }
    let badness = victim.badness.clone().unwrap_or_default();
    let score = score::of(incident, victim);
    verdict(page, incident, &badness, score);
    if let Some(parts) = &badness.parts {
        sum(page, incident, victim, parts);
    }
    adjustment(page, incident, victim);
    next(page, incident, victim, score);
}

fn verdict(page: &mut Page, incident: &Incident, badness: &Badness, score: Option<i64>) {
    let Some(score) = score else {
        page.para(no_score(incident, badness), 0);
        return;
    };
    if score == i64::MAX {
        page.para("The kernel takes such a task first, whatever its size: it was in swapoff or KSM.", 0);
        return;
    }
    let unit = Unit::of(incident);
    let mut text = Rich::from(rank(incident, score)).with(Tone::Bold, unit.tied(score));
    if let Unit::Pages(_) = unit {
        text.push(Tone::Plain, format!(" ({})", bytes::pages(score).replace(' ', "\u{a0}")));
    }
    text.push(Tone::Plain, share(incident, badness, score).unwrap_or_default());
    text.push(
        Tone::Plain,
        if badness.points.is_some() { "." } else { "; recomputed, the kernel's own figure was not seen." },
    );
    page.para(text, 0);
}

/// What there is to say without a score in pages.
fn no_score(incident: &Incident, badness: &Badness) -> String {
    let more = if badness.parts.is_some() { "; this is what its memory adds up to:" } else { "." };
    match (badness.permille, incident.source.kind) {
        // Up to 5.0 the log tells the score, in thousandths.
        (Some(permille), _) => format!("The kernel scored it {permille}\u{a0}‰{}{more}", whole(incident)),
        (None, SourceKind::KernelLog) => format!("The kernel's log does not tell the score{more}"),
        (None, _) => format!("The kernel's score could not be read{more}"),
    }
}

/// `Highest badness of 12 tasks: ` where that is so.
fn rank(incident: &Incident, score: i64) -> String {
    let is_highest = incident.candidates.iter().all(|c| c.points.is_none_or(|points| points <= score));
    match incident.candidates_scored {
        Some(1) => "The only task that could be chosen: badness ".into(),
        Some(scored) if is_highest => format!("Highest badness of {} tasks: ", bytes::count(scored.into())),
        _ => "Badness ".into(),
    }
}

/// `, 99.8 % of what the limit allows`
fn share(incident: &Incident, badness: &Badness, score: i64) -> Option<String> {
    let total = badness.total_pages.or(incident.scope.total_pages)?;
    Some(format!(", {}{}", words::percent(u64::try_from(score).ok()?, total)?, whole(incident)))
}

fn whole(incident: &Incident) -> &'static str {
    if incident.scope.memcg.is_some() { " of what the limit allows" } else { " of memory and swap" }
}

/// The parts below each other, as one would add them up on paper. That the kernel had another sum is among the notes.
fn sum(page: &mut Page, incident: &Incident, victim: &Victim, parts: &BadnessParts) {
    // The parts are pages on every kernel, whatever unit it scored in.
    let unit =
        if incident.host.page_size == 0 { Unit::BarePages } else { Unit::Pages(incident.host.page_size) };
    let adj = parts.adj_pages.unwrap_or(0);
    let total = parts
        .rss_pages
        .saturating_add(parts.swap_pages)
        .saturating_add(parts.page_table_pages)
        .saturating_add(adj);
    let rows = [
        (' ', "resident", parts.rss_pages, String::new()),
        ('+', "swap", parts.swap_pages, String::new()),
        ('+', "page tables", parts.page_table_pages, String::new()),
        (
            if adj < 0 { '-' } else { '+' },
            "oom_score_adj",
            adj.saturating_abs(),
            adj_formula(incident, victim, unit),
        ),
        (
            '=',
            if score::of(incident, victim) == Some(total) { "badness" } else { "sum" },
            total,
            String::new(),
        ),
    ];
    let figures: Vec<_> = rows.iter().map(|(_, _, pages, _)| unit.figure(*pages)).collect();
    let width = figures.iter().map(String::len).max().unwrap_or(0);
    for ((sign, what, pages, remark), figure) in rows.iter().zip(&figures) {
        if *pages != 0 || matches!(*sign, ' ' | '=') {
            let tone = if *sign == '=' { Tone::Bold } else { Tone::Plain };
            let mut line = Rich::new().with(tone, format!("  {sign} {what:<14}{figure:>width$}"));
            if !remark.is_empty() {
                line.push(Tone::Dim, format!("  {remark}"));
            }
            page.row(&line);
        }
    }
}

fn adj_formula(incident: &Incident, victim: &Victim, unit: Unit) -> String {
    let total =
        victim.badness.as_ref().and_then(|badness| badness.total_pages).or(incident.scope.total_pages);
    match (victim.oom_score_adj, total.and_then(|total| i64::try_from(total).ok())) {
        (Some(adj), Some(total)) => format!("{adj} thousandths of {}", unit.figure(total)),
        (Some(adj), None) => format!("oom_score_adj is {adj}"),
        (None, _) => String::new(),
    }
}

/// Whether `oom_score_adj` decided.
fn adjustment(page: &mut Page, incident: &Incident, victim: &Victim) {
    let among = score::among(incident);
    if let Some((first, _)) = score::without_adj(incident).as_deref().and_then(<[_]>::first) {
        let text = if first.pid == victim.pid {
            Rich::from(format!(
                "oom_score_adj did not decide: without it the choice would be the same{among}."
            ))
        } else {
            let other = words::task(&first.comm, first.pid);
            Rich::new().with(
                Tone::Yellow,
                format!("oom_score_adj decided: without it {other} would have been killed{among}."),
            )
        };
        page.para(text, 0);
    }
    let own = victim.badness.as_ref().and_then(|badness| badness.parts.as_ref());
    let own = own.and_then(|p| p.rss_pages.checked_add(p.swap_pages)?.checked_add(p.page_table_pages));
    let own = own.and_then(|pages| u64::try_from(pages).ok()?.checked_mul(incident.host.page_size));
    if let Some((exempt, size)) = own.and_then(|own| score::larger_exempt(incident, own)) {
        let who = words::task(&exempt.comm, exempt.pid);
        page.para(format!("{who} is larger ({}) but exempt: oom_score_adj -1000.", words::size(size)), 0);
    }
}

/// The runner-up, or those with the same score.
fn next(page: &mut Page, incident: &Incident, victim: &Victim, score: Option<i64>) {
    if incident.candidates.is_empty() {
        page.para(Rich::new().with(Tone::Dim, "The other candidates are not known."), 0);
        return;
    }
    let Some(points) = score.filter(|points| *points != i64::MAX) else {
        return;
    };
    let others = || incident.candidates.iter().filter(|c| c.pid != victim.pid && c.points.is_some());
    let tied: Vec<_> = others().filter(|c| c.points == Some(points)).collect();
    if let [first, rest @ ..] = tied.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let who = words::task(&first.comm, first.pid);
        page.para(
            format!("{who}{more} scored the same; of equals the kernel takes the one it looks at last."),
            0,
        );
    } else if let Some(second) = others().max_by_key(|c| c.points) {
        page.para(runner_up(Unit::of(incident), points, second), 0);
    }
}

fn runner_up(unit: Unit, points: i64, second: &Candidate) -> Rich {
    let theirs = second.points.unwrap_or(points);
    let who = words::task(&second.comm, second.pid);
    if theirs > points {
        let more = unit.tied(theirs.saturating_sub(points));
        return Rich::new()
            .with(Tone::Yellow, format!("{who} scores {more} more here, yet the kernel chose otherwise."));
    }
    Rich::from(format!("Next in line: {who} with {}, ", unit.tied(theirs)))
        .with(Tone::Bold, unit.tied(points.saturating_sub(theirs)))
        .with(Tone::Plain, " less.")
}

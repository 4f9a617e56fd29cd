//! Whose limit was hit.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::{Constraint, Incident, LimitMemcg, MemcgLevel};
use crate::render::answers::{limit, ran_out};
use crate::words::bytes;

/// A path longer than this many lines is cut; the NDJSON has it whole.
const PATH_LINES: usize = 6;

/// Writes the section.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    page.section("Limit");
    let scope = &incident.scope;
    if scope.sysrq == Some(true) {
        page.para(
            "No limit was hit. SysRq-f makes the kernel kill as if the whole machine were out of memory.",
            0,
        );
    }
    match (scope.constraint, &scope.memcg) {
        (Some(Constraint::Memcg), Some(memcg)) => memcg_limit(page, incident, memcg),
        (Some(Constraint::Memcg), None) => page.para("A memory cgroup's; which one could not be read.", 0),
        (Some(Constraint::None), _) if scope.sysrq == Some(true) => {}
        (Some(Constraint::None), _) if !ran_out::is_machine(incident) => {
            page.para(ran_out::sentence(incident), 0);
        }
        (Some(Constraint::None), _) => {
            page.para(with_total(incident, "No cgroup's: the whole machine ran out"), 0);
        }
        (Some(Constraint::Cpuset), _) => cpuset(page, incident),
        (Some(Constraint::MemoryPolicy), _) => {
            nodes(page, incident, "No cgroup's: the nodes of a memory policy");
        }
        (None, _) if ran_out::phrase(incident).is_some() => page.para(ran_out::sentence(incident), 0),
        (None, _) => page.para(limit::not_known(incident), 0),
    }
    // A cgroup's limit says it all.
    let failure = scope.allocation.as_ref().and_then(|asked| asked.failure.as_deref());
    if let Some(failure) = failure.filter(|_| scope.constraint != Some(Constraint::Memcg)) {
        page.para(format!("Why: {}.", words::safe(failure)), 0);
    }
    if let Some(text) = ran_out::inferred(incident) {
        page.para(Rich::new().with(Tone::Yellow, text), 0);
    }
}

fn memcg_limit(page: &mut Page, incident: &Incident, memcg: &LimitMemcg) {
    page.para_of(Rich::new().with(Tone::Bold, words::shown(&memcg.level.path)), 2, PATH_LINES);
    page.para(usage(&memcg.level, incident.host.cgroup_version), 0);
    match memcg.levels_above_victim {
        Some(0) => page.para("It is the victim's own memory cgroup.", 0),
        Some(levels) => {
            let text =
                format!("{levels} level{} above the victim's memory cgroup:", words::plural(levels as usize));
            page.para(text, 0);
            for (depth, level) in incident.scope.below.iter().rev().enumerate() {
                below(page, level, depth + 1);
            }
        }
        None => {}
    }
    above(page, &incident.scope.ancestors);
}

/// `512 MiB of 512 MiB used (100 %), peak 512 MiB; swap 0 B of 20 MiB`
fn usage(level: &MemcgLevel, version: Option<u8>) -> Rich {
    let mut parts = Vec::new();
    match (level.usage_bytes, level.limit_bytes) {
        (Some(usage), Some(limit)) => {
            let share = words::percent(usage, limit).map_or(String::new(), |share| format!(" ({share})"));
            parts.push(format!("{} of {} used{share}", words::size(usage), words::size(limit)));
        }
        (Some(usage), None) => {
            parts.push(format!("{} used, its limit could not be read", words::size(usage)));
        }
        (None, Some(limit)) => parts.push(format!("limit {}", words::size(limit))),
        (None, None) => {}
    }
    parts.extend(level.peak_bytes.map(|peak| format!("peak {}", words::size(peak))));
    parts.extend(level.high_bytes.map(|high| format!("memory.high {}", words::size(high))));
    let swap = if version == Some(1) { "memory and swap together" } else { "swap" };
    parts.extend(match (level.swap_usage_bytes, level.swap_limit_bytes) {
        (Some(used), Some(limit)) => Some(format!("{swap} {} of {}", words::size(used), words::size(limit))),
        (Some(0), None) => None,
        // v1 counts memory again here; without a limit that says nothing.
        (Some(_), None) if version == Some(1) => None,
        (Some(used), None) => Some(format!("{swap} {}, no limit", words::size(used))),
        (None, Some(limit)) => Some(format!("{swap} limit {}", words::size(limit))),
        (None, None) => None,
    });
    parts.join(", ").into()
}

/// One level between the limit and the victim.
fn below(page: &mut Page, level: &MemcgLevel, depth: usize) {
    let path = level.path.as_bytes();
    let start = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    let name = crate::words::escape::bytes(&path[start..]).into_owned();
    let figures = match (level.usage_bytes, level.limit_bytes) {
        (Some(usage), Some(limit)) => format!("{} of {}", bytes::size(usage), bytes::size(limit)),
        (Some(usage), None) => format!("{}, no limit", bytes::size(usage)),
        (None, Some(limit)) => format!("limit {}", bytes::size(limit)),
        (None, None) => String::new(),
    };
    let indent = " ".repeat((2 * depth).min(10));
    let room = page.room().saturating_sub(indent.len() + figures.len() + 5).max(8);
    let name = crate::words::width::cut(&name, room);
    page.row(&Rich::new().with(Tone::Plain, format!("{indent}└ {name}  ")).with(Tone::Dim, figures));
}

/// The nearest limit above, which a higher limit here would run into next.
fn above(page: &mut Page, ancestors: &[MemcgLevel]) {
    let Some(next) = ancestors.iter().find(|level| level.limit_bytes.is_some()) else {
        return;
    };
    let used = next.usage_bytes.map_or(String::new(), |usage| format!("{} of ", words::size(usage)));
    let limit = next.limit_bytes.map_or(String::new(), words::size);
    let text = format!("next limit above: {used}{limit} in {}", words::shown(&next.path));
    page.para_of(Rich::new().with(Tone::Dim, text), 2, 3);
}

fn cpuset(page: &mut Page, incident: &Incident) {
    let of = incident.scope.cpuset.as_ref().map_or(String::new(), |name| format!(" {}", words::shown(name)));
    nodes(page, incident, &format!("No memory cgroup's: the nodes of cpuset{of}"));
}

fn nodes(page: &mut Page, incident: &Incident, text: &str) {
    let nodes = incident.scope.mems_allowed.as_deref();
    let nodes = nodes.map_or(String::new(), |nodes| format!(" (mems_allowed {})", words::safe(nodes)));
    page.para(with_total(incident, &format!("{text}{nodes} ran out")), 0);
}

/// Adds the size of the domain.
fn with_total(incident: &Incident, text: &str) -> Rich {
    let total = incident.scope.total_pages.and_then(|pages| pages.checked_mul(incident.host.page_size));
    match total.filter(|total| *total > 0) {
        Some(total) => Rich::from(format!("{text} of "))
            .with(Tone::Bold, words::size(total))
            .with(Tone::Plain, " of memory and swap."),
        None => format!("{text}.").into(),
    }
}

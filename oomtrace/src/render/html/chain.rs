//! The memory cgroups from the root down to the victim, with the one whose limit was hit.

use super::parts::{bar, card};
use crate::model::{Constraint, Incident, MemcgLevel};
use crate::render::answers::{limit, ran_out};
use crate::render::markup::Markup;
use crate::render::text::words;
use crate::words::escape;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let scope = &incident.scope;
    let Some(memcg) = &scope.memcg else {
        without(page, incident);
        return;
    };
    let above = scope.ancestors.iter().rev().map(|level| (level, false));
    let below = scope.below.iter().rev().map(|level| (level, false));
    let levels: Vec<_> = above.chain([(&memcg.level, true)]).chain(below).collect();
    let widest = levels.iter().filter_map(|(level, _)| level.usage_bytes).max().unwrap_or(1);
    card(page, "Whose limit: memory cgroups from the root to the victim", |page| {
        page.tag("ol", &[("class", "chain")], |page| {
            levels.iter().for_each(|(level, hit)| one(page, level, *hit, widest));
        });
        if let Some(text) = ran_out::inferred(incident) {
            page.text_tag("p", &[("class", "dim small")], text);
        }
    });
}

fn one(page: &mut Markup, level: &MemcgLevel, hit: bool, widest: u64) {
    page.tag("li", &[("class", if hit { "hit" } else { "" })], |page| {
        page.tag("div", &[], |page| {
            page.text_tag("span", &[("class", "mono")], &last(level));
            if hit {
                page.text_tag("span", &[("class", "tag")], "limit hit");
            }
            if level.oom_group == Some(true) {
                page.text_tag("span", &[("class", "tag plain")], "memory.oom.group");
            }
        });
        let figures = figures(level);
        match (level.usage_bytes, level.limit_bytes) {
            (Some(usage), Some(limit)) => {
                bar(page, &[(if hit { "over" } else { "rss" }, usage)], limit, &figures);
            }
            (Some(usage), None) => bar(page, &[("tables", usage)], widest, &figures),
            (None, _) => bar(page, &[], 1, "usage is not known"),
        }
        page.text_tag("div", &[("class", "num")], &figures);
        if hit {
            page.text_tag("div", &[("class", "sub dim small")], &details(level));
        }
    });
}

/// The level's own name; the root's is `/`.
fn last(level: &MemcgLevel) -> String {
    let path = level.path.as_bytes();
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) if path.len() > 1 => escape::bytes(&path[at..]).into_owned(),
        _ => escape::bytes(path).into_owned(),
    }
}

fn figures(level: &MemcgLevel) -> String {
    match (level.usage_bytes, level.limit_bytes) {
        (Some(usage), Some(limit)) => format!("{} of {}", words::size(usage), words::size(limit)),
        (Some(usage), None) => format!("{}, no limit", words::size(usage)),
        (None, Some(limit)) => format!("limit {}", words::size(limit)),
        (None, None) => "no limit".into(),
    }
}

fn details(level: &MemcgLevel) -> String {
    let mut parts = vec![words::shown(&level.path)];
    let share =
        level.usage_bytes.zip(level.limit_bytes).and_then(|(usage, limit)| words::percent(usage, limit));
    parts.extend(share.map(|share| format!("{share} used")));
    parts.extend(level.peak_bytes.map(|peak| format!("peak {}", words::size(peak))));
    parts.extend(level.high_bytes.map(|high| format!("memory.high {}", words::size(high))));
    parts.extend(level.swap_usage_bytes.map(|swap| format!("swap {}", words::size(swap))));
    parts.extend(level.swap_limit_bytes.map(|limit| format!("swap limit {}", words::size(limit))));
    parts.join(" · ")
}

/// No memory cgroup's limit was hit.
fn without(page: &mut Markup, incident: &Incident) {
    let scope = &incident.scope;
    let nodes =
        scope.mems_allowed.as_deref().map_or(String::new(), |nodes| format!(" Nodes allowed: {nodes}."));
    let text = match scope.constraint {
        Some(Constraint::Memcg) => "A memory cgroup's; which one could not be read.".to_owned(),
        Some(Constraint::None) if scope.sysrq == Some(true) => {
            "Nobody's: somebody asked for a kill with SysRq-f.".into()
        }
        Some(_) => ran_out::sentence(incident) + &nodes,
        None if ran_out::phrase(incident).is_some() => ran_out::sentence(incident),
        None => limit::not_known(incident).into(),
    };
    card(page, "Whose limit", |page| {
        page.text_tag("p", &[], &text);
    });
}

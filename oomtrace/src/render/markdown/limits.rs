//! The memory cgroups from the root to the victim.

use super::{escape, line, table};
use crate::model::{Incident, MemcgLevel};
use crate::render::text::words;

pub(super) fn write(out: &mut String, incident: &Incident) {
    let scope = &incident.scope;
    let Some(memcg) = &scope.memcg else { return };
    line(out, "\n### Memory cgroups, from the root to the victim\n");
    let above = scope.ancestors.iter().rev().map(|level| (level, false));
    let below = scope.below.iter().rev().map(|level| (level, false));
    let levels = above.chain([(&memcg.level, true)]).chain(below);
    table(out, &["", "Cgroup", ">Usage", ">Limit", ">Used"], levels.map(|(level, hit)| row(level, hit)));
}

fn row(level: &MemcgLevel, hit: bool) -> Vec<String> {
    let size = |size: Option<u64>| size.map_or(String::new(), |size| escape::prose(&words::size(size)));
    let used =
        level.usage_bytes.zip(level.limit_bytes).and_then(|(usage, limit)| words::percent(usage, limit));
    vec![
        if hit { "**limit hit**".into() } else { String::new() },
        escape::name(&level.path),
        size(level.usage_bytes),
        level.limit_bytes.map_or("none".into(), |limit| escape::prose(&words::size(limit))),
        used.map_or(String::new(), |used| escape::prose(&used)),
    ]
}

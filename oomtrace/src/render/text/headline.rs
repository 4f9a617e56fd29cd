//! The first two lines: what, when, where, and whose limit in one sentence.

use super::page::{Page, Rich, Tone};
use super::{verdict, words};
use crate::kernel::cgroup::container::{self, Identity};
use crate::model::{Constraint, Incident, SourceKind};
use crate::render::answers::ran_out;

/// Writes the title and the sentence.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let mut title = Rich::new().with(Tone::Alarm, " OOM KILL ");
    title.push(Tone::Bold, format!("  {}", when(incident)));
    if !incident.host.name.is_empty() {
        title.push(Tone::Plain, format!("  {}", words::safe(&incident.host.name)));
    }
    page.para(title, 2);
    page.para(sentence(incident), 0);
    page.para(verdict::headline(incident), 0);
}

/// The time; as an old log has it where that does not tell the zone, and since boot where it has no other.
pub(in crate::render) fn when(incident: &Incident) -> String {
    if !incident.time.is_empty() {
        return words::time(&incident.time);
    }
    let written = incident.source.log.as_ref().and_then(|log| log.time.as_deref());
    match (written, incident.boottime_ns) {
        (Some(time), _) => format!("{} (zone not known)", words::safe(time)),
        (None, 0) => "time not known".into(),
        (None, since) => format!("{} after boot", words::duration(since)),
    }
}

fn sentence(incident: &Incident) -> Rich {
    let mut text = Rich::new();
    match words::chosen(incident) {
        Some(victim) => {
            text.push(Tone::Red, words::name(&victim.comm));
            text.push(Tone::Plain, format!("{} was killed", words::with_pid(victim.pid)));
        }
        None if incident.source.kind == SourceKind::Counters => {
            text.push(
                Tone::Plain,
                "Something was killed (the kernel's counters moved, nobody saw which process)",
            );
        }
        None if incident.source.log.is_some() => {
            text.push(Tone::Plain, "The OOM killer ran; what it killed is not in the log");
        }
        None => {
            text.push(Tone::Plain, "The OOM killer killed; which process is not known");
        }
    }
    text.push(Tone::Plain, ": ").push(Tone::Bold, cause(incident));
    text.push(Tone::Plain, company(incident));
    text
}

/// What ran out, in a few words.
pub(in crate::render) fn cause(incident: &Incident) -> String {
    let scope = &incident.scope;
    if scope.sysrq == Some(true) {
        return "somebody asked the kernel for a kill by SysRq-f.".into();
    }
    let is_hedged = scope.inferred && scope.constraint.is_some() && !ran_out::is_from_words(incident);
    let hedge = if is_hedged { " (inferred)" } else { "" };
    let ran_out = ran_out::phrase(incident);
    let what = match scope.constraint {
        Some(Constraint::Memcg) => memcg(incident),
        _ if ran_out.is_some() => ran_out.unwrap_or_default(),
        _ => "by the OOM killer, but whose limit was hit is not known".into(),
    };
    format!("{what}{hedge}.")
}

fn memcg(incident: &Incident) -> String {
    let Some(memcg) = &incident.scope.memcg else {
        return "a memory cgroup hit its limit (which one is not known)".into();
    };
    let owner = match container::identify(memcg.level.path.as_bytes()) {
        Identity { container: Some(container), .. } if container.id.is_some() => "its container".into(),
        Identity { container: Some(_), .. } => "its pod".into(),
        Identity { unit: Some(unit), .. } => words::safe(&unit),
        Identity { .. } => match memcg.levels_above_victim {
            Some(0) => "its memory cgroup".into(),
            Some(_) => "a memory cgroup above its own".into(),
            None => "a memory cgroup".into(),
        },
    };
    let limit = memcg.level.limit_bytes.map_or(String::new(), |limit| format!(" of {}", words::size(limit)));
    format!("{owner} hit its memory limit{limit}")
}

/// How many died with it.
fn company(incident: &Incident) -> String {
    match incident.victims.len() {
        0 | 1 => String::new(),
        2 => " 1 other process died with it.".into(),
        n => format!(" {} other processes died with it.", n - 1),
    }
}

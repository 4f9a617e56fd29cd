//! What is said before and after the reports, for people.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;

use crate::model::{Constraint, Event, Footer, Incident, SignMeaning};
use crate::words::{bytes, escape};

/// Kills listed before the reports.
const LISTED: usize = 40;

/// A line for each kind of kill with its number, when there are several kills.
pub(super) fn before(events: &[Event], is_all: bool) -> String {
    let kills: Vec<&Incident> = events
        .iter()
        .filter_map(|event| if let Event::OomKill(kill) = event { Some(&**kill) } else { None })
        .collect();
    if kills.len() < 2 {
        return String::new();
    }
    let more = if is_all { "" } else { "More than " };
    let mut out = format!("{more}{} OOM kills:\n", kills.len());
    let kinds = kinds(&kills);
    for (first, rest) in kinds.iter().take(LISTED) {
        let _ = writeln!(out, "{:>4}  {}", rest.len() + 1, line(first));
        if let Some(last) = rest.last() {
            let _ = writeln!(out, "      … the last at {}", when(last));
        }
    }
    if kinds.len() > LISTED {
        let left: usize = kinds.iter().skip(LISTED).map(|(_, rest)| rest.len() + 1).sum();
        let _ = writeln!(out, "      … and {left} more");
    }
    out
}

/// Kills of the same name for the same limit, in the order of their first.
fn kinds<'a>(kills: &[&'a Incident]) -> Vec<(&'a Incident, Vec<&'a Incident>)> {
    let name = |kill: &Incident| kill.victims.first().map(|victim| victim.comm.as_bytes().to_vec());
    let mut places: HashMap<(Option<Vec<u8>>, String), usize> = HashMap::new();
    let mut kinds: Vec<(&Incident, Vec<&Incident>)> = Vec::new();
    for kill in kills {
        match places.entry((name(kill), what(kill))) {
            Entry::Occupied(at) => {
                if let Some((_, rest)) = kinds.get_mut(*at.get()) {
                    rest.push(kill);
                }
            }
            Entry::Vacant(place) => {
                place.insert(kinds.len());
                kinds.push((kill, Vec::new()));
            }
        }
    }
    kinds
}

fn line(kill: &Incident) -> String {
    let victim = match kill.victims.first() {
        Some(victim) if victim.comm.as_bytes().is_empty() => format!("pid {}", victim.pid),
        Some(victim) => format!("{} (pid {})", escape::bytes(victim.comm.as_bytes()), victim.pid),
        None => "victim not known".to_owned(),
    };
    let others = match kill.victims.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    format!("{}  {victim}{others}: {}", when(kill), what(kill))
}

fn when(kill: &Incident) -> String {
    if let Some(time) = kill.time.get(..19) {
        return time.replace('T', " ") + " UTC";
    }
    match kill.source.log.as_ref().and_then(|log| log.time.as_deref()) {
        Some(time) => escape::text(time).into_owned(),
        None if kill.boottime_ns > 0 => format!("{:.3} s after boot", precise(kill.boottime_ns)),
        None => "time not known".to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn precise(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn what(kill: &Incident) -> String {
    let scope = &kill.scope;
    if scope.sysrq == Some(true) {
        return "by SysRq-f".to_owned();
    }
    match (scope.constraint, &scope.memcg) {
        (Some(Constraint::Memcg), Some(memcg)) => {
            let limit = memcg
                .level
                .limit_bytes
                .map_or(String::new(), |limit| format!(", limit {}", bytes::size(limit)));
            format!("memory cgroup {}{limit}", escape::bytes(memcg.level.path.as_bytes()))
        }
        (Some(Constraint::Memcg), None) => "a memory cgroup".to_owned(),
        (Some(Constraint::None), _) => "the whole machine".to_owned(),
        (Some(Constraint::Cpuset), _) => "the nodes of a cpuset".to_owned(),
        (Some(Constraint::MemoryPolicy), _) => "the nodes of a memory policy".to_owned(),
        (None, _) => "limit unknown (the log is incomplete)".to_owned(),
    }
}

/// What was read, by name.
pub(super) fn names(sources: &[(String, u64)]) -> String {
    let names: Vec<_> = sources.iter().take(4).map(|(name, _)| escape::text(name).into_owned()).collect();
    let mut read = names.join(", ");
    if sources.len() > names.len() {
        let _ = write!(read, " and {} more", sources.len() - names.len());
    }
    read
}

fn proves(footer: &Footer) -> bool {
    footer.signs.iter().any(|sign| sign.meaning == SignMeaning::OomKill)
}

/// The sums, and whether they can be trusted.
pub(super) fn after(footer: &Footer, userspace: u64, no_kills: u64, sources: &[(String, u64)]) -> String {
    let read = names(sources);
    let total: u64 = sources.iter().map(|(_, bytes)| bytes).sum();
    let mut out = match footer.kills {
        0 if proves(footer) => format!(
            "No report of the kernel's OOM killer in {read} ({} read), but other lines say that it killed.",
            bytes::size(total)
        ),
        0 if no_kills > 0 => {
            format!(
                "No OOM kill in {read} ({} read); what the OOM killer did instead is above.",
                bytes::size(total)
            )
        }
        0 => format!("No OOM kill in {read} ({} read).", bytes::size(total)),
        1 => format!("\n1 OOM kill in {read} ({} read)", bytes::size(total)),
        kills => format!("\n{kills} OOM kills in {read} ({} read)", bytes::size(total)),
    };
    match footer.filtered {
        _ if footer.kills == 0 => {}
        0 => out.push('.'),
        _ => drop(write!(out, "; {}.", escape::text(&crate::evidence::matched(footer)))),
    }
    match userspace {
        0 => {}
        1 => out.push_str(" 1 kill by a program that watches memory."),
        kills => drop(write!(out, " {kills} kills by programs that watch memory.")),
    }
    out.push('\n');
    for note in &footer.notes {
        let _ = writeln!(out, "note: {}", escape::text(note));
    }
    out
}

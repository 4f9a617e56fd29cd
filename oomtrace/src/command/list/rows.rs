//! The table of kills.

use std::collections::HashMap;

use super::Evidence;
use super::Look;
use crate::model::{Constraint, Event, Incident, SourceKind};
use crate::render::verdict_name;
use crate::words::{bytes, escape, width};

/// Columns of an output that is no terminal: nothing is cut.
const WIDTH: usize = 100_000;

/// The column of the limit.
const LIMIT: usize = 2;

/// The records of kills and of losses, oldest first.
pub(super) fn events(evidence: Evidence) -> Vec<Event> {
    let kills = evidence.incidents.into_iter().map(|kill| Event::OomKill(Box::new(kill)));
    let lost = evidence.losses.into_iter().map(Event::Lost);
    let mut events: Vec<Event> = kills.chain(lost).collect();
    events.sort_by(|one, other| time(one).cmp(time(other)));
    events
}

fn time(event: &Event) -> &str {
    match event {
        Event::OomKill(kill) => &kill.time,
        Event::Lost(lost) => &lost.time,
        _ => "",
    }
}

/// Time, victim, limit, verdict and the how-manieth kill of this name at this limit it was.
pub(super) fn table(evidence: &Evidence, look: Look) -> Vec<u8> {
    let mut rows = vec![["TIME (UTC)", "VICTIM", "LIMIT", "VERDICT", "KILL"].map(str::to_owned)];
    let mut seen: HashMap<[String; 2], u64> = HashMap::new();
    let mut gaps = Vec::new();
    for event in events(evidence.clone()) {
        match event {
            Event::OomKill(kill) => {
                let (victim, limit) = (victim(&kill), limit(&kill));
                let count = seen.entry([name(&kill), limit.clone()]).or_default();
                *count += 1;
                rows.push([clock(&kill.time), victim, limit, verdict(&kill), format!("{count}.")]);
            }
            Event::Lost(lost) => gaps.push(format!(
                "{}  lost: {} kills, {} records: {}",
                clock(&lost.time),
                lost.kills,
                lost.records,
                escape::text(&lost.why)
            )),
            _ => {}
        }
    }
    let mut text =
        if rows.len() == 1 { "No kill.\n".to_owned() } else { aligned(&rows, look.width.unwrap_or(WIDTH)) };
    gaps.iter().for_each(|gap| text += &format!("{gap}\n"));
    text.into_bytes()
}

fn aligned(rows: &[[String; 5]], width: usize) -> String {
    let widest = |column: usize| rows.iter().map(|row| width::columns(&row[column])).max().unwrap_or(0);
    let mut widths: [usize; 5] = std::array::from_fn(widest);
    // A long path gives way first, at its beginning: the end tells cgroups apart.
    let others: usize = widths.iter().sum::<usize>() - widths[LIMIT] + 2 * 4;
    widths[LIMIT] = widths[LIMIT].min(width.saturating_sub(others).max(16));
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, widest) in row.iter().zip(widths) {
            let cell = end_of(cell, widest);
            let blanks = (widest + 2).saturating_sub(width::columns(&cell));
            line += &cell;
            line += &" ".repeat(blanks);
        }
        text += width::cut(line.trim_end(), width).as_ref();
        text.push('\n');
    }
    text
}

/// The end of a text that is wider.
fn end_of(text: &str, most: usize) -> String {
    if width::columns(text) <= most {
        return text.to_owned();
    }
    let mut rest = text;
    while width::columns(rest) >= most && !rest.is_empty() {
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
    }
    format!("…{rest}")
}

/// `2026-11-23 14:03:00`.
fn clock(time: &str) -> String {
    match time.get(..19) {
        Some(whole) => whole.replace('T', " "),
        None => "unknown".to_owned(),
    }
}

fn name(kill: &Incident) -> String {
    let comm = kill.victims.first().map(|victim| escape::bytes(victim.comm.as_bytes()).to_string());
    comm.filter(|comm| !comm.is_empty()).unwrap_or_else(|| "unnamed".to_owned())
}

fn victim(kill: &Incident) -> String {
    let pid = kill.victims.first().map_or(0, |victim| victim.pid);
    let more = kill.victims.len().saturating_sub(1);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    format!("{} ({pid}){more}", name(kill))
}

fn limit(kill: &Incident) -> String {
    let Some(memcg) = &kill.scope.memcg else {
        return match kill.scope.constraint {
            Some(Constraint::None) => "the machine",
            Some(Constraint::Cpuset) => "a cpuset",
            Some(Constraint::MemoryPolicy) => "a memory policy",
            Some(Constraint::Memcg) => "a cgroup",
            None => "unknown",
        }
        .to_owned();
    };
    let size = memcg.level.limit_bytes.map_or(String::new(), |limit| format!(" {}", bytes::size(limit)));
    format!("{}{size}", escape::bytes(memcg.level.path.as_bytes()))
}

fn verdict(kill: &Incident) -> String {
    let verdict = kill.diagnosis.as_ref().map_or("", |diagnosis| verdict_name(diagnosis.verdict));
    let how = if kill.source.kind == SourceKind::KernelLog { " (kernel log)" } else { "" };
    format!("{verdict}{how}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::terminal::Layout;
    use crate::model::{Lost, Victim};

    const PLAIN: Look = Look {
        color: false,
        width: None,
        ascii: false,
        layout: Layout { brief: false, wide: false },
        verbose: false,
    };

    #[test]
    fn a_line_for_each_kill_and_each_gap() {
        let kill = |time: &str, comm: &str| Incident {
            time: time.into(),
            victims: vec![Victim { pid: 7, comm: comm.into(), ..Victim::default() }],
            ..Incident::default()
        };
        let evidence = Evidence {
            incidents: vec![kill("2026-11-23T14:03:00.5Z", "b\n"), kill("2026-11-22T14:03:00.5Z", "b\n")],
            losses: vec![Lost { time: "2026-11-24T00:00:00Z".into(), kills: 2, ..Lost::default() }],
            ..Evidence::default()
        };
        let text = table(&evidence, PLAIN);
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].starts_with("2026-11-22 14:03:00  b\\n (7)") && lines[1].ends_with("1."), "{text}");
        assert!(lines[2].ends_with("2.") && lines[3].contains("lost: 2 kills"), "{text}");
        let empty = table(&Evidence::default(), PLAIN);
        assert_eq!(empty, b"No kill.\n");
    }
}

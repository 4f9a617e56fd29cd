//! A kill in short: what fits into one block, and so reaches the disk first.

use crate::evidence::ring::SHORT;
use crate::model::{Event, Incident};

/// Bytes that a block takes.
const ROOM: usize = 4064;

/// The record without what is large, and then with less and less until it fits; empty when even that is too much.
pub(super) fn line(incident: &Incident) -> Vec<u8> {
    let mut short = without_the_large(incident);
    for step in 0..5 {
        match step {
            1 => short.candidates.truncate(3),
            2 => short.victims.iter_mut().for_each(|victim| victim.cmdline.truncate(2)),
            3 => short.victims.truncate(2),
            4 => {
                short.victims.iter_mut().for_each(|victim| {
                    victim.cmdline.clear();
                    victim.exe = None;
                });
                short.scope.ancestors.clear();
                short.scope.below.clear();
                short.candidates.clear();
                short.source.notes.truncate(1);
            }
            _ => {}
        }
        if let Some(line) = written(&short) {
            return line;
        }
    }
    Vec::new()
}

/// What belongs to the kill itself.
fn without_the_large(incident: &Incident) -> Incident {
    let mut short = Incident {
        schema: incident.schema.clone(),
        id: incident.id.clone(),
        time: incident.time.clone(),
        boottime_ns: incident.boottime_ns,
        host: incident.host.clone(),
        source: incident.source.clone(),
        scope: incident.scope.clone(),
        trigger: incident.trigger.clone(),
        victims: incident.victims.iter().take(8).cloned().collect(),
        candidates: incident.candidates.iter().take(8).cloned().collect(),
        candidates_scored: incident.candidates_scored,
        ..Incident::default()
    };
    short.scope.holders = None;
    if let Some(stats) = &mut short.scope.stats {
        stats.items.clear();
    }
    if let Some(trigger) = &mut short.trigger {
        trigger.kernel_stack.clear();
        trigger.user_stack.clear();
    }
    short.source.notes.insert(0, SHORT.to_owned());
    short.source.notes.truncate(4);
    short
}

fn written(short: &Incident) -> Option<Vec<u8>> {
    let line = serde_json::to_vec(&Event::OomKill(Box::new(short.clone()))).ok()?;
    (line.len() <= ROOM).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Candidate, History, Text, Victim};

    #[test]
    fn it_fits_however_large_the_record_is() {
        let long = Text::from("x".repeat(900).as_str());
        let victim = Victim { pid: 7, cmdline: vec![long; 64], ..Victim::default() };
        let incident = Incident {
            id: "a-1".into(),
            victims: vec![victim; 40],
            candidates: vec![Candidate::default(); 32],
            history: Some(History::default()),
            ..Incident::default()
        };
        let line = line(&incident);
        assert!(!line.is_empty() && line.len() <= ROOM, "{}", line.len());
        let Event::OomKill(short) = serde_json::from_slice(&line).unwrap() else { panic!() };
        assert_eq!((short.id.as_str(), short.victims[0].pid), ("a-1", 7));
        assert!(short.history.is_none() && short.source.notes[0] == SHORT);
    }
}

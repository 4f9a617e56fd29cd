//! A recording as a stream of records, updates put into their kills: nothing is kept but the kills that may still be updated.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;

use anyhow::Result;

use super::keep::Sink;
use super::{Evidence, fold};
use crate::model::{Event, Incident};

/// Kills that are held back for their updates, which follow closely.
const HELD: usize = 256;
/// Bytes in the file of the kills held back.
const HELD_BYTES: u64 = 32 << 20;

/// Gets each record; false when it takes no more.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Event) -> Result<bool>;

/// Hands records on.
struct Pass<'a> {
    each: Each<'a>,
    /// Bytes of each kill that is held back, oldest first.
    held: std::collections::VecDeque<u64>,
    bytes: u64,
    /// Kills that were handed on, by the hash of their id.
    gone: HashSet<u64>,
    hasher: RandomState,
    has_header: bool,
    result: Result<bool>,
}

impl Evidence {
    /// Reads a file, or standard input for `-`, and hands on each record; what is left out is in the value returned.
    ///
    /// # Errors
    /// As [`Evidence::open`], and those of `each`.
    pub(crate) fn pass(path: &Path, each: Each<'_>) -> Result<Self> {
        let mut pass = Pass {
            each,
            held: std::collections::VecDeque::new(),
            bytes: 0,
            gone: HashSet::new(),
            hasher: RandomState::new(),
            has_header: false,
            result: Ok(true),
        };
        let mut evidence = Self::open_into(path, &mut pass)?;
        pass.header(&evidence);
        while !evidence.incidents.is_empty() {
            pass.oldest(&mut evidence);
        }
        if let Some(footer) = evidence.footer.clone() {
            pass.give(Event::Footer(footer));
        }
        pass.result.map(|_| evidence)
    }
}

impl Sink for Pass<'_> {
    fn take(&mut self, evidence: &mut Evidence, event: Event, length: u64) {
        self.header(evidence);
        match event {
            Event::OomKill(incident) => {
                let before = evidence.incidents.len();
                if !self.is_gone(&incident) {
                    fold::incident(&mut evidence.incidents, *incident);
                }
                if evidence.incidents.len() > before {
                    self.held.push_back(length);
                    self.bytes += length;
                }
                while self.held.len() > HELD || (self.bytes > HELD_BYTES && self.held.len() > 1) {
                    self.oldest(evidence);
                }
            }
            // One of a kill that was handed on stays a record of its own.
            Event::Update(update) => {
                let is_gone = self.gone.contains(&self.hasher.hash_one(&update.id));
                if is_gone {
                    self.give(Event::Update(update));
                } else if !fold::update(&mut evidence.incidents, update) {
                    evidence.unread.orphans += 1;
                }
            }
            other => self.give(other),
        }
    }

    fn is_closed(&self) -> bool {
        !matches!(self.result, Ok(true))
    }
}

impl Pass<'_> {
    fn is_gone(&self, incident: &Incident) -> bool {
        !incident.id.is_empty() && self.gone.contains(&self.hasher.hash_one(&incident.id))
    }

    fn header(&mut self, evidence: &Evidence) {
        if let Some(header) = evidence.header.as_ref().filter(|_| !self.has_header) {
            self.has_header = true;
            self.give(Event::Header(header.clone()));
        }
    }

    /// Hands on the kill that was held back for longest.
    fn oldest(&mut self, evidence: &mut Evidence) {
        if evidence.incidents.is_empty() {
            return;
        }
        let incident = evidence.incidents.remove(0);
        self.bytes -= self.held.pop_front().unwrap_or(0);
        evidence.unread.recovered += u64::from(fold::is_short(&incident));
        if !incident.id.is_empty() {
            self.gone.insert(self.hasher.hash_one(&incident.id));
        }
        self.give(Event::OomKill(Box::new(incident)));
    }

    fn give(&mut self, event: Event) {
        if matches!(self.result, Ok(true)) {
            self.result = (self.each)(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Update;

    #[test]
    fn every_kill_is_handed_on_with_its_updates() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("f");
        let mut text = String::new();
        let line = |event: &Event| serde_json::to_string(event).unwrap() + "\n";
        let kills = KILLS as u64;
        for number in 0..kills {
            let id = format!("a-{number}");
            text += &line(&Event::OomKill(Box::new(Incident { id: id.clone(), ..Incident::default() })));
            let notes = vec!["late".to_owned()];
            text += &line(&Event::Update(Update { id, notes, ..Update::default() }));
        }
        let late = Update { id: "a-0".into(), notes: vec!["later".into()], ..Update::default() };
        text += &line(&Event::Update(late));
        std::fs::write(&file, text).unwrap();
        let (mut seen, mut updates) = (Vec::new(), 0);
        let mut each = |event: Event| {
            match event {
                Event::OomKill(kill) => seen.push((kill.id, kill.source.notes.len())),
                Event::Update(update) => updates += u64::from(update.id == "a-0"),
                _ => {}
            }
            Ok(true)
        };
        let evidence = Evidence::pass(&file, &mut each).unwrap();
        let expected: Vec<_> = (0..kills).map(|number| (format!("a-{number}"), 1)).collect();
        assert_eq!((seen, updates), (expected, 1));
        assert_eq!(evidence.unread, super::super::Unread::default());
    }

    /// More than a document keeps.
    const KILLS: usize = super::super::keep::KILLS + 100;
}

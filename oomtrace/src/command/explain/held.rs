//! What a text is made of once the logs have ended: the newest kills in full, and of all of them what the overview shows.

use std::collections::VecDeque;

use crate::evidence::keep::{KILLS as KEPT, for_tables};
use crate::model::{Event, Incident};

/// Up to so many kills are all printed in full; of more only the newest, unless asked otherwise.
const FEW: usize = 3;
/// Runs that killed nothing and kills by programs, at most.
const OTHERS: usize = 40;

/// Events until they are written.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// How many kills are printed in full; `None` lets their number decide.
    whole: Option<usize>,
    kills: Vec<Incident>,
    events: VecDeque<Event>,
    in_full: usize,
    others: usize,
    /// Kills that the overview has no room for.
    left_out: u64,
    /// Others that were dropped.
    dropped: u64,
}

/// What there is to write.
pub(super) struct Written {
    /// For the overview, oldest first.
    pub(super) kills: Vec<Incident>,
    /// In full, oldest first.
    pub(super) events: VecDeque<Event>,
    /// How many kills are in full.
    pub(super) in_full: usize,
    /// Kills that are in neither.
    pub(super) left_out: u64,
    /// Records of other kinds that are in neither.
    pub(super) dropped: u64,
}

impl Held {
    /// Keeps the newest `whole` kills in full.
    pub(super) fn new(whole: Option<usize>) -> Self {
        Self { whole, ..Self::default() }
    }

    /// Takes one, and lets go of the oldest that are too many.
    pub(super) fn take(&mut self, event: Event) {
        match &event {
            Event::OomKill(kill) if self.kills.len() < KEPT => {
                self.kills.push(for_tables(Incident::clone(kill)));
                self.in_full += 1;
            }
            Event::OomKill(_) => {
                self.left_out += 1;
                self.in_full += 1;
            }
            _ => self.others += 1,
        }
        self.events.push_back(event);
        let most = self.whole.unwrap_or(FEW);
        while self.in_full > most {
            self.drop_oldest(|event| matches!(event, Event::OomKill(_)));
            self.in_full -= 1;
        }
        if self.others > OTHERS.max(self.whole.unwrap_or_default()) {
            self.drop_oldest(|event| !matches!(event, Event::OomKill(_)));
            self.others -= 1;
            self.dropped += 1;
        }
    }

    fn drop_oldest(&mut self, is_one: impl Fn(&Event) -> bool) {
        if let Some(at) = self.events.iter().position(is_one) {
            self.events.remove(at);
        }
    }

    /// Kills that were taken.
    pub(super) fn count(&self) -> u64 {
        self.kills.len() as u64 + self.left_out
    }

    /// All that was kept.
    pub(super) fn finish(mut self) -> Written {
        if self.whole.is_none() && self.count() > FEW as u64 {
            while self.in_full > 1 {
                self.drop_oldest(|event| matches!(event, Event::OomKill(_)));
                self.in_full -= 1;
            }
        }
        Written {
            kills: self.kills,
            events: self.events,
            in_full: self.in_full,
            left_out: self.left_out,
            dropped: self.dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NoKill;

    fn kill(number: u64) -> Event {
        Event::OomKill(Box::new(Incident { boottime_ns: number, ..Incident::default() }))
    }

    fn written(whole: Option<usize>, kills: u64) -> (usize, Vec<u64>) {
        let mut held = Held::new(whole);
        (1..=kills).for_each(|number| held.take(kill(number)));
        let written = held.finish();
        let times = written.events.iter().map(|event| match event {
            Event::OomKill(kill) => kill.boottime_ns,
            _ => 0,
        });
        (written.kills.len(), times.collect())
    }

    #[test]
    fn few_are_printed_in_full_and_of_many_the_newest() {
        assert_eq!(written(None, 3), (3, vec![1, 2, 3]));
        assert_eq!(written(None, 4), (4, vec![4]));
        assert_eq!(written(Some(2), 4), (4, vec![3, 4]));
        assert_eq!(written(Some(0), 4), (4, vec![]));
        assert_eq!(written(Some(usize::MAX), 40), (40, (1..=40).collect()));
    }

    #[test]
    fn memory_is_bounded_and_what_is_left_out_is_counted() {
        let mut held = Held::new(None);
        for number in 0..KEPT as u64 + 5 {
            held.take(kill(number));
            held.take(Event::OomNoKill(NoKill::default()));
        }
        assert_eq!(held.count(), KEPT as u64 + 5);
        let written = held.finish();
        assert_eq!((written.kills.len(), written.left_out, written.in_full), (KEPT, 5, 1));
        assert_eq!((written.events.len(), written.dropped), (1 + OTHERS, (KEPT + 5 - OTHERS) as u64));
    }
}

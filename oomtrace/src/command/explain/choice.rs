//! Which of the kills that were found are reported.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::ExplainArgs;
use crate::filter::Verdict;
use crate::model::Event;

/// Events of other kinds kept for `--last`, at most.
const OTHERS: usize = 20_000;

/// The time that is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Period {
    /// As the options have it.
    pub(super) fn new(args: &ExplainArgs) -> Self {
        Self { since: args.since, until: args.until }
    }

    /// Whether something happened in it; a log without a clock or a zone does not say when.
    pub(super) fn verdict(self, rfc3339: &str) -> Verdict {
        if self.since.is_none() && self.until.is_none() {
            return Verdict::Yes;
        }
        let Ok(time) = rfc3339.parse::<Timestamp>() else { return Verdict::Unknown };
        let is_in =
            self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until);
        if is_in { Verdict::Yes } else { Verdict::No }
    }
}

/// The last kills, and what follows the first of them.
#[derive(Debug, Default)]
pub(super) struct Last {
    most: usize,
    kills: usize,
    events: VecDeque<Event>,
}

impl Last {
    /// Keeps the last `most` kills.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Takes one; how many kills went because of it.
    pub(super) fn take(&mut self, event: Event) -> u64 {
        self.kills += usize::from(is_kill(&event));
        self.events.push_back(event);
        let mut gone = 0;
        while self.kills > self.most || self.events.len() > self.most + OTHERS {
            let Some(first) = self.events.pop_front() else { break };
            if is_kill(&first) {
                self.kills -= 1;
                gone += 1;
            }
        }
        while gone > 0 && self.events.front().is_some_and(|event| !is_kill(event)) {
            self.events.pop_front();
        }
        gone
    }

    /// What is left, oldest first.
    pub(super) fn finish(&mut self) -> VecDeque<Event> {
        std::mem::take(&mut self.events)
    }
}

fn is_kill(event: &Event) -> bool {
    matches!(event, Event::OomKill(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Incident, NoKill};

    #[test]
    fn a_period_has_both_ends_and_leaves_out_nothing_without_a_time() {
        let time = |text: &str| Some(text.parse().unwrap());
        let period = Period { since: time("2026-01-02T00:00:00Z"), until: time("2026-01-03T00:00:00Z") };
        for (at, verdict) in [
            ("2026-01-01T23:59:59Z", Verdict::No),
            ("2026-01-02T00:00:00Z", Verdict::Yes),
            ("2026-01-03T00:00:00Z", Verdict::Yes),
            ("2026-01-03T00:00:01Z", Verdict::No),
            ("", Verdict::Unknown),
        ] {
            assert_eq!(period.verdict(at), verdict, "{at}");
        }
        assert_eq!(Period::default().verdict(""), Verdict::Yes);
    }

    #[test]
    fn the_last_kills_come_with_what_follows_the_first_of_them() {
        let mut last = Last::new(2);
        let kill = |at| Event::OomKill(Box::new(Incident { boottime_ns: at, ..Incident::default() }));
        let other = |at| Event::OomNoKill(NoKill { boottime_ns: at, ..NoKill::default() });
        let events = [other(1), kill(2), other(3), kill(4), other(5), kill(6), other(7)];
        let gone: u64 = events.into_iter().map(|event| last.take(event)).sum();
        let left: Vec<u64> = last
            .finish()
            .iter()
            .map(|event| match event {
                Event::OomKill(kill) => kill.boottime_ns,
                Event::OomNoKill(no_kill) => no_kill.boottime_ns,
                _ => 0,
            })
            .collect();
        assert_eq!((gone, left), (1, vec![4, 5, 6, 7]));
    }
}

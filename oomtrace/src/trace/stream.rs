//! What the worker hands to the output: the stream from its header to its footer, and what is missing in it.

use anyhow::Result;

use super::worker::Worker;
use crate::{
    kernel::clock,
    model::{Event, Footer, Lost},
    output::Wrote,
    pen::{Account, Count, Last},
};

/// The note of a file that another one follows.
const REOPENED: &str = "the stream goes on in the file that was opened after this one (SIGHUP)";

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Kills, before filters.
    pub kills: u64,
    /// Kills that filters kept out.
    pub filtered: u64,
    /// Processes killed in those that only the kernel's log told of.
    pub logged: Option<u64>,
    /// Kills that were not worked on any more when the trace was told to end.
    pub skipped: u64,
    /// The same of other records.
    pub skipped_others: u64,
    /// What was left out for want of room in the output, and said in the stream.
    pub said: Count,
    /// Kills before the last new file, and those of them that filters kept out.
    pub before: (u64, u64),
}

impl Tally {
    /// What was not worked on any more, in words.
    pub(super) fn skipped(&self) -> Option<String> {
        let Self { skipped: kills, skipped_others: others, .. } = self;
        (kills + others > 0).then(|| {
            format!(
                "{kills} kills and {others} other records are not reported: the trace was told to end while they waited"
            )
        })
    }
}

impl Worker {
    /// Writes the footer, which knows what could not be written.
    pub(super) fn end(&mut self, footer: Option<Footer>) -> Account {
        let Some(pen) = self.pen.take() else { return Account::default() };
        let mut render = std::mem::replace(&mut self.render, Box::new(crate::render::Ndjson::default()));
        let last = footer.filter(|_| self.framed).map(|mut footer| -> Last {
            Box::new(move |account| {
                footer.lost_kills += account.unwritten.kills;
                footer.notes.extend(account.notes());
                footer.complete &= footer.notes.is_empty();
                let mut text = Vec::new();
                // Writing to memory can't fail.
                let _ = render.event(&Event::Footer(footer), &mut text);
                text
            })
        });
        pen.finish(last, self.shared.until())
    }

    /// The footer; whoever taps the stream gets it now.
    pub(super) fn footer(
        &mut self,
        time: String,
        lost_kills: u64,
        vmstat_oom_kill: Option<u64>,
        complete: bool,
        mut notes: Vec<String>,
    ) -> Footer {
        let Tally { kills, filtered, skipped, .. } = self.tally;
        notes.extend(self.tally.skipped());
        let (kills, lost_kills) = (kills + skipped, lost_kills + skipped);
        let complete = complete && notes.is_empty();
        let footer =
            Footer { time, kills, filtered, lost_kills, vmstat_oom_kill, complete, notes, signs: Vec::new() };
        if let Some(tap) = &mut self.tap {
            tap(&Event::Footer(footer.clone()));
        }
        footer
    }

    /// Goes on in a new file.
    pub(super) fn reopen(&mut self) -> Result<bool> {
        let Tally { kills, filtered, before, .. } = self.tally;
        self.tally.before = (kills, filtered);
        let footer = Event::Footer(Footer {
            time: clock::rfc3339(clock::boottime_ns()),
            kills: kills - before.0,
            filtered: filtered - before.1,
            notes: vec![REOPENED.to_owned()],
            ..Footer::default()
        });
        if let Some(reopen) = &mut self.reopen {
            reopen(&footer);
        }
        let mut text = Vec::new();
        if self.framed {
            self.render.event(&footer, &mut text)?;
        }
        if let Some(pen) = &self.pen {
            pen.reopen(text);
        }
        Ok(true)
    }

    /// Hands on an event whole; false when nobody reads on.
    pub(super) fn write(&mut self, event: &Event) -> Result<bool> {
        if let Some(tap) = &mut self.tap {
            tap(event);
        }
        self.say_left_out()?;
        let Some(pen) = &self.pen else { return Ok(true) };
        let mut text = Vec::with_capacity(4096);
        self.render.event(event, &mut text)?;
        let wrote = match event {
            Event::Header(_) => pen.header(text),
            _ => pen.put(text, Count::one(matches!(event, Event::OomKill(_))), false),
        };
        Ok(wrote == Wrote::All)
    }

    /// Says in the stream what was left out for want of room, once there is some.
    fn say_left_out(&mut self) -> Result<()> {
        let Some(pen) = &self.pen else { return Ok(()) };
        let (left_out, said) = (pen.unwritten(), self.tally.said);
        if left_out == said || !pen.has_room() {
            return Ok(());
        }
        self.tally.said = left_out;
        let lost = Event::Lost(Lost {
            time: clock::rfc3339(clock::boottime_ns()),
            kills: left_out.kills - said.kills,
            records: left_out.records - said.records,
            why: "the output took nothing for too long; read it faster, or write to a file (-o FILE)"
                .to_owned(),
        });
        let mut text = Vec::new();
        self.render.event(&lost, &mut text)?;
        let _ = pen.put(text, Count::default(), false);
        Ok(())
    }
}

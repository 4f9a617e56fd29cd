//! The report for a person: one OOM kill at a glance, in the order of the questions that are asked at night.

mod also_killed;
mod answer;
mod candidates;
mod change;
mod command;
mod graph;
pub(in crate::render) mod headline;
mod limit;
mod machine;
mod no_kill;
mod origin;
mod overview;
mod page;
pub(in crate::render) mod score;
mod signs;
mod stream;
mod table;
mod trigger;
mod userspace;
mod verdict;
mod victim;
mod who;
mod why;
pub(in crate::render) mod words;
mod wrap;

use std::io;

pub use self::answer::answer;
pub use self::overview::overview;
use self::page::Page;
pub use self::signs::other_lines;
pub use self::stream::sender;
pub(in crate::render) use self::verdict::sentence;
use super::Render;
use crate::model::{Event, Incident};

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStyle {
    /// With ANSI colours.
    pub color: bool,
    /// Columns of the terminal; values outside of 40 to 200 are taken as the nearest of these.
    pub width: usize,
}

impl Default for TextStyle {
    /// Plain, 80 columns.
    fn default() -> Self {
        Self { color: false, width: 80 }
    }
}

/// Writes events as text.
#[derive(Debug)]
pub struct Text {
    style: TextStyle,
}

impl Text {
    /// In this style.
    #[must_use]
    pub fn new(style: TextStyle) -> Self {
        Self { style: TextStyle { width: style.width.clamp(40, 200), ..style } }
    }

    fn page(&self, event: &Event) -> String {
        let mut page = Page::new(self.style);
        match event {
            Event::Header(header) => stream::header(&mut page, header),
            Event::OomKill(incident) => report(&mut page, incident),
            Event::Update(update) => stream::update(&mut page, update),
            Event::OomNoKill(no_kill) => stream::no_kill(&mut page, no_kill),
            Event::Sigkill(sigkill) => stream::sigkill(&mut page, sigkill),
            Event::UserspaceKill(kill) => userspace::write(&mut page, kill),
            Event::Sample(_) => {}
            Event::Alert(alert) => stream::alert(&mut page, alert),
            Event::Lost(lost) => stream::lost(&mut page, lost),
            Event::Footer(footer) => stream::footer(&mut page, footer),
        }
        page.finish()
    }
}

impl Render for Text {
    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.page(event).as_bytes())?;
        out.flush()
    }
}

/// Was it the OOM killer and whose limit, why this one, who ate the memory, what to change; then what died, what was around,
/// how do we know.
fn report(page: &mut Page, incident: &Incident) {
    page.gap();
    headline::write(page, incident);
    page.gap();
    limit::write(page, incident);
    why::write(page, incident);
    candidates::write(page, incident);
    who::write(page, incident);
    verdict::write(page, incident);
    change::write(page, incident);
    victim::write(page, incident);
    also_killed::write(page, incident);
    trigger::write(page, incident);
    machine::write(page, incident);
    origin::write(page, incident);
}

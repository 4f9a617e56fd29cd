//! The report for a person: one OOM kill at a glance, in the order of the questions that are asked at night.

mod again;
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
mod short;
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
    /// Break no lines at the width, and cut nothing to fit.
    pub wide: bool,
    /// Only the answer, without the details.
    pub brief: bool,
    /// All notes and hooks at the start.
    pub verbose: bool,
    /// Bars and marks in ASCII, where the locale has no UTF-8.
    pub ascii: bool,
}

/// Columns that no line of ours fills.
const NO_LIMIT: usize = 1 << 20;

impl TextStyle {
    /// With a width that can be laid out.
    fn sane(self) -> Self {
        Self { width: if self.wide { NO_LIMIT } else { self.width.clamp(40, 200) }, ..self }
    }
}

impl Default for TextStyle {
    /// Plain, 80 columns.
    fn default() -> Self {
        Self { color: false, width: 80, wide: false, brief: false, verbose: false, ascii: false }
    }
}

/// Writes events as text.
#[derive(Debug)]
pub struct Text {
    style: TextStyle,
    told: again::Told,
}

impl Text {
    /// In this style.
    #[must_use]
    pub fn new(style: TextStyle) -> Self {
        Self { style: style.sane(), told: again::Told::default() }
    }

    fn page(&mut self, event: &Event) -> String {
        let mut page = Page::new(self.style);
        match event {
            Event::Header(header) => stream::header(&mut page, header),
            Event::OomKill(incident) => match self.told.take(incident) {
                Some(again) => {
                    page.gap();
                    again::write(&mut page, incident, &again);
                }
                None => report(&mut page, incident),
            },
            Event::Update(update) => stream::update(&mut page, update),
            Event::OomNoKill(no_kill) => stream::no_kill(&mut page, no_kill),
            Event::Sigkill(sigkill) => stream::sigkill(&mut page, sigkill),
            Event::UserspaceKill(kill) => userspace::write(&mut page, kill),
            Event::Sample(_) => {}
            Event::Alert(alert) => stream::alert(&mut page, alert),
            Event::Lost(lost) => stream::lost(&mut page, lost),
            Event::Footer(footer) if self.style.brief && stream::is_plain(footer) => {}
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

/// The answer in short; then whose limit it was, why this one, who used the memory, what to change, what died, what was around,
/// and how that is known.
fn report(page: &mut Page, incident: &Incident) {
    page.gap();
    let shown = short::write(page, incident);
    if page.style().brief {
        return;
    }
    page.rule();
    limit::write(page, incident);
    why::write(page, incident);
    candidates::write(page, incident);
    who::details(page, incident, shown.who);
    verdict::details(page, incident, shown.verdict);
    change::write(page, incident);
    victim::write(page, incident);
    also_killed::write(page, incident);
    trigger::write(page, incident);
    machine::write(page, incident);
    origin::write(page, incident);
}

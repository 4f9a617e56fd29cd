//! What was found: each kill once, filtered, rendered.

use std::collections::VecDeque;

use anyhow::Result;

use super::ExplainArgs;
use super::choice::{Last, Period};
use super::document::{Document, header};
use super::held::Held;
use super::overview;
use super::sink::{Sink, place};
use crate::command::report::Format;
use crate::command::terminal::Look;
use crate::diagnose::diagnose;
use crate::filter::{Filter, Verdict};
use crate::kernel::clock;
use crate::klog::incident::{self, Known};
use crate::klog::input::Told;
use crate::klog::userspace;
use crate::klog::{self, Same, instead};
use crate::model::{Event, Footer, Host, Incident, NoKill, Sign, UserspaceKill};
use crate::output::{Output, Wrote};
use crate::render::{Ndjson, Render, Text, TextStyle, other_lines};

/// Columns where the output does not say.
const WIDTH: usize = 100;
/// Kills held back for an overview before them; when all are printed in full and there are more, each is written as it is found.
const HELD: u64 = 1000;
/// Kills remembered, to tell those that two logs tell of.
const REMEMBERED: usize = 1024;

/// The notes on a kill of which it is not known whether it is asked for.
const UNKNOWN: &str = "what the filter asks for is not known of this kill, so it is reported";
const UNDATED: &str = "when it was is not known, so it is reported whatever --since and --until say";

/// Takes reports and writes them.
pub(super) struct Collector {
    render: Box<dyn Render>,
    /// Of the formats that are no stream.
    document: Option<Document>,
    look: Look,
    style: TextStyle,
    output: Output,
    filter: Filter,
    period: Period,
    last: Option<Last>,
    ndjson: bool,
    quiet: bool,
    all: bool,
    pages: bool,
    held: Held,
    is_streaming: bool,
    seen: VecDeque<Incident>,
    seen_userspace: VecDeque<UserspaceKill>,
    sources: Vec<(String, u64)>,
    notes: Vec<String>,
    signs: Vec<Sign>,
    kills: u64,
    userspace: u64,
    /// Runs of the OOM killer that killed nothing, or whose outcome is not in the log.
    no_kills: u64,
    filtered: u64,
    lost: u64,
    /// Runs of the OOM killer of which the log does not say what came of them.
    open_ends: u64,
    closed: bool,
    error: Option<anyhow::Error>,
    host: Host,
}

impl Sink for Collector {
    fn of(&mut self, host: Host) {
        self.host = host;
    }

    fn read(&mut self, name: &str, bytes: u64) {
        self.sources.push((name.to_owned(), bytes));
    }

    fn incomplete(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed || self.error.is_some()
    }

    fn told(&mut self, told: &Told, known: &Known) {
        if told.report.lost_records > 0 {
            self.lost += 1;
        }
        if incident::kills(&told.report) {
            self.kill(incident::incident(told, known));
        } else if told.report.outcome != klog::Outcome::Unknown {
            self.no_kill(incident::no_kill(told, known));
        } else if told.report.trigger.is_some() {
            self.open_ends += 1;
            self.no_kill(incident::no_kill(told, known));
        }
    }

    fn signs(&mut self, found: Vec<Sign>) {
        instead::merge(&mut self.signs, found);
    }

    fn userspace(&mut self, mut kill: UserspaceKill) {
        if self.seen_userspace.iter().any(|seen| userspace::same(seen, &kill)) {
            return;
        }
        if self.seen_userspace.len() == REMEMBERED {
            self.seen_userspace.pop_front();
        }
        self.seen_userspace.push_back(kill.clone());
        for (verdict, note) in
            [(self.filter.userspace(&kill), UNKNOWN), (self.period.verdict(&kill.time), UNDATED)]
        {
            match verdict {
                Verdict::No => return,
                Verdict::Unknown => kill.notes.push(note.to_owned()),
                Verdict::Yes => {}
            }
        }
        self.userspace += 1;
        self.choose(Event::UserspaceKill(Box::new(kill)));
    }
}

impl Collector {
    /// Opens the output.
    ///
    /// # Errors
    /// Those of opening it.
    pub(super) fn new(args: &ExplainArgs) -> Result<Self> {
        let format = args.format()?;
        format.check(args.output.as_deref())?;
        let output = Output::open(args.output.as_deref())?;
        let look = Look::of(&output, args.color);
        let style = TextStyle { color: look.color, width: look.width.unwrap_or(WIDTH) };
        let (render, document): (Box<dyn Render>, _) = match format {
            Format::Json => (Box::new(Ndjson::default()), None),
            Format::Text => (Box::new(Text::new(style)), None),
            _ => (Box::new(Text::new(style)), Some(Document::new(format))),
        };
        Ok(Self {
            render,
            document,
            look,
            style,
            output,
            filter: args.filter.clone(),
            period: Period::new(args),
            last: args.last.map(|kills| Last::new(kills as usize)),
            ndjson: format == Format::Json,
            quiet: args.quiet,
            all: args.whole() == Some(usize::MAX),
            pages: format == Format::Text && !args.no_pager,
            held: Held::new(args.whole()),
            is_streaming: false,
            seen: VecDeque::new(),
            seen_userspace: VecDeque::new(),
            sources: Vec::new(),
            notes: Vec::new(),
            signs: Vec::new(),
            kills: 0,
            userspace: 0,
            no_kills: 0,
            filtered: 0,
            lost: 0,
            open_ends: 0,
            closed: false,
            error: None,
            host: Host::default(),
        })
    }

    fn kill(&mut self, mut incident: Incident) {
        if self.seen.iter().any(|seen| klog::same(seen, &incident) == Same::Yes) {
            return;
        }
        self.remember(&incident);
        self.kills += 1;
        place(&mut incident);
        for (verdict, note) in
            [(self.filter.verdict(&incident), UNKNOWN), (self.period.verdict(&incident.time), UNDATED)]
        {
            match verdict {
                Verdict::Yes => {}
                Verdict::No => {
                    self.filtered += 1;
                    return;
                }
                Verdict::Unknown => incident.source.notes.push(note.to_owned()),
            }
        }
        incident.diagnosis = Some(diagnose(&incident));
        self.choose(Event::OomKill(Box::new(incident)));
    }

    fn no_kill(&mut self, no_kill: NoKill) {
        if self.period.verdict(&no_kill.time) != Verdict::No {
            self.no_kills += 1;
            self.choose(Event::OomNoKill(no_kill));
        }
    }

    fn remember(&mut self, incident: &Incident) {
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        let small = Incident {
            time: incident.time.clone(),
            boottime_ns: incident.boottime_ns,
            host: incident.host.clone(),
            victims: incident.victims.clone(),
            source: incident.source.clone(),
            ..Incident::default()
        };
        self.seen.push_back(small);
    }

    /// Takes what was asked for; of that the last kills, where only those are wanted.
    fn choose(&mut self, event: Event) {
        match &mut self.last {
            Some(last) => self.filtered += last.take(event),
            None => self.take(event),
        }
    }

    fn take(&mut self, event: Event) {
        if let Some(document) = &mut self.document {
            return document.take(event);
        }
        if self.is_streaming || self.ndjson {
            self.begin();
            return self.write(&event);
        }
        self.held.take(event);
        if self.all && self.held.count() > HELD {
            self.flush(false);
        }
    }

    /// The header of a stream, once.
    fn begin(&mut self) {
        if self.is_streaming {
            return;
        }
        self.is_streaming = true;
        if self.ndjson {
            let header = header(self.host.clone());
            self.write(&Event::Header(header));
        }
    }

    /// Writes what was held back, with an overview before it.
    fn flush(&mut self, is_all: bool) {
        let held = std::mem::take(&mut self.held).finish();
        self.is_streaming = true;
        if self.pages {
            self.output.page();
        }
        if !self.quiet {
            let text = overview::before(&held, is_all, self.style);
            self.block(text.as_bytes());
        }
        for event in &held.events {
            self.write(event);
        }
    }

    fn write(&mut self, event: &Event) {
        let mut text = Vec::with_capacity(4096);
        if let Err(error) = self.render.event(event, &mut text) {
            self.error = self.error.take().or(Some(error.into()));
        }
        self.block(&text);
    }

    fn block(&mut self, text: &[u8]) {
        if self.is_closed() || text.is_empty() {
            return;
        }
        match self.output.block(text) {
            Ok(Wrote::All) => {}
            Ok(Wrote::Closed) => self.closed = true,
            Err(error) => self.error = Some(error),
        }
    }

    /// Whether reports are written to the terminal while logs are still read.
    pub(super) fn writes_to_terminal(&self) -> bool {
        (self.ndjson || self.all) && self.output.is_terminal()
    }

    /// Writes what is left, and the sums; whether everything was read.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn finish(mut self) -> Result<bool> {
        let last = self.last.as_mut().map(Last::finish).unwrap_or_default();
        last.into_iter().for_each(|event| self.take(event));
        if self.lost > 0 {
            let note = format!("{} of the reports lack lines that the log lost", self.lost);
            self.notes.push(note);
        }
        if self.open_ends > 0 {
            let (runs, s) = (self.open_ends, if self.open_ends == 1 { "" } else { "s" });
            self.notes.push(format!(
                "the log lacks the end of {runs} report{s} of the OOM killer: whether anything was killed is unknown"
            ));
        }
        let footer = Footer {
            time: clock::rfc3339(clock::boottime_ns()),
            kills: self.kills,
            filtered: self.filtered,
            lost_kills: 0,
            vmstat_oom_kill: None,
            complete: self.notes.is_empty(),
            notes: self.notes.clone(),
            signs: std::mem::take(&mut self.signs),
        };
        let footer_complete = footer.complete;
        if let Some(document) = self.document.take() {
            // Where nothing could be read there is nothing to make a document of; the error says why.
            if !self.sources.is_empty() {
                let name = overview::names(&self.sources);
                let text = document.finish(name, self.host.clone(), footer, self.look)?;
                self.block(&text);
            }
        } else if self.ndjson {
            self.begin();
            self.write(&Event::Footer(footer));
        } else {
            if !self.is_streaming {
                self.flush(true);
            }
            // With nothing read there is nothing to sum up; the error says why.
            if !self.quiet && !self.sources.is_empty() {
                let mut text = overview::after(&footer, self.userspace, self.no_kills, &self.sources);
                text.push_str(&other_lines(&footer.signs, self.style));
                self.block(text.as_bytes());
            }
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.output.finish()?;
        Ok(footer_complete)
    }
}

//! Lays out labelled sections of wrapped text in a given width.

use std::fmt::Write as _;

use super::TextStyle;
use super::{command, wrap::wrap};
use crate::words::plain;
use crate::words::width::{columns, cut};

/// Columns of the labels at the left.
const GUTTER: usize = 12;
/// Below this width labels get a line of their own.
const NARROW: usize = 60;
/// Prose is not set wider than this, however wide the terminal.
const PROSE_MAX: usize = 100;
/// Columns of a line across the page, at most.
const RULE: usize = 80;

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As the terminal has it.
    #[default]
    Plain,
    /// Names and the figures that matter.
    Bold,
    /// What is there to look up.
    Dim,
    /// Section labels.
    Label,
    /// The kill.
    Red,
    /// What limits the record's truth.
    Yellow,
    /// What to copy.
    Command,
    /// The title.
    Alarm,
}

impl Tone {
    /// The escape sequence that switches it on; `\x1b[0m` ends it.
    fn ansi(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Label => "\x1b[36m",
            Self::Red => "\x1b[1;31m",
            Self::Yellow => "\x1b[33m",
            Self::Command => "\x1b[32m",
            Self::Alarm => "\x1b[1;97;41m",
        }
    }
}

/// Text in pieces of one tone each. Everything foreign in it is escaped already; U+00A0 is a space that does not break.
#[derive(Clone, Debug, Default)]
pub(super) struct Rich(Vec<(Tone, String)>);

impl Rich {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, tone: Tone, text: impl Into<String>) -> &mut Self {
        self.0.push((tone, text.into()));
        self
    }

    /// The same, by value.
    pub(super) fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.push(tone, text);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }

    pub(super) fn pieces(&self) -> &[(Tone, String)] {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Rich {
    fn from(text: T) -> Self {
        Self::new().with(Tone::Plain, text)
    }
}

/// The text written so far.
pub(super) struct Page {
    style: TextStyle,
    out: String,
    gutter: usize,
    label: &'static str,
}

impl Page {
    pub(super) fn new(style: TextStyle) -> Self {
        Self { style, out: String::new(), gutter: 0, label: "" }
    }

    pub(super) fn finish(self) -> String {
        if self.style.ascii { plain::ascii(&self.out) } else { self.out }
    }

    pub(super) fn style(&self) -> TextStyle {
        self.style
    }

    /// Columns of a line.
    pub(super) fn width(&self) -> usize {
        self.style.width
    }

    /// A line across the page, between the answer and its details.
    pub(super) fn rule(&mut self) {
        (self.label, self.gutter) = ("", 0);
        self.line(0, &Rich::new().with(Tone::Dim, "─".repeat(self.style.width.min(RULE))));
    }

    /// Columns of prose.
    fn prose(&self) -> usize {
        if self.style.wide { self.room() } else { self.room().min(PROSE_MAX) }
    }

    /// Starts a section; its label is written with the first line that follows, or never.
    pub(super) fn section(&mut self, label: &'static str) {
        self.label = label;
        self.gutter = if self.style.width < NARROW { 2 } else { GUTTER };
    }

    /// Columns left for the text of the section.
    pub(super) fn room(&self) -> usize {
        self.style.width - self.gutter
    }

    /// A paragraph; the lines after the first are indented by `hang`.
    pub(super) fn para(&mut self, text: impl Into<Rich>, hang: usize) {
        self.para_of(text, hang, usize::MAX);
    }

    /// A paragraph of at most `max_lines`; what does not fit is replaced by `…`. Whether all of it fits.
    pub(super) fn para_of(&mut self, text: impl Into<Rich>, hang: usize, max_lines: usize) -> bool {
        let text = text.into();
        if text.is_empty() {
            return true;
        }
        let whole = wrap(&text, self.prose(), hang, usize::MAX).len() <= max_lines;
        for (at, line) in wrap(&text, self.prose(), hang, max_lines).into_iter().enumerate() {
            self.line(if at == 0 { 0 } else { hang }, &line);
        }
        whole
    }

    /// One line that is cut to fit, for tables.
    pub(super) fn row(&mut self, line: &Rich) {
        let mut room = self.room();
        let mut fitted = Rich::new();
        for (tone, text) in line.pieces() {
            let text = cut(text, room);
            room -= columns(&text);
            fitted.push(*tone, text);
        }
        self.line(0, &fitted);
    }

    /// A paragraph whose lines are all indented.
    pub(super) fn indented(&mut self, text: impl Into<Rich>, indent: usize) {
        let room = self.prose().saturating_sub(indent);
        for line in wrap(&text.into(), room, 0, usize::MAX) {
            self.line(indent, &line);
        }
    }

    /// A command, escaped already, broken where a shell reads on and nowhere else: a word that is wider than a line is left
    /// to the terminal, whose own breaks are not copied.
    pub(super) fn command(&mut self, command: &str, indent: usize) {
        for line in command::lines(command, self.room().saturating_sub(indent)) {
            self.line(indent, &Rich::new().with(Tone::Command, line));
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    fn line(&mut self, indent: usize, line: &Rich) {
        self.margin();
        self.out.extend(std::iter::repeat_n(' ', indent));
        for (tone, text) in line.pieces() {
            self.piece(*tone, text);
        }
        self.out.push('\n');
    }

    fn margin(&mut self) {
        let label = std::mem::take(&mut self.label);
        if !label.is_empty() {
            self.piece(Tone::Label, label);
            if self.style.width < NARROW {
                self.out.push('\n');
            } else {
                self.out.extend(std::iter::repeat_n(' ', GUTTER.saturating_sub(columns(label))));
                return;
            }
        }
        self.out.extend(std::iter::repeat_n(' ', self.gutter));
    }

    fn piece(&mut self, tone: Tone, text: &str) {
        let text = text.replace('\u{a0}', " ");
        if self.style.color && tone != Tone::Plain && !text.is_empty() {
            // Writing to a String can't fail.
            let _ = write!(self.out, "{}{text}\x1b[0m", tone.ansi());
        } else {
            self.out.push_str(&text);
        }
    }
}

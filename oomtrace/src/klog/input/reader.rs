//! Reads logs, one after the other, as one.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use super::document::Cutter;
use super::endless::Endless;
use super::export::Entry;
use super::line::LogLine;
use super::lines::Lines;
use super::needles::Needles;
use super::shape::Shape;
use super::sniff::{Framing, Kind, sniff};
use super::streams::{Found, Streams};
use super::unread::Unread;
use super::utf16::{Utf16, decoded};
use super::wrapped::{Unwrapped, Wrapping};

/// How much of a log is looked at to tell what it is.
const BEGIN: usize = 64 * 1024;

/// What reading a log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines that were too long to be read whole.
    pub cut_lines: u64,
    /// Lines with the kernel's words in a form that is not known.
    pub unread: Unread,
    /// Records in JSON that were too long to be read.
    pub cut_records: u64,
    /// Reading ended before the log did.
    pub error: Option<String>,
}

/// Reads logs; reports may go on from one to the next, as `kern.log.1` goes on in `kern.log`.
#[derive(Debug)]
pub struct LogReader {
    pub(super) streams: Streams,
    pub(super) needles: Needles,
    lines: Lines,
}

/// What is known of the source that is being read.
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    /// The last line is the kernel's, so that its rest is, too.
    pub(super) of_kernel: bool,
    /// Lines have dmesg's stamps, so that one which is indented is the rest of the one before it.
    pub(super) stamped: bool,
    /// It is short, so that every line is read, also one in which none of the words can be found at first sight.
    pub(super) is_short: bool,
    /// The beginning of its lines, where it is none that is known.
    pub(super) shape: Option<Shape>,
    /// Lines so far.
    pub(super) line: u64,
    pub(super) unread: Unread,
}

impl Default for LogReader {
    fn default() -> Self {
        Self::new()
    }
}

impl LogReader {
    /// One that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { streams: Streams::default(), needles: Needles::new(), lines: Lines::new() }
    }

    /// Reads `input` to its end; `sink` gets each report, and each program's kill, once it is whole.
    ///
    /// # Errors
    /// When it is no log, with what to do about it. What can't be read to its end is told in the summary.
    pub fn read(
        &mut self,
        name: &str,
        mut input: Box<dyn BufRead>,
        sink: &mut dyn FnMut(Found),
    ) -> Result<Summary> {
        let mut begin = Vec::new();
        let failed = input.by_ref().take(BEGIN as u64).read_to_end(&mut begin).err();
        if begin.is_empty() {
            match failed {
                Some(error) => return Err(error).context("can't read it"),
                None if std::path::Path::new(name).is_file() => {
                    bail!("it is empty: nothing was logged there, or it was rotated away (look for {name}.1)")
                }
                None => bail!("it is empty: see whether what was to write to it has failed"),
            }
        }
        let is_short = begin.len() < BEGIN;
        let (begin, input) = match (failed.is_some(), Utf16::of(&begin)) {
            (true, _) => (begin, Box::new(io::empty()) as Box<dyn BufRead>),
            (false, None) => (begin, input),
            (false, Some(order)) => decoded(order, begin, input)?,
        };
        let kind = sniff(&begin)?;
        let mut source = Source {
            name: name.into(),
            kind,
            of_kernel: false,
            stamped: false,
            is_short,
            shape: None,
            line: 0,
            unread: Unread::default(),
        };
        let wrapping = (kind.framing == Framing::Lines).then(|| Wrapping::of(&begin)).flatten();
        let whole: Box<dyn Read> = Box::new(io::Cursor::new(begin).chain(input));
        let whole: Box<dyn Read> = match wrapping {
            Some(wrapping) => Box::new(Unwrapped::new(wrapping, whole)),
            None => whole,
        };
        let whole = Box::new(Endless::new(whole, kind.framing == Framing::Lines));
        let mut summary = Summary::default();
        let read = match kind.framing {
            Framing::Lines => self.read_lines(whole, &mut source, &mut summary, sink),
            Framing::Document => self.read_document(whole, &mut source, &mut summary, sink),
            Framing::Export => self.read_export(whole, &source, &mut summary, sink),
        };
        summary.unread = source.unread;
        summary.error = failed.or(read.err()).map(|error| error.to_string());
        Ok(summary)
    }

    /// The logs have ended.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Found)) {
        self.streams.finish(sink);
    }

    /// One line that was read elsewhere.
    pub fn push(&mut self, line: &LogLine<'_>, source: &Arc<str>, sink: &mut dyn FnMut(Found)) {
        self.streams.push(line, source, sink);
    }

    fn read_lines(
        &mut self,
        mut input: Box<dyn Read>,
        source: &mut Source,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Found),
    ) -> io::Result<()> {
        self.lines.reset();
        let mut lines = std::mem::replace(&mut self.lines, Lines::empty());
        let result = loop {
            match lines.fill(&mut *input) {
                Ok(true) => {
                    let whole = lines.whole();
                    summary.bytes += whole.len() as u64;
                    self.take_lines(whole, source, sink);
                    lines.next();
                }
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let last = lines.filled();
        summary.bytes += last.len() as u64;
        if result.is_ok() && !last.is_empty() {
            // Its last number may have been cut.
            let end = last.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
            self.take_lines(&last[..end], source, sink);
        }
        summary.cut_lines = std::mem::take(&mut lines.cut);
        self.lines = lines;
        result
    }

    fn read_document(
        &mut self,
        input: Box<dyn Read>,
        source: &mut Source,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Found),
    ) -> io::Result<()> {
        let mut input = BufReader::with_capacity(BEGIN, input);
        let mut cutter = Cutter::default();
        loop {
            let bytes = input.fill_buf()?;
            let length = bytes.len();
            if length == 0 {
                summary.cut_records = cutter.too_long();
                return Ok(());
            }
            cutter.push(bytes, |record| {
                source.line += 1;
                if !self.streams.is_busy() && self.needles.find(record).is_none() {
                    return self.streams.skipped();
                }
                self.take_record(record, source, sink);
            });
            summary.bytes += length as u64;
            input.consume(length);
        }
    }

    fn read_export(
        &mut self,
        input: Box<dyn Read>,
        source: &Source,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Found),
    ) -> io::Result<()> {
        let mut input = BufReader::with_capacity(BEGIN, input);
        let mut line = Vec::new();
        loop {
            let (entry, bytes) = Entry::read(&mut input, &mut line)?;
            summary.bytes += bytes;
            let Some(entry) = entry else { return Ok(()) };
            if !self.streams.is_busy() && self.needles.find(entry.message()).is_none() {
                self.streams.skipped();
                continue;
            }
            self.streams.push(&entry.line(), &source.name, sink);
        }
    }
}

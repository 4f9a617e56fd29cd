//! Reads logs, one after the other, as one.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use super::document::Cutter;
use super::endless::Endless;
use super::export::Entry;
use super::line::{LogLine, Writer};
use super::lines::{self, Lines};
use super::needles::Needles;
use super::sniff::{Framing, Kind, sniff};
use super::streams::{Found, Streams};
use super::{json, text};

/// How much of a log is looked at to tell what it is.
const BEGIN: usize = 64 * 1024;

/// What reading a log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines that were too long to be read whole.
    pub cut_lines: u64,
    /// Reading ended before the log did.
    pub error: Option<String>,
}

/// Reads logs; reports may go on from one to the next, as `kern.log.1` goes on in `kern.log`.
#[derive(Debug)]
pub struct LogReader {
    streams: Streams,
    needles: Needles,
    lines: Lines,
}

/// What is known of the source that is being read.
struct Source {
    name: Arc<str>,
    kind: Kind,
    /// The last line is the kernel's, so that its rest is, too.
    of_kernel: bool,
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
        let kind = sniff(&begin)?;
        let mut source = Source { name: name.into(), kind, of_kernel: false };
        let whole: Box<dyn Read> = match failed {
            Some(_) => Box::new(io::Cursor::new(begin)),
            None => Box::new(io::Cursor::new(begin).chain(input)),
        };
        let whole = Box::new(Endless::new(whole, kind.framing == Framing::Lines));
        let mut summary = Summary::default();
        let read = match kind.framing {
            Framing::Lines => self.read_lines(whole, &mut source, &mut summary, sink),
            Framing::Document => self.read_document(whole, &source, &mut summary, sink),
            Framing::Export => self.read_export(whole, &source, &mut summary, sink),
        };
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
        if result.is_ok() && !last.is_empty() && (self.streams.is_busy() || self.needles.find(last).is_some())
        {
            // Its last number may have been cut.
            let end = last.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
            self.take_line(&last[..end], source, sink);
        }
        summary.cut_lines = std::mem::take(&mut lines.cut);
        self.lines = lines;
        result
    }

    /// Reads the lines that matter: all of an open report, otherwise those with one of the words.
    fn take_lines(&mut self, mut text: &[u8], source: &mut Source, sink: &mut dyn FnMut(Found)) {
        while !text.is_empty() {
            if !self.streams.is_busy() {
                let Some(at) = self.needles.find(text) else {
                    self.streams.skipped();
                    source.of_kernel = false;
                    return;
                };
                let begin = lines::begin_of(text, at);
                if begin > 0 {
                    self.streams.skipped();
                    source.of_kernel = false;
                }
                text = &text[begin..];
            }
            let (line, rest) = lines::first(text);
            self.take_line(line, source, sink);
            text = rest;
        }
    }

    fn take_line(&mut self, raw: &[u8], source: &mut Source, sink: &mut dyn FnMut(Found)) {
        let line = text::parse(raw);
        if line.writer == Writer::Unknown && source.kind.tagged && line.format == "text" {
            if source.of_kernel {
                self.streams.push_rest(line.text.trim_ascii_start());
            }
            return;
        }
        source.kind.tagged |= line.format.starts_with("syslog");
        source.of_kernel = line.writer != Writer::Process;
        // The rest of a record is indented by dmesg.
        let indented = line.format == "text" && line.text.starts_with(b"  ");
        if indented {
            return self.streams.push_rest(line.text.trim_ascii_start());
        }
        self.streams.push(&line, &source.name, sink);
    }

    fn read_document(
        &mut self,
        input: Box<dyn Read>,
        source: &Source,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Found),
    ) -> io::Result<()> {
        let mut input = BufReader::with_capacity(BEGIN, input);
        let mut cutter = Cutter::default();
        loop {
            let bytes = input.fill_buf()?;
            let length = bytes.len();
            if length == 0 {
                return Ok(());
            }
            cutter.push(bytes, |record| {
                if !self.streams.is_busy() && self.needles.find(record).is_none() {
                    return self.streams.skipped();
                }
                if let Some(line) = json::parse(record, 0) {
                    self.streams.push(&line, &source.name, sink);
                }
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

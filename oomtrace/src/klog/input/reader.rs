//! Reads logs, one after the other, as one.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use anyhow::{Result, anyhow};

use super::blocks;
use super::document::Cutter;
use super::endless::Endless;
use super::export::Entry;
use super::how::How;
use super::line::LogLine;
use super::lines::{Feed, Filled};
use super::lookout::Lookout;
use super::marks::Search;
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
    pub(super) how: How,
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
    /// Lines so far that have a needle and are a program's in all likelihood; see [`take`](super::take).
    pub(super) doubtful: u32,
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
        Self { streams: Streams::default(), needles: Needles::new(), how: How::default() }
    }

    /// Reads `input` to its end; `sink` gets each report, and each program's kill, once it is whole.
    ///
    /// # Errors
    /// When it is no log, with what to do about it. What can't be read to its end is told in the summary.
    pub fn read(
        &mut self,
        name: &str,
        input: Box<dyn BufRead + Send>,
        sink: &mut dyn FnMut(Found),
    ) -> Result<Summary> {
        self.read_for(name, input, None, sink)
    }

    /// The same, while `lookout` looks for lines of its own.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_for(
        &mut self,
        name: &str,
        mut input: Box<dyn BufRead + Send>,
        lookout: Option<&dyn Lookout>,
        sink: &mut dyn FnMut(Found),
    ) -> Result<Summary> {
        let mut begin = Vec::new();
        let failed = input.by_ref().take(BEGIN as u64).read_to_end(&mut begin).err();
        if begin.is_empty() {
            return Err(nothing(name, failed));
        }
        let is_short = begin.len() < BEGIN;
        if failed.is_some() {
            input = Box::new(io::empty());
        }
        let order = Utf16::of(&begin).filter(|_| failed.is_none());
        let plain = lookout.is_none() || (order.is_none() && reads_as_it_is(&begin));
        let (begin, input) = match lookout.filter(|_| !plain) {
            Some(lookout) => {
                let watched = lookout.watch(Box::new(io::Cursor::new(begin).chain(input)), name);
                let mut watched: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(BEGIN, watched));
                let mut begin = Vec::new();
                let _ = watched.by_ref().take(BEGIN as u64).read_to_end(&mut begin);
                (begin, watched)
            }
            None => (begin, input),
        };
        let (begin, input) = match order {
            None => (begin, input),
            Some(order) => decoded(order, begin, input)?,
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
            doubtful: 0,
        };
        let wrapping = (kind.framing == Framing::Lines).then(|| Wrapping::of(&begin)).flatten();
        let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(begin).chain(input));
        let whole: Box<dyn Read + Send> = match wrapping {
            Some(wrapping) => Box::new(Unwrapped::new(wrapping, whole)),
            None => whole,
        };
        let whole = Box::new(Endless::new(whole, kind.framing == Framing::Lines));
        let mut summary = Summary::default();
        let read = match kind.framing {
            Framing::Lines => {
                let search = Search::new(lookout.filter(|_| plain), self.how);
                self.read_lines(whole, &search, &mut source, &mut summary, sink)
            }
            Framing::Document => self.read_document(whole, &mut source, &mut summary, sink),
            Framing::Export => self.read_export(whole, &source, &mut summary, sink),
        };
        summary.unread = source.unread;
        summary.error = failed.or(read.err()).map(|error| error.to_string());
        Ok(summary)
    }

    /// Reads in another way, which finds the same.
    #[cfg(test)]
    pub(in crate::klog) fn by(self, how: How) -> Self {
        Self { how, ..self }
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
        input: Box<dyn Read + Send>,
        search: &Search<'_>,
        source: &mut Source,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Found),
    ) -> io::Result<()> {
        let how = self.how;
        // A thread for less than a block is not worth it.
        let threads = if source.is_short { 0 } else { how.threads };
        let (cut, result) =
            blocks::read(Feed::new(input, how.sizes), search, threads, |text, marks, filled| {
                summary.bytes += text.len() as u64;
                match filled {
                    Filled::Failed(_) => {}
                    Filled::Lines => {
                        search.tell(text, marks, source);
                        self.take_lines(text, &marks.lines, source, sink);
                    }
                    Filled::Last => {
                        search.tell(text, marks, source);
                        // Its last number may have been cut.
                        let end = text.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
                        let marks = search.marks(&text[..end]);
                        self.take_lines(&text[..end], &marks.lines, source, sink);
                    }
                }
            });
        summary.cut_lines = cut;
        result
    }

    fn read_document(
        &mut self,
        input: Box<dyn Read + Send>,
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
        input: Box<dyn Read + Send>,
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

/// Whether the lines of a log are those that stand in it: no others are made of them before they are read.
fn reads_as_it_is(begin: &[u8]) -> bool {
    sniff(begin).is_ok_and(|kind| kind.framing == Framing::Lines) && Wrapping::of(begin).is_none()
}

/// Why there is nothing to read.
fn nothing(name: &str, failed: Option<io::Error>) -> anyhow::Error {
    match failed {
        Some(error) => anyhow::Error::new(error).context("can't read it"),
        None if std::path::Path::new(name).is_file() => {
            anyhow!("it is empty: nothing was logged there, or it was rotated away (look for {name}.1)")
        }
        None => anyhow!("it is empty: see whether what was to write to it has failed"),
    }
}

//! Lines into [`Evidence`]. Nothing that a file holds makes reading fail: what is not understood is counted.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _};
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::keep::{Keep, Sink};
use super::{Evidence, fold, ring};
use crate::decompress;
use crate::model::{Event, Footer, Header, SCHEMA};

const DENIED: &str = "evidence is readable by its owner only: run as that user or root";
/// A longer line is no record of ours; it is skipped.
const LINE_MAX: u64 = 32 << 20;
/// Bytes that are looked at of a line that can't be a record.
const LINE_BEGIN: u64 = 4 << 10;
/// Bytes without any record after which reading ends: an endless file has no more to give.
const DRY_MAX: u64 = 64 << 20;
/// Notes of a stream's footers that are kept.
const NOTES_MAX: usize = 256;
/// Different unknown types and fields that are kept by name.
const NAMES_MAX: usize = 64;

impl Evidence {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can't be opened, or holds no record at all; names cause and remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let mut evidence = Self::open_into(path, &mut Keep::default())?;
        evidence.count_recovered();
        Ok(evidence)
    }

    /// Reads a file into `sink`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn open_into(path: &Path, sink: &mut dyn Sink) -> Result<Self> {
        let mut source = decompress::open(path, DENIED)?;
        let empty = Self { name: name(path), ..Self::default() };
        let (mut evidence, any) = if source.fill_buf().is_ok_and(|begin| begin.starts_with(&ring::MAGIC[..4]))
        {
            let lines = ring::lines(&mut source)?;
            empty.read_into(&mut lines.as_slice(), sink)
        } else {
            empty.read_into(&mut source, sink)
        };
        let any = evidence.add_journal(path, sink) || any;
        anyhow::ensure!(
            any,
            "{path:?} contains no oomtrace records{}: make one with `oomtrace --json -o FILE` or `oomtrace record -o FILE`; \
             for a kernel log there is `oomtrace explain`",
            evidence
                .unread
                .cut
                .or(evidence.unread.first_error)
                .map_or(String::new(), |why| format!(" ({why})"))
        );
        Ok(evidence)
    }

    /// Reads lines that are in memory.
    #[must_use]
    pub(crate) fn of_lines(name: &str, mut lines: &[u8]) -> Self {
        let evidence = Self { name: name.to_owned(), ..Self::default() };
        evidence.read_into(&mut lines, &mut Keep::default()).0
    }

    /// Reads to the end of `source`, or to where it fails: what was read until then is valid.
    #[cfg(test)]
    pub(super) fn read(self, source: &mut dyn BufRead) -> Self {
        self.read_into(source, &mut Keep::default()).0
    }

    /// Reads `source` into `sink`; whether there was any record.
    fn read_into(mut self, source: &mut dyn BufRead, sink: &mut dyn Sink) -> (Self, bool) {
        let mut reading = Reading { sink, open: false, unended: false, sum: None, any: false, dry: 0 };
        let mut line = Vec::new();
        while !reading.sink.is_closed() && reading.dry < DRY_MAX {
            match reading.next_line(source, &mut line) {
                Ok((Line::Whole, _)) => reading.line(&mut self, &line),
                Ok((Line::TooLong, length)) => reading.too_long(&mut self, &line, length),
                Ok((Line::Cut, _)) => {
                    // The last line may have come whole but for its line break.
                    if !reading.is_record(&mut self, &line) {
                        self.unread.cut = Some("no line break at the end".into());
                    }
                }
                Ok((Line::End, _)) => break,
                Err(error) => {
                    self.unread.cut = Some(error.to_string());
                    break;
                }
            }
        }
        if reading.dry >= DRY_MAX {
            let why = format!("no record in {} MiB, so it is not read any further", DRY_MAX >> 20);
            self.unread.cut = Some(why);
        }
        let any = reading.any;
        self.footer = reading.footer();
        (self, any)
    }

    /// Adds what a recorder that died left in the journal beside its file; whether there was anything.
    fn add_journal(&mut self, path: &Path, sink: &mut dyn Sink) -> bool {
        // Nobody named it: a FIFO that has the name must not be waited for.
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
        let file = options.read(true).open(ring::journal_of(path)).ok();
        let file = file.filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()));
        let Some(mut source) = file.map(io::BufReader::new) else { return false };
        let Ok(lines) = ring::lines(&mut source) else { return false };
        let (journal, any) = Self::default().read_into(&mut lines.as_slice(), &mut Keep::default());
        self.header = self.header.take().or(journal.header);
        for incident in journal.incidents {
            // It is a short account: one that is known stays.
            sink.take(self, Event::OomKill(Box::new(incident)), 0);
        }
        any
    }

    /// Short accounts that no whole one has replaced.
    fn count_recovered(&mut self) {
        let short = self.incidents.iter().filter(|incident| fold::is_short(incident));
        self.unread.recovered = short.count() as u64;
    }

    fn bad_line(&mut self, why: &str) {
        self.unread.lines += 1;
        self.unread.first_error.get_or_insert_with(|| why.to_owned());
    }
}

/// The name that a report calls the file by.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

enum Line {
    Whole,
    Cut,
    TooLong,
    End,
}

/// Reads a line without its line break; what it is, and its bytes in the file. Of a line that is too long, or can't be a record
/// and is not short, its begin is read.
fn next_line(source: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<(Line, u64)> {
    line.clear();
    line.shrink_to(1 << 20);
    let is_object = source.fill_buf()?.first() == Some(&b'{');
    let room = if is_object { LINE_MAX } else { LINE_BEGIN };
    let read = source.take(room).read_until(b'\n', line)? as u64;
    if read == 0 {
        return Ok((Line::End, 0));
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        return Ok((Line::Whole, read));
    }
    if read < room {
        return Ok((Line::Cut, read));
    }
    line.truncate(256);
    Ok((Line::TooLong, read + skip_line(source)?))
}

/// Passes over the rest of a line; gives up on one without an end.
fn skip_line(source: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    while skipped < DRY_MAX {
        let buffer = source.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer).map(|at| at + 1);
        let length = end.unwrap_or(buffer.len());
        source.consume(length);
        skipped += length as u64;
        if end.is_some() || length == 0 {
            break;
        }
    }
    Ok(skipped)
}

/// Where in its streams the file is read.
struct Reading<'a> {
    sink: &'a mut dyn Sink,
    /// A header without a footer so far.
    open: bool,
    /// A stream had no footer.
    unended: bool,
    sum: Option<Footer>,
    /// There was a record.
    any: bool,
    /// Bytes since the last one.
    dry: u64,
}

/// What every record begins with; the rest is passed over.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

impl Reading<'_> {
    /// Reads a line that is not blank.
    fn next_line(&mut self, source: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<(Line, u64)> {
        while self.dry < DRY_MAX {
            let buffer = source.fill_buf()?;
            let blank = buffer.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(buffer.len());
            if blank == 0 {
                break;
            }
            source.consume(blank);
            self.dry += blank as u64;
        }
        if self.dry < DRY_MAX { next_line(source, line) } else { Ok((Line::End, 0)) }
    }

    fn line(&mut self, evidence: &mut Evidence, line: &[u8]) {
        if !self.is_record(evidence, line) {
            let error = serde_json::from_slice::<IgnoredAny>(line).err();
            evidence.bad_line(&error.map_or("a record of another shape".into(), |error| error.to_string()));
        }
    }

    fn too_long(&mut self, evidence: &mut Evidence, begin: &[u8], length: u64) {
        self.dry += length;
        let error = serde_json::from_slice::<IgnoredAny>(begin).err().filter(serde_json::Error::is_syntax);
        evidence.bad_line(
            &error.map_or_else(|| format!("longer than {} MiB", LINE_MAX >> 20), |error| error.to_string()),
        );
    }

    /// Takes a line; false when it is no record.
    fn is_record(&mut self, evidence: &mut Evidence, line: &[u8]) -> bool {
        let taken = self.record(evidence, line).is_some();
        self.any |= taken;
        self.dry = if taken { 0 } else { self.dry + line.len() as u64 + 1 };
        taken
    }

    fn record(&mut self, evidence: &mut Evidence, line: &[u8]) -> Option<()> {
        let Kind { kind } = serde_json::from_slice(line).ok()?;
        let kind = &*kind;
        let unknown = &mut evidence.unread.fields;
        let event = match kind {
            "header" => {
                let header = parse(unknown, kind, line)?;
                self.header(evidence, header);
                return Some(());
            }
            "footer" => {
                self.end(parse(unknown, kind, line)?);
                return Some(());
            }
            "oom_kill" => Event::OomKill(parse(unknown, kind, line)?),
            "update" => Event::Update(parse(unknown, kind, line)?),
            "oom_no_kill" => Event::OomNoKill(parse(unknown, kind, line)?),
            "sigkill" => Event::Sigkill(parse(unknown, kind, line)?),
            "userspace_kill" => Event::UserspaceKill(parse(unknown, kind, line)?),
            "sample" => Event::Sample(parse(unknown, kind, line)?),
            "alert" => Event::Alert(parse(unknown, kind, line)?),
            "lost" => Event::Lost(parse(unknown, kind, line)?),
            _ => {
                count(&mut evidence.unread.types, kind);
                return Some(());
            }
        };
        self.sink.take(evidence, event, line.len() as u64);
        Some(())
    }

    fn header(&mut self, evidence: &mut Evidence, header: Header) {
        self.unended |= self.open;
        self.open = true;
        if header.schema != SCHEMA {
            evidence.unread.schema = Some(header.schema.clone());
        }
        evidence.header.get_or_insert(header);
    }

    fn end(&mut self, footer: Footer) {
        self.open = false;
        let Some(sum) = &mut self.sum else {
            self.sum = Some(footer);
            return;
        };
        sum.time = footer.time;
        sum.kills += footer.kills;
        sum.filtered += footer.filtered;
        sum.filter.extend(footer.filter);
        sum.filter.dedup();
        sum.lost_kills += footer.lost_kills;
        sum.vmstat_oom_kill = sum.vmstat_oom_kill.zip(footer.vmstat_oom_kill).map(|(a, b)| a + b);
        sum.complete &= footer.complete;
        sum.notes.extend(footer.notes);
        sum.signs.extend(footer.signs);
        sum.notes.truncate(NOTES_MAX);
    }

    fn footer(self) -> Option<Footer> {
        self.sum.filter(|_| !self.open && !self.unended)
    }
}

type Names = std::collections::BTreeMap<String, u64>;

/// Reads a record; fields that are not known are counted.
fn parse<T: DeserializeOwned>(unknown: &mut Names, kind: &str, line: &[u8]) -> Option<T> {
    let mut found = Names::new();
    let mut source = serde_json::Deserializer::from_slice(line);
    let each = |path: serde_ignored::Path<'_>| {
        let path = path.to_string();
        if path != "type" {
            count(&mut found, &without_indices(&format!("{kind}.{path}")));
        }
    };
    let record = serde_ignored::deserialize(&mut source, each).ok()?;
    source.end().ok()?;
    for (name, times) in found {
        add(unknown, &name, times);
    }
    Some(record)
}

/// `oom_kill.victims.3.x` is the field `oom_kill.victims.x`, and `?` stands for an option.
fn without_indices(path: &str) -> String {
    let parts = path.split('.').filter(|part| *part != "?" && !part.bytes().all(|b| b.is_ascii_digit()));
    parts.collect::<Vec<_>>().join(".")
}

fn count(names: &mut Names, name: &str) {
    add(names, name, 1);
}

fn add(names: &mut Names, name: &str, times: u64) {
    let name: String = name.chars().take(80).collect();
    let known = names.len() < NAMES_MAX || names.contains_key(&name);
    *names.entry(if known { name } else { "others".into() }).or_default() += times;
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

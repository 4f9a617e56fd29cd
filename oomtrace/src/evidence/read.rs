//! Lines into [`Evidence`]. Nothing that a file holds makes reading fail: what is not understood is counted.

use std::io::{self, BufRead, Read as _};
use std::path::Path;

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Evidence, fold, ring};
use crate::decompress;
use crate::model::{Footer, Header, SCHEMA};

const DENIED: &str = "evidence is readable by its owner only: run as that user or root";
/// A longer line is no record of ours; it is skipped.
const LINE_MAX: u64 = 64 << 20;
/// Different unknown types and fields that are kept by name.
const NAMES_MAX: usize = 64;

impl Evidence {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can't be opened, or holds no record at all; names cause and remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let mut source = decompress::open(path, DENIED)?;
        let empty = Self { name: name(path), ..Self::default() };
        let mut evidence = if source.fill_buf().is_ok_and(|begin| begin.starts_with(&ring::MAGIC[..4])) {
            let lines = ring::lines(&mut source)?;
            empty.read(&mut lines.as_slice())
        } else {
            empty.read(&mut source)
        };
        evidence.add_journal(path);
        evidence.count_recovered();
        anyhow::ensure!(
            evidence.holds_something(),
            "{path:?} holds no record of oomtrace: make one with `oomtrace --json -o FILE` or `oomtrace record -o FILE`; \
             for a kernel log there is `oomtrace explain`"
        );
        Ok(evidence)
    }

    /// Reads to the end of `source`, or to where it fails: what was read until then is valid.
    #[must_use]
    pub fn read(mut self, source: &mut dyn BufRead) -> Self {
        let mut reading = Reading::default();
        let mut line = Vec::new();
        loop {
            match next_line(source, &mut line) {
                Ok(Line::Whole) => reading.line(&mut self, &line),
                Ok(Line::TooLong) => self.bad_line("longer than 64 MiB"),
                Ok(Line::Cut) => {
                    // The last line may have come whole but for its line break.
                    if !reading.is_record(&mut self, &line) {
                        self.unread.cut = Some("no line break at the end".into());
                    }
                }
                Ok(Line::End) => break,
                Err(error) => {
                    self.unread.cut = Some(error.to_string());
                    break;
                }
            }
        }
        self.footer = reading.footer();
        self
    }

    /// Adds what a recorder that died left in the journal beside its file.
    fn add_journal(&mut self, path: &Path) {
        // Nobody named it: a FIFO that has the name must not be waited for.
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
        let file = options.read(true).open(ring::journal_of(path)).ok();
        let file = file.filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()));
        let Some(mut source) = file.map(io::BufReader::new) else { return };
        let Ok(lines) = ring::lines(&mut source) else { return };
        let journal = Self::default().read(&mut lines.as_slice());
        self.header = self.header.take().or(journal.header);
        for incident in journal.incidents {
            if !self.incidents.iter().any(|known| known.id == incident.id) {
                self.incidents.push(incident);
            }
        }
    }

    /// Short accounts that no whole one has replaced.
    fn count_recovered(&mut self) {
        let short = self.incidents.iter().filter(|incident| fold::is_short(incident));
        self.unread.recovered = short.count() as u64;
    }

    fn holds_something(&self) -> bool {
        let Self {
            name: _,
            header,
            incidents,
            no_kills,
            sigkills,
            userspace_kills,
            samples,
            losses,
            footer,
            unread,
        } = self;
        let kills = incidents.len() + no_kills.len() + sigkills.len() + userspace_kills.len();
        let records = kills + samples.len() + losses.len();
        header.is_some() || footer.is_some() || records > 0 || !unread.types.is_empty() || unread.orphans > 0
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

/// Reads a line without its line break.
fn next_line(source: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let read = source.take(LINE_MAX).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(Line::End);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        return Ok(Line::Whole);
    }
    if (read as u64) < LINE_MAX {
        return Ok(Line::Cut);
    }
    line.clear();
    skip_line(source)?;
    Ok(Line::TooLong)
}

fn skip_line(source: &mut dyn BufRead) -> io::Result<()> {
    let mut rest = Vec::new();
    while source.take(1 << 20).read_until(b'\n', &mut rest)? > 0 && rest.last() != Some(&b'\n') {
        rest.clear();
    }
    Ok(())
}

/// Where in its streams the file is read.
#[derive(Default)]
struct Reading {
    /// A header without a footer so far.
    open: bool,
    /// A stream had no footer.
    unended: bool,
    sum: Option<Footer>,
}

impl Reading {
    fn line(&mut self, evidence: &mut Evidence, line: &[u8]) {
        if !line.iter().all(u8::is_ascii_whitespace) && !self.is_record(evidence, line) {
            let error = serde_json::from_slice::<Value>(line).err();
            evidence.bad_line(&error.map_or("a record of another shape".into(), |error| error.to_string()));
        }
    }

    /// Takes a line; false when it is no record.
    fn is_record(&mut self, evidence: &mut Evidence, line: &[u8]) -> bool {
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return false };
        let Some(kind) = value.get("type").and_then(Value::as_str).map(str::to_owned) else { return false };
        if let Value::Object(fields) = &mut value {
            fields.remove("type");
        }
        self.record(evidence, &kind, value).is_some()
    }

    fn record(&mut self, evidence: &mut Evidence, kind: &str, value: Value) -> Option<()> {
        let unknown = &mut evidence.unread.fields;
        match kind {
            "header" => {
                let header = parse(unknown, kind, value)?;
                self.header(evidence, header);
            }
            "oom_kill" => fold::incident(&mut evidence.incidents, parse(unknown, kind, value)?),
            "update" => {
                let known = fold::update(&mut evidence.incidents, parse(unknown, kind, value)?);
                evidence.unread.orphans += u64::from(!known);
            }
            "oom_no_kill" => evidence.no_kills.push(parse(unknown, kind, value)?),
            "sigkill" => evidence.sigkills.push(parse(unknown, kind, value)?),
            "userspace_kill" => evidence.userspace_kills.push(parse(unknown, kind, value)?),
            "sample" => evidence.samples.push(parse(unknown, kind, value)?),
            "lost" => evidence.losses.push(parse(unknown, kind, value)?),
            "footer" => self.end(parse(unknown, kind, value)?),
            _ => count(&mut evidence.unread.types, kind),
        }
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
        sum.lost_kills += footer.lost_kills;
        sum.vmstat_oom_kill = sum.vmstat_oom_kill.zip(footer.vmstat_oom_kill).map(|(a, b)| a + b);
        sum.complete &= footer.complete;
        sum.notes.extend(footer.notes);
        sum.signs.extend(footer.signs);
    }

    fn footer(self) -> Option<Footer> {
        self.sum.filter(|_| !self.open && !self.unended)
    }
}

type Names = std::collections::BTreeMap<String, u64>;

/// Reads a record; fields that are not known are counted.
fn parse<T: DeserializeOwned>(unknown: &mut Names, kind: &str, value: Value) -> Option<T> {
    let mut found = Vec::new();
    let record = serde_ignored::deserialize(value, |path| found.push(format!("{kind}.{path}"))).ok()?;
    found.iter().for_each(|path| count(unknown, &without_indices(path)));
    Some(record)
}

/// `oom_kill.victims.3.x` is the field `oom_kill.victims.x`, and `?` stands for an option.
fn without_indices(path: &str) -> String {
    let parts = path.split('.').filter(|part| *part != "?" && !part.bytes().all(|b| b.is_ascii_digit()));
    parts.collect::<Vec<_>>().join(".")
}

fn count(names: &mut Names, name: &str) {
    let name: String = name.chars().take(80).collect();
    let known = names.len() < NAMES_MAX || names.contains_key(&name);
    *names.entry(if known { name } else { "others".into() }).or_default() += 1;
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

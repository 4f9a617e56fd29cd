//! Looks at a log while it passes by.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex};

use super::sign::{By, Sign};
use super::table::{NEEDLES, Table};
use crate::klog::input::{LogLine, Lookout, Writer, may_be_kernels, parse_line};
use crate::model::{self, Text};

/// Longest line that is looked at whole, and bytes kept of the first of a kind.
const LINE_MAX: usize = 64 * 1024;
const SHOWN: usize = 300;

/// What was found in a log so far. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Signs {
    shared: Arc<Shared>,
    numbered: bool,
}

#[derive(Debug)]
struct Shared {
    table: Table,
    found: Mutex<Vec<(&'static Sign, model::Sign)>>,
}

impl Default for Signs {
    fn default() -> Self {
        Self::new()
    }
}

impl Signs {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { table: Table::new(), found: Mutex::default() }), numbered: true }
    }

    /// What was found, the surest first; nothing is left.
    #[must_use]
    pub fn take(&self) -> Vec<model::Sign> {
        let mut found =
            self.shared.found.lock().map(|mut found| std::mem::take(&mut *found)).unwrap_or_default();
        found.sort_by_key(|(_, sign)| sign.meaning);
        found.into_iter().map(|(_, sign)| sign).collect()
    }

    /// Without numbers of lines: nobody sees these lines.
    #[must_use]
    pub fn without_numbers(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), numbered: false }
    }

    /// Looks at a line that was read elsewhere, from a log without numbers of lines.
    pub fn push(&self, line: &LogLine<'_>, name: &str) {
        if self.shared.table.find(&line.text).is_some() {
            let kind = self.shared.table.kinds(&line.text).find(|(_, sign)| is_by(line, sign.by));
            kind.into_iter().for_each(|(_, sign)| self.count(sign, 1, || first(sign, line, name, 0)));
        }
    }

    fn count(&self, sign: &'static Sign, count: u64, first: impl FnOnce() -> model::Sign) {
        let Ok(mut all) = self.shared.found.lock() else { return };
        match all.iter_mut().find(|(known, _)| std::ptr::eq(*known, sign)) {
            Some((_, known)) => known.count += count,
            None => all.push((sign, model::Sign { count, ..first() })),
        }
    }
}

impl Lookout for Signs {
    fn needles(&self) -> &'static [&'static str] {
        &NEEDLES
    }

    fn look(&self, line: &[u8]) -> Option<usize> {
        let mut parsed = None;
        let found = self.shared.table.kinds(line).find(|(_, sign)| match sign.by {
            By::Anyone => true,
            // Reading a line takes longer than all else.
            By::Process if !may_be_kernels(line) => true,
            by => is_by(parsed.get_or_insert_with(|| parse_line(of_export(line))), by),
        });
        found.map(|(kind, _)| kind)
    }

    fn found(&self, kind: usize, count: u64, line: &[u8], name: &str, number: u64) {
        let Some(sign) = self.shared.table.sign(kind) else { return };
        let number = if self.numbered { number } else { 0 };
        self.count(sign, count, || first(sign, &parse_line(of_export(line)), name, number));
    }

    fn watch(&self, input: Box<dyn Read + Send>, name: &str) -> Box<dyn Read + Send> {
        Box::new(Watched::new(input, name, self.clone()))
    }
}

/// A line of the journal's export is the message alone.
fn of_export(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"MESSAGE=").unwrap_or(line)
}

/// Adds what one log has to what others had.
pub fn merge(all: &mut Vec<model::Sign>, more: Vec<model::Sign>) {
    for sign in more {
        match all.iter_mut().find(|known| known.kind == sign.kind) {
            Some(known) => known.count = known.count.saturating_add(sign.count),
            None => all.push(sign),
        }
    }
    all.sort_by_key(|sign| sign.meaning);
}

/// A log that is read, and looked at on its way.
pub struct Watched<R> {
    inner: R,
    signs: Signs,
    name: String,
    /// The beginning of a line whose end has not come yet.
    open: Vec<u8>,
    /// Ends of lines that went by.
    lines: u64,
}

impl<R> Watched<R> {
    /// Watches `inner`, which is called `name`.
    pub fn new(inner: R, name: &str, signs: Signs) -> Self {
        Self { inner, signs, name: name.to_owned(), open: Vec::new(), lines: 0 }
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        if !self.open.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let rest = &bytes[..end.unwrap_or(bytes.len())];
            let room = LINE_MAX.saturating_sub(self.open.len());
            self.open.extend_from_slice(&rest[..rest.len().min(room)]);
            let Some(end) = end else { return };
            let line = std::mem::take(&mut self.open);
            if self.signs.shared.table.find(&line).is_some() {
                self.line(&line, self.lines + 1);
            }
            self.open = line;
            self.open.clear();
            self.lines += 1;
            bytes = &bytes[end + 1..];
        }
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        self.whole_lines(&bytes[..whole]);
        let rest = &bytes[whole..];
        self.open.extend_from_slice(&rest[..rest.len().min(LINE_MAX)]);
    }

    fn whole_lines(&mut self, mut text: &[u8]) {
        while let Some(at) = self.signs.shared.table.find(text) {
            let begin = memchr::memrchr(b'\n', &text[..at]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
            self.lines += count(&text[..begin]);
            self.line(&text[begin..end.min(begin + LINE_MAX)], self.lines + 1);
            let next = text.len().min(end + 1);
            self.lines += count(&text[begin..next]);
            text = &text[next..];
        }
        self.lines += count(text);
    }

    fn line(&self, raw: &[u8], number: u64) {
        if let Some(kind) = self.signs.look(raw) {
            self.signs.found(kind, 1, raw, &self.name, number);
        }
    }

    fn end(&mut self) {
        let line = std::mem::take(&mut self.open);
        if self.signs.shared.table.find(&line).is_some() {
            self.line(&line, self.lines + 1);
        }
    }
}

fn count(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

fn first(sign: &'static Sign, line: &LogLine<'_>, name: &str, number: u64) -> model::Sign {
    let text = line.text.trim_ascii();
    model::Sign {
        kind: sign.kind.to_owned(),
        meaning: sign.meaning,
        what: sign.sentence.to_owned(),
        detail: sign.detail.and_then(|detail| detail(text)),
        count: 1,
        log: name.into(),
        line: number,
        time: line.stamp.as_ref().map(|stamp| stamp.text.clone()),
        text: Text::new(&text[..text.len().min(SHOWN)]),
    }
}

/// Whether the line's writer, as far as it is known, is the one whose words these are.
fn is_by(line: &LogLine<'_>, by: By) -> bool {
    match by {
        By::Anyone => true,
        By::Kernel => line.writer != Writer::Process,
        By::Process => matches!(line.writer, Writer::Process | Writer::Unknown),
        By::Program(names) => is_program(line, names),
    }
}

fn is_program(line: &LogLine<'_>, names: &[&str]) -> bool {
    // Programs write into the kernel's ring buffer under their own tag.
    let tagged = |name: &str| {
        let rest = line.text.strip_prefix(name.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"[") || rest.starts_with(b": "))
    };
    if names.iter().any(|name| tagged(name)) {
        return true;
    }
    let named = |text: &str| names.contains(&text.rsplit('/').next().unwrap_or(text));
    match &line.program {
        Some(program) => program.exe.as_deref().or(program.tag.as_deref()).is_none_or(named),
        None => line.writer == Writer::Unknown,
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        match read {
            0 if !buf.is_empty() => self.end(),
            read => self.pass(&buf[..read]),
        }
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Watched<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.inner.fill_buf()?.is_empty() {
            self.end();
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is in the buffer is given again without reading.
        let bytes = match self.inner.fill_buf() {
            Ok(bytes) => bytes[..amount.min(bytes.len())].to_vec(),
            Err(_) => Vec::new(),
        };
        self.pass(&bytes);
        self.inner.consume(amount);
    }
}

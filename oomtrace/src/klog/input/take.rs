//! Which lines of a log matter, and what becomes of each.

use memchr::memchr;

use super::line::{LogLine, Writer};
use super::lines;
use super::marks::Mark;
use super::reader::{LogReader, Source};
use super::shape::Shape;
use super::streams::Found;
use super::{beginning, clean, text, unread, walk, words};

/// So many lines with a needle that are a program's in all likelihood are read at the beginning: they show what the lines of a log
/// look like.
pub(super) const DOUBTFUL: u32 = 1000;

impl LogReader {
    /// Reads the lines of a block that matter: all of an open report, otherwise those that are marked.
    pub(super) fn take_lines(
        &mut self,
        text: &[u8],
        marks: &[Mark],
        source: &mut Source,
        sink: &mut dyn FnMut(Found),
    ) {
        let (mut at, mut marks) = (0, marks.iter().peekable());
        while at < text.len() {
            while marks.next_if(|mark| mark.begin < at || !is_wanted(mark, source)).is_some() {}
            if !source.is_short && !self.streams.is_busy() {
                let begin = marks.peek().map_or(text.len(), |mark| mark.begin);
                if begin > at {
                    self.pass_over(&text[at..begin], source);
                }
                at = begin;
                if at == text.len() {
                    return;
                }
            }
            let (line, rest) = lines::first(&text[at..]);
            source.line += 1;
            source.doubtful += u32::from(marks.peek().is_some_and(|mark| mark.begin == at && !mark.certain));
            self.take_line(line, source, sink);
            at = text.len() - rest.len();
        }
    }

    fn pass_over(&mut self, text: &[u8], source: &mut Source) {
        self.streams.skipped();
        source.of_kernel = false;
        source.line += lines::count(text);
    }

    /// A line of the file, which may hold several of a log.
    fn take_line(&mut self, raw: &[u8], source: &mut Source, sink: &mut dyn FnMut(Found)) {
        let blank = raw.trim_ascii();
        if matches!(blank.first(), Some(b'{' | b'['))
            && matches!(blank.last(), Some(b'}' | b']' | b','))
            && walk::is_json(blank)
        {
            return self.take_record(blank, source, sink);
        }
        let plain = !source.kind.is_html
            && memchr(0x1b, raw).is_none()
            && raw.is_ascii()
            && !clean::has_written_colour(raw);
        if plain && !has_line_ends(raw) {
            return self.take_text(raw, source, sink);
        }
        let cleaned = clean::clean(raw, source.kind.is_html);
        let whole = without_line_ends(&cleaned);
        for piece in whole.split(|b| *b == b'\n') {
            self.take_text(piece, source, sink);
        }
    }

    /// A record in JSON: all texts in it that are lines of a log.
    pub(super) fn take_record(&mut self, record: &[u8], source: &mut Source, sink: &mut dyn FnMut(Found)) {
        let busy = self.streams.is_busy();
        let (all, needles) = (walk::lines(record, busy, &self.needles), self.needles.find(record).is_some());
        let none = all.is_empty();
        for line in all {
            source.of_kernel = line.writer != Writer::Process;
            self.check(&line, record, source);
            self.streams.push(&line, &source.name, sink);
        }
        if none && needles && words::find(record).is_some() {
            source.unread.count(source.line, record);
        }
    }

    /// One line of a log.
    fn take_text(&mut self, raw: &[u8], source: &mut Source, sink: &mut dyn FnMut(Found)) {
        let busy = self.streams.is_busy();
        let (line, has_shape) = self.read_text(raw, source);
        if !busy && source.is_short && self.needles.find(raw).is_none() {
            return self.take_loose(&line, source, sink);
        }
        let is_text = line.format == "text";
        if line.writer == Writer::Unknown && source.kind.tagged {
            if is_text && source.of_kernel && !unread::is_strong(&line.text) {
                self.streams.push_rest(line.text.trim_ascii_start());
            } else if unread::is_strong(&line.text) && !(raw.starts_with(b" ") || raw.starts_with(b"\t")) {
                source.unread.count(source.line, raw);
            }
            return;
        }
        let is_rest = is_text && line.writer == Writer::Unknown && raw.starts_with(b"  ");
        if is_rest && source.stamped && unread::is_strong(&line.text) {
            // A name with a line end in it may say anything.
            return source.unread.count(source.line, raw);
        }
        source.stamped |= line.format == "dmesg" || line.format == "dmesg with facilities";
        source.kind.tagged |= line.format.starts_with("syslog") && line.writer != Writer::Unknown;
        source.of_kernel = line.writer != Writer::Process;
        // The rest of a record is indented by dmesg.
        if is_rest && busy && (source.stamped || !(has_shape || unread::is_strong(&line.text))) {
            return self.streams.push_rest(line.text.trim_ascii_start());
        }
        self.check(&line, raw, source);
        self.streams.push(&line, &source.name, sink);
    }

    /// A line without any of the words, while no report is open: a row of a task table of which the beginning is lost.
    fn take_loose(&mut self, line: &LogLine<'_>, source: &mut Source, sink: &mut dyn FnMut(Found)) {
        self.streams.skipped();
        source.of_kernel = false;
        if line.writer != Writer::Process && line.text.starts_with(b"[") {
            self.streams.push(line, &source.name, sink);
        }
    }

    /// The line without what stands before the kernel's words, in a known form or in another.
    /// Whether it has the beginning that was learned from a line of the same report.
    fn read_text<'a>(&self, raw: &'a [u8], source: &mut Source) -> (LogLine<'a>, bool) {
        let line = text::parse(raw);
        if line.format == "text" && unread::is_strong(&line.text) {
            let at = memchr::memmem::find(raw, &line.text).unwrap_or(0);
            source.shape = Shape::of(&raw[..at], line.writer, line.host.clone());
            return (line, true);
        }
        if words::begins(&line.text) || line.writer != Writer::Unknown {
            let known = source.shape.as_ref().and_then(|shape| shape.strip(raw));
            let same = known.is_some_and(|rest| beginning::without_quotes(rest) == &*line.text);
            return (line, same);
        }
        if let Some((at, Some(false))) = beginning::found(raw) {
            source.shape = Shape::of(&raw[..at], Writer::Unknown, None);
            return (text::bare(beginning::without_quotes(&raw[at..])), true);
        }
        match source.shape.as_ref().and_then(|shape| Some((shape.strip(raw)?, shape))) {
            Some((rest, shape)) => {
                let (writer, host) = (shape.writer, shape.host.clone());
                (LogLine { writer, host, ..text::bare(beginning::without_quotes(rest)) }, true)
            }
            None => (line, false),
        }
    }

    /// Counts a line that says that something was killed, in a form that is not known.
    fn check(&self, line: &LogLine<'_>, raw: &[u8], source: &mut Source) {
        if line.writer == Writer::Process || unread::is_read(&line.text) {
            return;
        }
        let hidden = match beginning::found(&line.text) {
            Some((_, Some(true))) | None => false,
            Some((at, _)) if line.writer != Writer::Unknown => unread::may_be_form(&line.text[..at]),
            Some(_) => true,
        };
        if hidden || unread::is_cut(&line.text) {
            source.unread.count(source.line, raw);
        }
    }
}

fn is_wanted(mark: &Mark, source: &Source) -> bool {
    mark.certain || source.doubtful < DOUBTFUL
}

/// `\n` or `#012` written out, as exports do with a text of several lines.
const LINE_ENDS: [&[u8]; 3] = [b"\\n", b"#012", b"\\r\\n"];

fn has_line_ends(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\\n[").is_some()
        || memchr::memmem::find(text, b"\\n<").is_some()
        || memchr::memmem::find(text, b"#012[ ").is_some()
}

/// With line ends for those that are written out, where the kernel's stamps follow them.
fn without_line_ends(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if !has_line_ends(text) {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let end = LINE_ENDS.iter().find(|end| text[at..].starts_with(end));
        match end {
            Some(end) if matches!(text.get(at + end.len()), Some(b'[' | b'<' | b' ' | b'"') | None) => {
                out.push(b'\n');
                at += end.len();
            }
            _ => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out.into()
}

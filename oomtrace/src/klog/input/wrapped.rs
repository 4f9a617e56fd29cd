//! Lines that a terminal, a mail program or an editor broke at its width are put together again.
//!
//! Whether they were broken, where and how is tried on the beginning of a log: the way with which most of its lines can be
//! read is taken, and none where that is the text as it stands.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use super::line::Writer;
use super::{text, words};
use crate::klog::line::Line;
use crate::klog::parse::scan::digits;
use crate::klog::parse::{constraint, machine, memcg, tasks};
use crate::klog::report::Machine;

/// A line that was put together is no longer than this.
const LONGEST: usize = 64 * 1024;
/// Blanks at the end of a row that copying from a terminal leaves out.
const BLANKS: usize = 16;
/// Narrower is no width.
const NARROWEST: usize = 20;

/// How lines were broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Wherever the width ended.
    Hard(usize),
    /// Between words.
    Soft(usize),
    /// With `=` at the end, as mail does (quoted-printable).
    Printable,
}

/// What is known about the broken lines of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrapping {
    way: Way,
    /// Lines begin with a stamp or a tag.
    stamped: bool,
}

impl Wrapping {
    /// How the lines at the beginning of a log were broken; `None` when they were not.
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        if !has_words(begin) {
            return None;
        }
        let lines: Vec<&[u8]> = begin.split(|b| *b == b'\n').map(bare).collect();
        let stamped = lines.iter().any(|line| is_stamped(line));
        let broken =
            |pair: &&[&[u8]]| !pair[0].is_empty() && !pair[1].is_empty() && !starts(pair[1], stamped);
        let lengths: Vec<usize> = lines.windows(2).filter(broken).map(|pair| columns(pair[0])).collect();
        let longest = lengths.iter().copied().max().filter(|width| *width >= NARROWEST)?;
        let mut ways = vec![Way::Hard(longest), Way::Soft(longest)];
        if let Some(usual) = usual(&lengths).filter(|usual| *usual != longest) {
            ways.push(Way::Hard(usual));
        }
        if lines.iter().any(|line| line.ends_with(b"=")) {
            ways.push(Way::Printable);
        }
        let mut best = (score(&lines, stamped, None), None);
        for way in ways {
            let wrapping = Self { way, stamped };
            let score = score(&lines, stamped, Some(wrapping));
            if score > best.0 {
                best = (score, Some(wrapping));
            }
        }
        best.1
    }

    /// Whether `next` is the rest of `line`, whose last physical line had `width` columns.
    fn joins(self, line: &[u8], width: usize, next: &[u8]) -> bool {
        if next.is_empty() || line.is_empty() || line.len() + next.len() > LONGEST {
            return false;
        }
        if self.way == Way::Printable {
            return line.ends_with(b"=");
        }
        // A stamp is no rest of a line, whatever stands behind it.
        if starts(next, self.stamped) && (self.stamped || !is_rest(line, next)) {
            return false;
        }
        match self.way {
            // Blanks at the end may have been left out, which shows only where lines have beginnings.
            Way::Hard(full) => width == full || (self.stamped && width < full && width + BLANKS > full),
            Way::Soft(full) => {
                let word = next.trim_ascii_start().split(|b| *b == b' ').next().unwrap_or_default();
                let statistic = !self.stamped && memcg::stats(next.trim_ascii_start()).count() == 1;
                width <= full && width + 1 + columns(word) > full && !statistic
            }
            Way::Printable => false,
        }
    }

    fn join(self, line: &mut Vec<u8>, width: usize, next: &[u8]) {
        match self.way {
            Way::Hard(full) => line.resize(line.len() + full.saturating_sub(width), b' '),
            Way::Soft(_) => line.push(b' '),
            Way::Printable => drop(line.pop()),
        }
        line.extend_from_slice(next);
    }

    fn finish(self, line: &[u8]) -> Vec<u8> {
        if self.way != Way::Printable {
            return line.to_vec();
        }
        let mut out = Vec::with_capacity(line.len());
        let mut at = 0;
        while at < line.len() {
            let hex = line
                .get(at + 1..at + 3)
                .filter(|_| line[at] == b'=')
                .and_then(|hex| std::str::from_utf8(hex).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|byte| *byte >= b' ') {
                Some(byte) => {
                    out.push(byte);
                    at += 3;
                }
                None => {
                    out.push(line[at]);
                    at += 1;
                }
            }
        }
        out
    }
}

/// Whether, put together in either way, there are words of a report.
fn has_words(begin: &[u8]) -> bool {
    let wanted: [&[u8]; 4] = [b"illprocess", b"illedprocess", b"oom-kill", b"killedasaresult"];
    let dense: Vec<u8> =
        begin.iter().copied().filter(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'=')).collect();
    wanted.iter().any(|word| memchr::memmem::find(&dense, word).is_some())
}

/// Without the line end, and the marks of a mail that is quoted.
fn bare(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    while let [b'>', rest @ ..] = line {
        line = rest.strip_prefix(b" ").unwrap_or(rest);
    }
    line
}

fn columns(text: &[u8]) -> usize {
    text.iter().filter(|b| !(0x80..0xc0).contains(*b)).count()
}

/// The most frequent.
fn usual(lengths: &[usize]) -> Option<usize> {
    let mut counts = BTreeMap::new();
    for length in lengths.iter().filter(|length| **length >= NARROWEST) {
        *counts.entry(*length).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(length, _)| length)
}

/// A line with a stamp or tag before the kernel's words.
fn is_stamped(line: &[u8]) -> bool {
    text::exact(line, 0).is_some_and(|line| line.writer != Writer::Unknown)
}

/// Whether a line begins a line of the log.
fn starts(line: &[u8], stamped: bool) -> bool {
    if stamped {
        return is_stamped(line);
    }
    words::begins(line.trim_ascii_start()) || tasks::is_row(line) || line.starts_with(b"{") || is_count(line)
}

/// `16907 pages reserved`, `703 total pagecache pages`
fn is_count(line: &[u8]) -> bool {
    digits(line).is_some_and(|(_, rest)| rest.starts_with(b" pages ") || rest == b" total pagecache pages")
}

/// Whether what looks like a beginning can be nothing but the rest of a line.
fn is_rest(line: &[u8], next: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let kill = next.starts_with(b"Kill") && line.ends_with(b":");
    let zone = memchr::memrchr(b' ', line).is_some_and(|at| line[..at].ends_with(b"Node"));
    // In a line about a zone or node the values have a unit; its own beginning has them, too.
    let begins =
        next.starts_with(b"Node ") || memchr::memmem::find(&next[..next.len().min(16)], b" free:").is_some();
    let colon = next.iter().take(32).position(|b| *b == b':');
    let sized = colon.and_then(|at| digits(&next[at + 1..])).is_some_and(|(_, rest)| rest.starts_with(b"kB"));
    kill || zone || (sized && !begins)
}

/// How many of the lines can be read, whole ones counting more. Where lines have beginnings, one without is worth half: it may
/// have lost its own to the line before.
fn score(lines: &[&[u8]], stamped: bool, wrapping: Option<Wrapping>) -> u32 {
    let mut score = 0;
    let mut columns = None;
    let mut machine = Machine::default();
    let mut take = |line: &[u8]| {
        let read = text::parse(line);
        let value = value(&read.text, &mut columns, &mut machine);
        score += if stamped && !is_stamped(line) { value / 2 } else { value };
    };
    let Some(wrapping) = wrapping else {
        lines.iter().for_each(|line| take(line));
        return score;
    };
    let mut joined = Joined::default();
    for line in lines {
        if let Some(whole) = joined.push(wrapping, line) {
            take(&whole);
        }
    }
    take(&joined.take(wrapping));
    score
}

fn value(text: &[u8], columns: &mut Option<tasks::Columns>, machine: &mut Machine) -> u32 {
    match Line::parse(text) {
        Some(Line::Killed(killed)) => {
            let fields = [killed.anon_kb, killed.file_kb, killed.shmem_kb, killed.pgtables_kb];
            let adj = killed.oom_score_adj.is_some();
            return 1 + fields.iter().flatten().count() as u32 + u32::from(adj);
        }
        Some(Line::Invoked(trigger, _)) => {
            return 1 + u32::from(trigger.order.is_some()) + u32::from(trigger.oom_score_adj.is_some());
        }
        Some(Line::TableHeader(found)) => {
            *columns = Some(found);
            return 2;
        }
        Some(_) => return 2,
        None => {}
    }
    if constraint::parse(text, constraint::Hints::default()).is_some() {
        return 4;
    }
    if columns.as_ref().is_some_and(|columns| tasks::row(text, columns).is_some()) {
        return 1;
    }
    let zones = machine.zones.len();
    let taken = u32::from(machine::take(text, machine));
    let zone = machine.zones.last().filter(|_| machine.zones.len() > zones);
    // What stands at the end of its line.
    let ends =
        zone.map_or(0, |zone| u32::from(zone.present_kb.is_some()) + u32::from(zone.managed_kb.is_some()));
    taken + ends
}

/// A line that is being put together.
#[derive(Debug, Default)]
struct Joined {
    line: Vec<u8>,
    width: usize,
    any: bool,
}

impl Joined {
    /// Takes a physical line; gives the whole one before it.
    fn push(&mut self, wrapping: Wrapping, next: &[u8]) -> Option<Vec<u8>> {
        let width = columns(next);
        if self.any && wrapping.joins(&self.line, self.width, next) {
            wrapping.join(&mut self.line, self.width, next);
            self.width = width;
            return None;
        }
        let whole = self.any.then(|| self.take(wrapping));
        (self.any, self.width) = (true, width);
        self.line.extend_from_slice(next);
        whole
    }

    fn take(&mut self, wrapping: Wrapping) -> Vec<u8> {
        self.any = false;
        wrapping.finish(&std::mem::take(&mut self.line))
    }
}

/// A log with its lines put together.
pub(super) struct Unwrapped {
    wrapping: Wrapping,
    input: BufReader<Box<dyn Read + Send>>,
    joined: Joined,
    out: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Unwrapped {
    pub(super) fn new(wrapping: Wrapping, input: Box<dyn Read + Send>) -> Self {
        Self {
            wrapping,
            input: BufReader::new(input),
            joined: Joined::default(),
            out: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    /// Fills `out` with the next whole line.
    fn fill(&mut self) -> io::Result<()> {
        self.at = 0;
        self.out.clear();
        let mut line = Vec::new();
        while self.out.is_empty() && !self.ended {
            line.clear();
            let read = self.input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut line)?;
            self.ended = read == 0;
            let next = line.strip_suffix(b"\n").unwrap_or(&line);
            let whole = match self.ended {
                true => self.joined.any.then(|| self.joined.take(self.wrapping)),
                false => self.joined.push(self.wrapping, bare(next)),
            };
            if let Some(whole) = whole {
                self.out = whole;
                self.out.push(b'\n');
            }
        }
        Ok(())
    }
}

impl Read for Unwrapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.out.len() {
            self.fill()?;
        }
        let count = buffer.len().min(self.out.len() - self.at);
        buffer[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILL: &str = "Out of memory: Killed process 2112 (postmaster) total-vm:18250476kB, anon-rss:411028kB, file-rss:8192kB, shmem-rss:12220416kB, UID:26 pgtables:25560kB oom_score_adj:0";

    fn hard(line: &str, width: usize) -> String {
        line.as_bytes().chunks(width).map(|chunk| String::from_utf8(chunk.to_vec()).unwrap() + "\n").collect()
    }

    fn soft(line: &str, width: usize, mark: &str) -> String {
        let mut out = String::new();
        let mut row = String::new();
        for word in line.split(' ') {
            if !row.is_empty() && row.len() + 1 + word.len() > width {
                out += &format!("{mark}{row}\n");
                row.clear();
            } else if !row.is_empty() {
                row.push(' ');
            }
            row += word;
        }
        out + mark + &row + "\n"
    }

    fn put_together(text: &str) -> String {
        let Some(wrapping) = Wrapping::of(text.as_bytes()) else { return text.to_owned() };
        let mut out = String::new();
        Unwrapped::new(wrapping, Box::new(io::Cursor::new(text.as_bytes().to_vec())))
            .read_to_string(&mut out)
            .unwrap();
        out
    }

    #[test]
    fn at_any_width() {
        for width in NARROWEST..200 {
            for before in ["[   12.345678] ", "Nov 28 07:26:44 h kernel: ", ""] {
                let line = format!("{before}{KILL}");
                let text = hard(&line, width) + &hard(&line.replace("2112", "2113"), width);
                let whole = line.clone() + "\n" + &line.replace("2112", "2113") + "\n";
                if before.len() < width {
                    assert_eq!(put_together(&text), whole, "{width} {before:?}");
                }
            }
        }
    }

    #[test]
    fn between_words_also_in_a_quoted_mail() {
        for width in 50..120 {
            let line = format!("[   12.345678] {KILL}");
            for mark in ["", "> ", ">> "] {
                let text = soft(&line, width, mark);
                assert_eq!(put_together(&text).trim_end(), line, "{width} {mark:?}");
            }
        }
        let text = format!("[ 12.345678] {}=\n{}\n", &KILL[..60], KILL[60..].replace(':', "=3A"));
        assert_eq!(put_together(&text), format!("[ 12.345678] {KILL}\n"));
    }

    #[test]
    fn a_word_that_is_longer_than_the_width() {
        let constraint = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/klogtest,task_memcg=/klogtest,task=python3,pid=2112,uid=0";
        let before = "Nov 28 07:26:44 web-3 kernel: ";
        let text = soft(&format!("{before}{constraint}"), 160, "")
            + &soft(&format!("{before}Memory cgroup o{}", &KILL[1..]), 160, "");
        let whole = format!("{before}{constraint}\n{before}Memory cgroup o{}\n", &KILL[1..]);
        assert_eq!(put_together(&text), whole);
    }

    #[test]
    fn a_word_that_lost_its_beginning_in_a_log_with_one_broken_line_more() {
        let (before, words) = (
            "Nov 28 07:26:44 web-3 kernel:",
            [
                "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/klogtest,task_memcg=/klogtest,task=python3,pid=2112,uid=0",
                KILL,
            ],
        );
        let whole: String = words.map(|text| format!("{before} {text}\n")).concat();
        let first = format!("{before}\n{}\n", words[0]);
        for width in 130..words[0].len() + before.len() {
            let text = first.clone() + &soft(&format!("{before} {KILL}"), width, "");
            assert_eq!(put_together(&text), whole, "{width}");
        }
    }

    #[test]
    fn what_was_not_broken_stays() {
        for text in [
            format!("[   12.345678] {KILL}\nprompt$ \n"),
            format!("{KILL}\n{KILL}\n"),
            format!("[   12.345678] Memory cgroup stats for /a:\nanon 1\nfile 2\n[   12.345678] {KILL}\n"),
        ] {
            assert_eq!(Wrapping::of(text.as_bytes()), None, "{text}");
        }
    }
}

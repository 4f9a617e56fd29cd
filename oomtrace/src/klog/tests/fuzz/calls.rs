//! One input through all parsers that take such a one.

use std::hint::black_box;
use std::io::{Cursor, Read as _};

use memchr::memmem;

use super::counts::Counts;
use super::mutate::{Kind, Log};
use crate::decompress;
use crate::klog::input::{Found, LogReader, Writer, may_be_kernels, parse_line};
use crate::klog::instead::{Signs, Watched};
use crate::klog::line::Line;
use crate::klog::parse::{constraint, cpu, lost, machine, memcg, slub, tasks};
use crate::klog::userspace::{self, Program, Tracker};
use crate::klog::{KmsgRecord, Machine, Parser, read_all};

/// A compressed log gives no more than this.
const UNPACKED: u64 = 1 << 20;
const PROGRAMS: [&str; 6] = ["earlyoom", "systemd-oomd", "systemd", "oomd", "nohang", "kubelet"];

thread_local! {
    /// Building it takes longer than a line does.
    static SIGNS: Signs = Signs::new();
}

/// A line with whatever stands before it, and what is behind that.
pub(super) fn line(raw: &[u8], counts: &mut Counts) {
    counts.add("beginning of a line");
    let line = parse_line(raw);
    let of_kernel = matches!(line.writer, Writer::Kernel | Writer::RingBuffer);
    assert!(may_be_kernels(raw) || !of_kernel, "{:?} of {}", line.writer, String::from_utf8_lossy(raw));
    text(&line.text, counts);
    if line.text.len() != raw.len() {
        text(raw, counts);
    }
    counts.add("record of the device");
    black_box(KmsgRecord::parse(raw));
    counts.add("signs");
    SIGNS.with(|signs| signs.push(&line, "log"));
    counts.add("report of lines");
    let mut parser = Parser::new();
    parser.push(&line.kmsg());
    parser.finish();
    while let Some(crate::klog::Item::Report(report)) = parser.pop() {
        report.killed.iter().for_each(|killed| stands(killed.pid, raw, counts));
    }
}

fn text(text: &[u8], counts: &mut Counts) {
    counts.add("kind of a line");
    if let Some(Line::Killed(killed)) = Line::parse(text) {
        stands(killed.pid, text, counts);
    }
    counts.add("constraint");
    if let Some((domain, _)) = constraint::parse(text, constraint::Hints::default()) {
        domain.pid.into_iter().for_each(|pid| stands(pid, text, counts));
    }
    black_box(constraint::cut(text));
    counts.add("header of a table");
    let columns = tasks::header(text).or_else(|| tasks::guess(text));
    counts.add("row of a table");
    if let Some(columns) = columns {
        black_box(tasks::row(text, &columns));
    }
    counts.add("state of the machine");
    black_box(machine::take(text, &mut Machine::default()));
    black_box((slub::cache(text), lost::count(text)));
    counts.add("statistics of a cgroup");
    black_box((memcg::stats(text).count(), memcg::stats_header(text), memcg::counter(text)));
    counts.add("names of cgroups");
    black_box((memcg::task_in(text), memcg::limit_reached(text), memcg::group(text)));
    counts.add("processor");
    black_box(cpu::parse(text, b"python3").is_some());
    program(text, counts);
}

/// As each of the programs that kill would have written it.
fn program(text: &[u8], counts: &mut Counts) {
    for name in PROGRAMS {
        counts.add("line of a program");
        let program = Program { tag: Some(name.to_owned()), ..Program::default() };
        let line = userspace::Line {
            program: Some(&program),
            usec: None,
            stamp: None,
            host: None,
            boot_id: None,
            source: "log",
            format: "syslog",
            text,
        };
        let mut tracker = Tracker::default();
        let mut sink = |told: userspace::Told| {
            told.kill.target.pid.into_iter().for_each(|pid| stands(pid, text, counts));
        };
        tracker.push(&line, &mut sink);
        tracker.finish(&mut sink);
    }
}

/// A whole log through all that reads logs.
pub(super) fn log(log: &Log, counts: &mut Counts) {
    let bytes = match log.kind {
        Kind::Compressed => {
            counts.add("compressed log");
            let mut out = Vec::new();
            if let Ok(reader) = decompress::reader(Cursor::new(log.bytes.clone())) {
                let _ = reader.take(UNPACKED).read_to_end(&mut out);
            }
            out
        }
        _ => log.bytes.clone(),
    };
    if log.kind != Kind::Found {
        counts.add("whole capture");
        for killed in read_all(&bytes).iter().flat_map(|report| &report.killed) {
            stands(killed.pid, &bytes, counts);
        }
    }
    counts.add("watched log");
    let signs = Signs::new();
    let watched = Watched::new(Cursor::new(bytes.clone()), "log", signs.clone());
    counts.add("whole log");
    let mut reader = LogReader::new();
    let mut sink = |found: Found| match found {
        Found::Report(told) => {
            told.report.killed.iter().for_each(|killed| stands(killed.pid, &bytes, counts));
        }
        Found::Userspace(told) => {
            told.kill.target.pid.into_iter().for_each(|pid| stands(pid, &bytes, counts));
        }
    };
    let _ = reader.read("log", Box::new(watched), &mut sink);
    reader.finish(&mut sink);
    black_box(signs.take());
}

/// The id of a victim stands in the input, also where it was broken or its characters are written in another way.
fn stands(pid: u32, input: &[u8], counts: &mut Counts) {
    counts.victims += 1;
    let digits = pid.to_string();
    if memmem::find(input, digits.as_bytes()).is_some() {
        return;
    }
    // Without what stands between its digits where a line was broken in a mail or a terminal.
    let dense: Vec<u8> =
        input.iter().copied().filter(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'=')).collect();
    // The journal writes bytes as numbers; escapes of JSON, HTML, quoted-printable, terminals and UTF-16 stand for digits, too.
    let array = digits.bytes().map(|digit| digit.to_string()).collect::<Vec<_>>().join(",");
    let coded = ["\\u00", "&#", "\x1b", "\0", "^[", "#033", "=3", "\\x1b", "\\e", "\\033"];
    let found = memmem::find(&dense, digits.as_bytes()).is_some()
        || memmem::find(&dense, array.as_bytes()).is_some()
        || coded.iter().any(|code| memmem::find(input, code.as_bytes()).is_some());
    assert!(found, "{pid} is invented: {}", String::from_utf8_lossy(&input[..input.len().min(2000)]));
}

//! However a log is cut into blocks and by however many threads it is read: the same is found as line by line, slowly.

use std::io::{self, BufReader, Read};

use proptest::prelude::*;

use super::fixtures::{bytes, names};
use super::{excerpts, wrap};
use crate::klog::input::{Found, How, LogReader, Summary};
use crate::klog::instead::Signs;
use crate::model::Sign;

/// All that reading a log came to, in words that can be compared.
#[derive(Debug, PartialEq)]
struct Came {
    found: Vec<String>,
    signs: Vec<Sign>,
    summary: Option<Summary>,
}

/// Gives a few bytes at a time.
struct Trickle(io::Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

fn read(log: &[u8], how: How, at_once: usize) -> Came {
    let signs = Signs::new();
    let mut found = Vec::new();
    let mut reader = LogReader::new().by(how);
    let mut sink = |one: Found| found.push(format!("{one:?}"));
    let input = BufReader::new(Trickle(io::Cursor::new(log.to_vec()), at_once));
    let summary = reader.read_for("log", Box::new(input), Some(&signs), &mut sink).ok();
    reader.finish(&mut sink);
    Came { found, signs: signs.take(), summary }
}

/// Long enough to be searched, with what applications say between the lines.
fn long(log: &[u8]) -> Vec<u8> {
    const OF_PROGRAMS: [&str; 4] = [
        "Nov 23 22:00:00 web-3 app[7]: worker ran out of memory",
        "Nov 23 22:00:00 web-3 app[8]: java.lang.OutOfMemoryError: Java heap space",
        "Nov 23 22:00:00 web-3 app[9]: GET /item/7 200, 9 bytes of memory in cache",
        "Nov 23 22:00:00 web-3 app[9]: killed process because it was slow",
    ];
    let others = |count: usize| -> Vec<u8> {
        (0..count).flat_map(|at| format!("{}\n", OF_PROGRAMS[at % OF_PROGRAMS.len()]).into_bytes()).collect()
    };
    let before = others(1100);
    [before.as_slice(), log, b"\n", &others(40), log].concat()
}

/// Every log that is recorded, and every capture as it is and in one of the forms in which logs are found.
fn logs() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> =
        excerpts::names().into_iter().map(|name| (name.clone(), excerpts::log(&name))).collect();
    for (name, form) in names().into_iter().zip(wrap::FORMS.iter().cycle()) {
        let capture = bytes(&name);
        all.push((format!("{name} as {}", form.name), form.log(&capture)));
        all.push((name, capture));
    }
    all
}

/// Sizes of blocks, threads, and bytes that are given at once.
const WAYS: [(usize, usize, usize); 3] = [(1 << 18, 2, usize::MAX), (4096, 3, 1000), (700, 0, usize::MAX)];

#[test]
fn every_fixture_in_blocks() {
    for ((name, log), way) in logs().into_iter().zip(0..) {
        // A short one is read line by line whatever the block.
        for (log, way) in [(log.clone(), way), (long(&log), way + 1)] {
            let slowly = read(&log, How::slowly(), usize::MAX);
            let (piece, threads, at_once) = WAYS[way % WAYS.len()];
            let came = read(&log, How::of(piece, 1 << 20, threads), at_once);
            let (have, want) = (came.found.len(), slowly.found.len());
            assert!(came == slowly, "{name} by {threads} threads in {piece}: {have} and {want}");
        }
    }
}

#[test]
fn what_is_left_out_as_a_programs_changes_nothing() {
    for (name, log) in logs() {
        let log = long(&log);
        let all = read(&log, How::taking_all(), usize::MAX);
        assert!(all == read(&log, How::of(1 << 16, 1 << 20, 1), usize::MAX), "{name}");
    }
}

#[test]
fn a_line_that_is_too_long_is_cut_alike() {
    let line = "Nov 23 22:00:00 web-3 app[7]: worker ran out of memory\n";
    let log =
        [line.repeat(2000), "x".repeat(5000), "OOMKilled".into(), "y".repeat(3000), "\n".into(), line.into()]
            .concat();
    let expected = read(log.as_bytes(), How::of(1000, 1000, 0), usize::MAX);
    assert_eq!(expected.summary.as_ref().map(|summary| summary.cut_lines), Some(1));
    for (piece, threads) in [(64, 0), (300, 2), (999, 1)] {
        assert_eq!(read(log.as_bytes(), How::of(piece, 1000, threads), 77), expected, "{piece} by {threads}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cuts_of_any_log(which in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(), piece in 3_usize..300, at_once in 1_usize..400, threads in 0_usize..4, short: bool) {
        let all = logs();
        let (name, log) = &all[which.index(all.len())];
        let log = if short { log.clone() } else { long(log) };
        let log = &log[..log.len() - end.index(log.len().min(2000))];
        let slowly = read(log, How::slowly(), usize::MAX);
        let came = read(log, How::of(piece, 1 << 20, threads), at_once);
        prop_assert!(came == slowly, "{} by {} threads in {}", name, threads, piece);
    }
}

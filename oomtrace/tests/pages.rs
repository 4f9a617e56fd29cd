//! Pages of the samples, written to `target/pages` for the browser's test and for eyes.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use oomtrace::inside::Evidence;
use oomtrace::inside::diagnose;
use oomtrace::inside::html;
use oomtrace::inside::klog::{Found, LogReader};
use oomtrace::inside::klog::{Known, incident};
use oomtrace::model::{Event, Footer, Header, Incident};

/// Where the pages go.
fn directory() -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("pages");
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn evidence(name: &str, incidents: Vec<Incident>, complete: bool) -> Evidence {
    let header = support::stream().into_iter().find_map(|event| match event {
        Event::Header(header) => Some(header),
        _ => None,
    });
    let kills = incidents.len() as u64;
    let footer = Footer { time: "2026-11-23T14:09:00Z".into(), kills, complete, ..Footer::default() };
    Evidence {
        name: name.into(),
        header: header.map(|header| Header { notes: Vec::new(), ..header }),
        incidents,
        footer: complete.then_some(footer),
        ..Evidence::default()
    }
}

fn write(name: &str, evidence: &[Evidence]) -> String {
    let page = html::document(evidence);
    fs::write(directory().join(name), &page).unwrap();
    page
}

#[test]
fn pages_of_the_samples() {
    let all: Vec<_> = support::incidents().into_iter().map(|(_, incident)| incident).collect();
    let leak = write("leak.html", &[evidence("load-test.ndjson", vec![support::neighbour_leak()], true)]);
    assert!(leak.len() < 600_000, "{} bytes are too many to send around", leak.len());
    write("many.html", &[evidence("night.ndjson", all, false)]);
    let plain = support::incidents().swap_remove(5).1;
    write("global.html", &[evidence("global.ndjson", vec![plain], true)]);
    let runs =
        ["good.ndjson", "bad.ndjson"].map(|name| evidence(name, vec![support::neighbour_leak()], true));
    write("compare.html", &runs);
    write("none.html", &[evidence("quiet.ndjson", Vec::new(), true)]);
    for name in ["low-memory", "fragmented", "failed-charge"] {
        write(&format!("log-{name}.html"), &[evidence("dmesg.log", logged(name), true)]);
    }
}

/// The kills of a log among the fixtures.
fn logged(name: &str) -> Vec<Incident> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/shortage/{name}.log"));
    let mut incidents = Vec::new();
    let mut sink = |found: Found| {
        if let Found::Report(told) = found {
            incidents.push(incident(&told, &Known::default()));
        }
    };
    let mut reader = LogReader::new();
    reader.read("dmesg.log", Box::new(Cursor::new(fs::read(path).unwrap())), &mut sink).unwrap();
    reader.finish(&mut sink);
    for incident in &mut incidents {
        incident.diagnosis = Some(diagnose(incident));
    }
    incidents
}

#[test]
fn every_value_of_a_report_is_in_words() {
    let page = html::document(&[evidence("dmesg.log", logged("low-memory"), true)]);
    for words in [
        "kernel objects that can&#39;t be dropped while they are in use",
        "for the kernel itself, charged to the memory cgroup of the process",
        "lowmem_reserve: what this zone keeps",
        "rss: pages in memory",
        "0: one page",
        "zone DMA ran out of memory, not the whole machine",
        "By swap",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("the whole machine ran out"));
}

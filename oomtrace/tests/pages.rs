//! Pages of the samples, written to `target/pages` for the browser's test and for eyes.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::PathBuf;

use oomtrace::evidence::Evidence;
use oomtrace::model::{Event, Footer, Header, Incident};
use oomtrace::render::html;

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
}

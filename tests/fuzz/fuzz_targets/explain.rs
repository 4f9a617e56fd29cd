//! Any bytes as a log: what is told about them must be told soon, and can be written in every form.
#![no_main]

use std::hint::black_box;
use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use oomtrace::inside::Evidence;
use oomtrace::inside::klog::{Known, incident};
use oomtrace::inside::klog::{Found, LogReader};
use oomtrace::inside::klog::same;
use oomtrace::model::{Event, Incident};
use oomtrace::inside::{Ndjson, Render, Text, TextStyle, html, junit, markdown, perfetto};

fn tell(found: &Found, last: &mut Option<Incident>) {
    let known = Known { zone: Some(jiff::tz::TimeZone::UTC), written: jiff::Timestamp::MAX.into(), ..Known::default() };
    let event = match found {
        Found::Userspace(told) => Event::UserspaceKill(Box::new(incident::userspace_kill(told, &known))),
        Found::Report(told) if incident::kills(&told.report) => {
            let mut incident = incident::incident(told, &known);
            incident.diagnosis = Some(oomtrace::inside::diagnose(&incident));
            if let Some(last) = last {
                black_box(same(last, &incident));
            }
            *last = Some(incident.clone());
            Event::OomKill(Box::new(incident))
        }
        Found::Report(told) => Event::OomNoKill(incident::no_kill(told, &known)),
    };
    let mut out = Vec::new();
    Text::new(TextStyle::default()).event(&event, &mut out).unwrap();
    out.clear();
    Ndjson::default().event(&event, &mut out).unwrap();
    let back: Event = serde_json::from_slice(&out).unwrap();
    assert_eq!(back, event);
    let mut evidence = Evidence::default();
    match event {
        Event::OomKill(incident) => evidence.incidents.push(*incident),
        Event::UserspaceKill(kill) => evidence.userspace_kills.push(*kill),
        Event::OomNoKill(no_kill) => evidence.no_kills.push(no_kill),
        _ => {}
    }
    let suite = junit::suite(&evidence);
    let all = [evidence];
    black_box((html::document(&all), markdown::document(&all), junit::document(&[suite]), perfetto::document(&all)));
}

fuzz_target!(|bytes: &[u8]| {
    let mut reader = LogReader::new();
    let mut last = None;
    let _ = reader.read("log", Box::new(Cursor::new(bytes.to_vec())), &mut |found| tell(&found, &mut last));
    reader.finish(&mut |found| tell(&found, &mut last));
});

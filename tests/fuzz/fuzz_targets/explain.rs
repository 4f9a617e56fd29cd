//! Any bytes as a log: what is told about them must be told soon, and can be written in every form.
#![no_main]

use std::hint::black_box;
use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use oomtrace::klog::incident::{self, Known};
use oomtrace::klog::input::{LogReader, Told};
use oomtrace::klog::same;
use oomtrace::model::{Event, Incident};
use oomtrace::render::{Ndjson, Render, Text, TextStyle};

fn tell(told: &Told, last: &mut Option<Incident>) {
    let known = Known { zone: Some(jiff::tz::TimeZone::UTC), written: jiff::Timestamp::MAX.into(), ..Known::default() };
    let event = if incident::kills(&told.report) {
        let mut incident = incident::incident(told, &known);
        incident.diagnosis = Some(oomtrace::diagnose::diagnose(&incident));
        if let Some(last) = last {
            black_box(same(last, &incident));
        }
        *last = Some(incident.clone());
        Event::OomKill(Box::new(incident))
    } else {
        Event::OomNoKill(incident::no_kill(told, &known))
    };
    let mut out = Vec::new();
    Text::new(TextStyle::default()).event(&event, &mut out).unwrap();
    out.clear();
    Ndjson::default().event(&event, &mut out).unwrap();
    let back: Event = serde_json::from_slice(&out).unwrap();
    assert_eq!(back, event);
}

fuzz_target!(|bytes: &[u8]| {
    let mut reader = LogReader::new();
    let mut last = None;
    let _ = reader.read("log", Box::new(Cursor::new(bytes.to_vec())), &mut |told| tell(&told, &mut last));
    reader.finish(&mut |told| tell(&told, &mut last));
});

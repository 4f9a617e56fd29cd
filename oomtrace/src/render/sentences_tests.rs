//! The same sentences in every format: limit, the process that grew, verdict, what to change.

use super::*;
use crate::evidence::Evidence;
use crate::model::{Answer, Cause, Event, Incident};

/// The samples of the text report that have a diagnosis.
fn samples() -> Vec<Incident> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ndjson/samples.ndjson");
    let text = std::fs::read_to_string(file).unwrap();
    let kill = |line: &str| match serde_json::from_str(line).unwrap() {
        Event::OomKill(incident) => Some(*incident),
        _ => None,
    };
    text.lines().filter_map(kill).filter(|incident| incident.diagnosis.is_some()).collect()
}

fn evidence(incident: &Incident) -> Vec<Evidence> {
    vec![Evidence { incidents: vec![incident.clone()], ..Evidence::default() }]
}

/// Without marks, escapes, and breaks of a format.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    // A comment of Markdown parts what would be a mention or a link.
    for c in text.replace("<!-- -->", "").chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            '\u{a0}' if !in_tag => out.push(' '),
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    for (from, to) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
        ("\\", ""),
        ("*", ""),
    ] {
        out = out.replace(from, to);
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn sentences(incident: &Incident) -> Vec<(&'static str, String)> {
    let diagnosis = incident.diagnosis.as_ref().unwrap();
    let [_, _, growth, change] = answers::of(incident);
    let verdict = answers::growth::judged(diagnosis);
    vec![
        ("limit", plain(&text::headline::cause(incident))),
        ("growth", plain(&growth.short)),
        ("verdict", plain(&verdict)),
        ("change", plain(&change.short)),
    ]
}

#[test]
fn every_format_has_the_same_sentences() {
    let samples = samples();
    assert!(samples.len() > 5, "{}", samples.len());
    for incident in &samples {
        let mut text = Vec::new();
        let style = TextStyle { wide: true, ..TextStyle::default() };
        Text::new(style).event(&Event::OomKill(Box::new(incident.clone())), &mut text).unwrap();
        let all = evidence(incident);
        let found = Answer {
            answer: Cause::OomKill,
            incident: Some(Box::new(incident.clone())),
            ..Answer::default()
        };
        let formats = [
            ("text", String::from_utf8(text).unwrap()),
            ("html", html::document(&all)),
            ("markdown", markdown::document(&all)),
            ("junit", junit::document(&[junit::suite(&all[0])])),
            ("annotation", brief::lines(incident).join("\n")),
            ("why", answer(&found, style)),
        ];
        for (format, document) in formats {
            let document = plain(&document);
            for (what, sentence) in sentences(incident) {
                assert!(document.contains(&sentence), "{format} lacks {what}: {sentence}\n{document}");
            }
        }
    }
}

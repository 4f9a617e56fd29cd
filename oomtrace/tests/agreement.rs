//! Figures of one line agree with each other: rate x time = growth, within what rounding allows, in every format, on each of
//! the recorded kills.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "helpers of tests")]

use std::io::BufRead as _;
use std::path::Path;

use oomtrace::inside::Evidence;
use oomtrace::inside::diagnose;
use oomtrace::inside::{Ndjson, Render, Text, TextStyle, html, junit, markdown};
use oomtrace::model::{Event, Incident};

/// Growth and rate by what they may have been before they were rounded, bytes; the time, seconds.
#[derive(Debug)]
struct Claim {
    bytes: (f64, f64),
    seconds: (f64, f64),
    rate: (f64, f64),
}

impl Claim {
    /// Some values that round to these agree, within 1 %.
    fn agrees(&self) -> bool {
        let (low, high) = (self.rate.0 * self.seconds.0, self.rate.1 * self.seconds.1);
        low <= self.bytes.1 * 1.011 && high >= self.bytes.0 / 1.011
    }
}

fn unit(name: &str) -> Option<f64> {
    let at = ["B", "KiB", "MiB", "GiB", "TiB"].iter().position(|unit| *unit == name)?;
    Some(1024_f64.powi(i32::try_from(at).ok()?))
}

/// `182.0 MiB`
fn size(words: &[&str]) -> Option<((f64, f64), usize)> {
    let (value, unit) = (words.first()?.parse::<f64>().ok()?, unit(words.get(1)?)?);
    let half = if unit > 1.0 { 0.05 } else { 1.0 };
    Some((((value - half) * unit, (value + half) * unit), 2))
}

/// `59.0 s`, `4 min 10 s`: cut, not rounded.
fn time(words: &[&str]) -> Option<((f64, f64), usize)> {
    let one = |at: usize| {
        let value = words.get(at)?.parse::<f64>().ok()?;
        let (unit, step) = match *words.get(at + 1)? {
            "ms" => (0.001, 0.0001),
            "s" => (1.0, if words[at].contains('.') { 0.1 } else { 1.0 }),
            "min" => (60.0, 60.0),
            "h" => (3600.0, 3600.0),
            _ => return None,
        };
        Some((value * unit, step))
    };
    let (first, step) = one(0)?;
    match one(2).filter(|_| step >= 60.0) {
        Some((second, step)) => Some(((first + second, first + second + step), 4)),
        None => Some(((first, first + step), 2)),
    }
}

/// `3.1 MiB/s`
fn rate(words: &[&str]) -> Option<(f64, f64)> {
    let (unit, per) = words.get(1)?.split_once('/')?;
    let seconds = match per {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let ((low, high), _) = size(&[words.first()?, unit])?;
    Some((low / seconds, high / seconds))
}

/// `+182.0 MiB in 59.0 s, at least 3.1 MiB/s`, `+182.0 MiB in 59.0 s (3.1 MiB/s)`, `after about 1.2 s with 57.6 MiB (48.0 MiB/s)`.
fn claims(text: &str) -> Vec<Claim> {
    let plain =
        text.replace(['(', ')', ',', ';', '<', '>', '"', '*', '|', '\u{a0}'], " ").replace('+', " + ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let claim = |at: usize| {
        let (bytes, seconds, next) = match words[at] {
            "+" => {
                let (bytes, used) = size(&words[at + 1..])?;
                let rest = &words[at + 1 + used..];
                let rest = rest.strip_prefix(&["in"])?;
                let begin = rest.strip_prefix(&["the", "last"]).unwrap_or(rest);
                let (seconds, more) = time(begin)?;
                (bytes, seconds, at + 2 + used + (rest.len() - begin.len()) + more)
            }
            "about" => {
                let (seconds, used) = time(&words[at + 1..])?;
                let rest = &words[at + 1 + used..];
                let (bytes, more) = size(rest.strip_prefix(&["with"])?)?;
                (bytes, seconds, at + 2 + used + more)
            }
            _ => return None,
        };
        let rest = &words[next..];
        let rate = rate(rest.strip_prefix(&["at", "least"]).unwrap_or(rest))?;
        Some(Claim { bytes, seconds, rate })
    };
    (0..words.len()).filter_map(claim).collect()
}

fn corpus() -> Vec<Incident> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oombench/corpus");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "gz"));
    files.sort();
    let mut kills = Vec::new();
    for file in files {
        let lines = oomtrace::inside::decompress(&file, "").unwrap().lines();
        for line in lines.skip(1).step_by(3) {
            let mut case: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            let Some(record) = case.get_mut("record").map(serde_json::Value::take) else { continue };
            let mut incident: Incident = serde_json::from_value(record).unwrap();
            incident.diagnosis = Some(diagnose(&incident));
            kills.push(incident);
        }
    }
    assert!(kills.len() > 150, "{}", kills.len());
    kills
}

fn rendered(render: &mut dyn Render, incident: &Incident) -> String {
    let mut out = Vec::new();
    render.event(&Event::OomKill(Box::new(incident.clone())), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn rate_by_time_is_growth_in_every_format() {
    let mut seen = [0_usize; 5];
    for incident in corpus() {
        let evidence = Evidence { incidents: vec![incident.clone()], ..Evidence::default() };
        let all = [
            rendered(&mut Text::new(TextStyle { color: false, width: 200 }), &incident),
            rendered(&mut Ndjson::new(), &incident),
            html::document(std::slice::from_ref(&evidence)),
            markdown::document(std::slice::from_ref(&evidence)),
            junit::document(&[junit::suite(&evidence)]),
        ];
        for (text, seen) in all.iter().zip(&mut seen) {
            for claim in claims(text) {
                assert!(claim.agrees(), "{claim:?}: {:?}", incident.diagnosis.as_ref().unwrap().summary);
                *seen += 1;
            }
        }
        figures(&incident);
    }
    assert!(seen.iter().all(|seen| *seen > 100), "every format has such lines: {seen:?}");
}

/// The same in the figures of the record.
fn figures(incident: &Incident) {
    let diagnosis = incident.diagnosis.as_ref().unwrap();
    for one in diagnosis.culprit.iter().chain(&diagnosis.others) {
        let basis = one.rate_growth_bytes.zip(one.rate_ms);
        assert_eq!(one.rate_bytes_per_s.is_some(), basis.is_some(), "a rate is of some growth: {one:?}");
        let (Some(rate), Some((bytes, ms))) = (one.rate_bytes_per_s, basis) else { continue };
        let (bytes, seconds) = (bytes as f64, ms as f64 / 1000.0);
        assert!((rate * seconds / bytes - 1.0).abs() < 0.011, "{one:?}");
    }
}

#[test]
fn the_reader_of_claims_sees_a_contradiction() {
    let found = |text: &str| claims(text).iter().map(Claim::agrees).collect::<Vec<_>>();
    assert_eq!(found("leaks: +99.7 MiB in 4.1 s, 16.2 KiB/s since 14:02:11, 100 %"), [false]);
    assert_eq!(found("+182.0 MiB in 59.0 s (3.1 MiB/s) since"), [true]);
    assert_eq!(found("+1.0 GiB in 4 min 10 s (at least 4.1 MiB/s)"), [true]);
    assert_eq!(found("after about 1.2 s with 57.6 MiB (48.0 MiB/s)"), [true]);
    assert_eq!(found("after about 1.2 s with 57.6 MiB (4.8 MiB/s)"), [false]);
    assert_eq!(found("(+48.2 MiB in the last 26.3 s), 9.4 MiB/s since"), [false]);
}

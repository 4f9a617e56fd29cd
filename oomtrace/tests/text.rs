//! The text report against its fixtures: `OOMTRACE_BLESS=1 cargo test -p oomtrace --test text` writes them anew; read the
//! difference before committing it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::PathBuf;
use std::{env, fs};

use oomtrace::inside::width;
use oomtrace::inside::{Ndjson, Render, Text, TextStyle};
use oomtrace::model::Event;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn render(renderer: &mut dyn Render, event: &Event) -> String {
    let mut out = Vec::new();
    renderer.event(event, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(event: &Event, width: usize, color: bool) -> String {
    render(&mut Text::new(TextStyle { color, width }), event)
}

fn kill(incident: oomtrace::model::Incident) -> Event {
    Event::OomKill(Box::new(incident))
}

/// All samples as events, with the name of their fixture.
fn kills() -> Vec<(&'static str, Event)> {
    support::incidents().into_iter().map(|(name, incident)| (name, kill(incident))).collect()
}

/// Compares with a fixture, or writes it. Differing lines are returned.
fn compare(name: &str, found: &str) -> Option<String> {
    let path = fixture(name);
    if env::var_os("OOMTRACE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
        return None;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    (expected != found).then(|| format!("--- {name}\n{}", difference(&expected, found)))
}

/// The lines that differ, after the first and before the last that do not.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
    let mark = |lines: &[&str], sign| lines.iter().map(|line| format!("{sign}{line}\n")).collect::<String>();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    format!("@ line {}\n{}{}", head + 1, mark(old, '-'), mark(new, '+'))
}

fn check(found: impl IntoIterator<Item = (String, String)>) {
    let differences: Vec<_> = found.into_iter().filter_map(|(name, text)| compare(&name, &text)).collect();
    assert!(differences.is_empty(), "{}\nOOMTRACE_BLESS=1 takes it as it is now", differences.join("\n"));
}

#[test]
fn each_sample_in_80_columns() {
    check(kills().iter().map(|(name, event)| (format!("text/{name}.txt"), text(event, 80, false))));
}

#[test]
fn narrow_wide_and_coloured() {
    let samples = kills();
    let names =
        ["memcg_pod_limit", "global_with_swap", "hostile_names", "grown_leak", "grown_neighbour_hostile"];
    for name in names {
        let (_, event) = samples.iter().find(|(sample, _)| *sample == name).unwrap();
        check([40, 120].map(|width| (format!("text/{name}.{width}.txt"), text(event, width, false))));
        check([(format!("text/{name}.color.txt"), text(event, 80, true))]);
    }
}

#[test]
fn the_events_around_the_kills() {
    let all: String = support::stream().iter().map(|event| text(event, 80, false)).collect();
    check([("text/stream.txt".to_owned(), all)]);
}

/// The NDJSON of the same samples is part of the contract; the schema is checked against it.
#[test]
fn ndjson_of_all_samples() {
    let events = support::stream().into_iter().chain(kills().into_iter().map(|(_, event)| event));
    let mut ndjson = Ndjson::new();
    let lines: String = events.map(|event| render(&mut ndjson, &event)).collect();
    check([("ndjson/samples.ndjson".to_owned(), lines)]);
}

#[test]
fn ndjson_reads_back_as_it_was() {
    for event in support::stream().into_iter().chain(kills().into_iter().map(|(_, event)| event)) {
        let line = render(&mut Ndjson::new(), &event);
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}

#[test]
fn fits_every_width_and_says_the_same_with_colour() {
    let events: Vec<_> =
        support::stream().into_iter().chain(kills().into_iter().map(|(_, event)| event)).collect();
    for event in &events {
        for columns in (40..=200).step_by(7).chain([0, usize::MAX]) {
            let plain = text(event, columns, false);
            let room = columns.clamp(40, 200);
            for line in plain.lines() {
                // Of a command a single word may be wider: broken, it could not be pasted.
                assert!(width::columns(line) <= room || is_wide_word(event, line), "{columns}: {line:?}");
                assert!(!line.contains(char::is_control), "{columns}: {line:?}");
                assert_eq!(line.trim_end(), line, "{columns}");
            }
            assert_eq!(uncoloured(&text(event, columns, true)), plain);
        }
    }
}

/// Whether a line is one word of a command's, or one in quotes.
fn is_wide_word(event: &Event, line: &str) -> bool {
    let Event::OomKill(incident) = event else { return false };
    let word = line.trim_start().trim_end_matches(" \\");
    let commands = incident.diagnosis.iter().flat_map(|diagnosis| &diagnosis.advice);
    let mut commands = commands.filter_map(|advice| advice.command.as_deref());
    is_one_word(word) && commands.any(|command| command.contains(word))
}

/// Whether each blank is in quotes.
fn is_one_word(text: &str) -> bool {
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b' ') => return false,
            (None, b'\'' | b'"') => quote = Some(byte),
            // In `'...'` a backslash is one; in the others it takes what follows.
            (Some(b'"'), b'\\') | (None, b'\\') => drop(bytes.next()),
            (Some(end), _) if byte == end => quote = None,
            _ => {}
        }
    }
    quote.is_none()
}

/// Takes out the escapes that the renderer writes; any other stays and shows up as a difference.
fn uncoloured(text: &str) -> String {
    let codes = ["0m", "1m", "2m", "36m", "32m", "1;31m", "33m", "1;97;41m"];
    codes.iter().fold(text.to_owned(), |text, code| text.replace(&format!("\x1b[{code}"), ""))
}

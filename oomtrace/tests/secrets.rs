//! Secrets in command lines: how many are hidden, how much is hidden wrongly, and that no output has one.
//!
//! The lines are in `fixtures/secrets`; what their fields mean is in its README.
#![allow(clippy::unwrap_used, reason = "a fixture that can't be read is a failed test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fmt, fs};

use oomtrace::inside::redact;
use oomtrace::model::{Event, Incident};
use serde::Deserialize;

/// At least this share of the lines with secrets shows none of them.
const HIDDEN: f64 = 0.98;
/// At most this share is hidden wrongly: of the harmless lines, and of what has to stay in the others.
const WRONG: f64 = 0.01;

#[derive(Deserialize)]
struct Line {
    argv: Vec<String>,
    secrets: Vec<String>,
    keep: Vec<String>,
    kind: String,
}

impl Line {
    fn shown(&self) -> Vec<String> {
        let args: Vec<_> = self.argv.iter().map(|arg| arg.clone().into_bytes()).collect();
        redact(&args).into_iter().map(|arg| String::from_utf8(arg).unwrap()).collect()
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/secrets")
}

/// The lines of each file.
fn corpora() -> Vec<(String, Vec<Line>)> {
    let files = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "ndjson")).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (path.file_name().unwrap().to_string_lossy().into_owned(), lines)
    };
    files.iter().map(read).collect()
}

/// Figures of a file.
#[derive(Default)]
struct Score {
    with_secrets: usize,
    leaks: Vec<String>,
    harmless: usize,
    changed: Vec<String>,
    kept: usize,
    lost: Vec<String>,
}

impl Score {
    fn of(lines: &[Line]) -> Self {
        let mut score = Self::default();
        for line in lines {
            let shown = line.shown();
            let has = |part: &String| shown.iter().any(|arg| arg.contains(part.as_str()));
            if line.secrets.is_empty() {
                score.harmless += 1;
                let changed = shown != line.argv;
                score.changed.extend(changed.then(|| format!("{} {:?} -> {shown:?}", line.kind, line.argv)));
                continue;
            }
            score.with_secrets += 1;
            let leaks: Vec<_> = line.secrets.iter().filter(|secret| has(secret)).collect();
            score.leaks.extend((!leaks.is_empty()).then(|| format!("{} {leaks:?} in {shown:?}", line.kind)));
            score.kept += line.keep.len();
            let lost = line.keep.iter().filter(|part| !has(part));
            score
                .lost
                .extend(lost.map(|part| format!("{} {part:?} of {:?} -> {shown:?}", line.kind, line.argv)));
        }
        score
    }

    fn hidden(&self) -> f64 {
        1.0 - share(self.leaks.len(), self.with_secrets)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} % of {} lines with secrets hidden; {:.1} % of {} harmless lines and {:.1} % of {} parts that must stay \
             hidden wrongly",
            100.0 * self.hidden(),
            self.with_secrets,
            100.0 * share(self.changed.len(), self.harmless),
            self.harmless,
            100.0 * share(self.lost.len(), self.kept),
            self.kept
        )
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand lines")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[test]
fn secrets_are_hidden_and_little_else() {
    let corpora = corpora();
    assert!(!corpora.is_empty(), "no file in {}", directory().display());
    let mut failures = Vec::new();
    for (name, lines) in &corpora {
        assert!(lines.len() >= 100, "{name} has only {} lines", lines.len());
        let score = Score::of(lines);
        println!("{name}: {score}");
        let wrong =
            share(score.changed.len(), score.harmless) > WRONG || share(score.lost.len(), score.kept) > WRONG;
        let details = [&score.leaks[..], &score.changed, &score.lost].concat().join("\n  ");
        if score.hidden() < HIDDEN || wrong {
            failures.push(format!("{name}: {score}\n  {details}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_was_hidden_once_stays_the_same() {
    for (name, lines) in corpora() {
        for line in &lines {
            let once: Vec<_> = line.shown().into_iter().map(String::into_bytes).collect();
            assert_eq!(redact(&once), once, "{name}: {:?}", line.argv);
        }
    }
}

/// A recording with a kill for each command line.
fn recording(command_lines: &[Vec<String>], file: &Path) {
    let stream = support::stream();
    let header = stream.iter().find(|event| matches!(event, Event::Header(_))).cloned().unwrap();
    let footer = stream.iter().rfind(|event| matches!(event, Event::Footer(_))).cloned().unwrap();
    let (_, sample) = support::incidents().into_iter().next().unwrap();
    let kills = command_lines.iter().enumerate().map(|(at, args)| {
        let mut incident = Incident { id: format!("kill-{at}"), ..sample.clone() };
        incident.victims[0].cmdline = args.iter().map(|arg| arg.as_str().into()).collect();
        Event::OomKill(Box::new(incident))
    });
    let events = [header].into_iter().chain(kills).chain([footer]);
    let text: Vec<_> = events.map(|event| serde_json::to_string(&event).unwrap()).collect();
    fs::write(file, text.join("\n") + "\n").unwrap();
}

fn report(input: &Path, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomtrace"));
    command.args(["report", "--format", format, "--color", "never"]).arg(input).stdin(Stdio::null());
    let output = command.env_remove("GITHUB_ACTIONS").output().unwrap();
    assert!(output.status.success(), "{format}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Lines in a document: enough for one of each kind, few enough for a page that is made at once.
const AT_ONCE: usize = 60;

#[test]
fn no_format_shows_what_was_hidden() {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str| scratch.path().join(name);
    let (shown_file, raw_file, bare_file) = (file("shown.ndjson"), file("raw.ndjson"), file("bare.ndjson"));
    let corpora = corpora();
    let all: Vec<&Line> = corpora.iter().flat_map(|(_, lines)| lines).collect();
    // What leaks is another test's business.
    let hides = |line: &&&Line| {
        let shown = line.shown().concat();
        !line.secrets.is_empty() && line.secrets.iter().all(|secret| !shown.contains(secret.as_str()))
    };
    let lines: Vec<&Line> = all.iter().filter(hides).copied().collect();
    let mut found_raw = 0;
    for part in lines.chunks(AT_ONCE) {
        let shown: Vec<_> = part.iter().map(|line| line.shown()).collect();
        let raw: Vec<_> = part.iter().map(|line| line.argv.clone()).collect();
        recording(&shown, &shown_file);
        recording(&raw, &raw_file);
        recording(&vec![Vec::new(); part.len()], &bare_file);
        let elsewhere = shown.iter().flatten().cloned().collect::<Vec<_>>().join("\n");
        for format in ["text", "html", "md", "json", "junit", "perfetto"] {
            let (document, bare) = (report(&shown_file, format), report(&bare_file, format));
            let secrets = part.iter().flat_map(|line| &line.secrets);
            // A short one may be a part of what is no secret.
            for secret in secrets.filter(|secret| !bare.contains(*secret) && !elsewhere.contains(*secret)) {
                assert!(!document.contains(secret), "{format} shows {secret:?}");
            }
            // What is recorded with `--redact off` is shown as it is: the search above can find something.
            if format == "json" {
                let document = report(&raw_file, format);
                found_raw += part.iter().filter(|line| document.contains(line.secrets[0].as_str())).count();
            }
        }
    }
    assert!(found_raw * 10 >= lines.len() * 8, "only {found_raw} of {} were there to be found", lines.len());
}

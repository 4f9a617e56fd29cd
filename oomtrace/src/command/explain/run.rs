//! Reads what was asked for, in its order, and reports what is in it.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::collect::Collector;
use super::progress::Progress;
use super::sink::{Sink, harmless, without_secrets};
use super::{ExplainArgs, machine};
use crate::command::overwrite::refuse_overwriting;
use crate::klog::incident::Known;
use crate::klog::input::{LogReader, Summary, Unread, open};
use crate::klog::instead::Signs;
use crate::words::bytes;

/// Reads the logs and reports.
///
/// # Errors
/// A log that can't be read or is none, with cause and remedy, after the reports of what could be read; an output that can't
/// be written.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let zone = args.tz.as_deref().map(zone).transpose()?;
    for path in args.files.iter().filter(|path| *path != Path::new("-")) {
        // Told before anything is read: a name that is mistyped, a directory.
        if !std::fs::metadata(path).is_ok_and(|meta| !meta.is_dir()) {
            open(path)?;
        }
    }
    refuse_overwriting(&args.files, args.output.as_deref())?;
    let mut collector = Collector::new(args)?;
    let mut reader = LogReader::new();
    let known = Known { zone, ..Known::default() };
    let progress = Progress::new(collector.writes_to_terminal());
    let result = match args.files.as_slice() {
        [] => machine::read(&mut reader, &known, &mut collector, progress),
        files => read_files(files, &mut reader, &known, &mut collector, progress),
    };
    let complete = collector.finish()?;
    result?;
    ensure!(
        complete || !args.strict,
        "not everything could be read (--strict): the notes at the end of the output say what is missing"
    );
    Ok(())
}

/// A zone by its name.
///
/// # Errors
/// When there is none of that name.
pub(in crate::command) fn zone(name: &str) -> Result<TimeZone> {
    match name {
        "local" => Ok(TimeZone::system()),
        "utc" | "UTC" | "Z" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|error| {
            anyhow!(
                "--tz {name}: {error}; give UTC, local, or a name of /usr/share/zoneinfo like Europe/Paris"
            )
        }),
    }
}

/// Reads logs in their order.
///
/// # Errors
/// The first of those of the files, after all are read.
pub(in crate::command) fn read_files(
    files: &[std::path::PathBuf],
    reader: &mut LogReader,
    known: &Known,
    collector: &mut dyn Sink,
    progress: Progress,
) -> Result<()> {
    let mut failed = None;
    let mut last = known.clone();
    let signs = Signs::new();
    for path in files {
        last.written = written(path);
        let known = last.clone();
        let name =
            if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let read = open(path).and_then(|input| {
            let input = progress.watch(&name, Progress::expected(path), input);
            reader
                .read_for(&name, input, Some(&signs), &mut |found| collector.found(&found, &known))
                .with_context(|| name.clone())
        });
        collector.signs(harmless(signs.take()));
        match read {
            Ok(summary) => {
                if let Some(error) = note(&name, &summary, collector) {
                    failed = failed.or(Some(error));
                }
            }
            Err(error) => {
                collector.incomplete(format!("{error:#}"));
                failed = failed.or(Some(error));
            }
        }
        if collector.is_closed() {
            return Ok(());
        }
    }
    reader.finish(&mut |found| collector.found(&found, &last));
    failed.map_or(Ok(()), Err)
}

/// When a log was last written; for what comes through a pipe that can't be later than now.
fn written(path: &Path) -> Option<Timestamp> {
    let file =
        std::fs::metadata(path).and_then(|meta| meta.modified()).ok().filter(|_| path != Path::new("-"));
    file.and_then(|time| Timestamp::try_from(time).ok()).or_else(|| Some(Timestamp::now()))
}

/// Lines that say that something was killed, and that could not be read.
fn unread(name: &str, unread: &Unread) -> Option<String> {
    let (number, text) = unread.first.as_ref()?;
    let text = without_secrets(text.as_bytes());
    let text = String::from_utf8_lossy(&text);
    let (lines, have) = match unread.lines {
        1 => ("1 line".to_owned(), "has"),
        lines => (format!("{lines} lines"), "have"),
    };
    Some(format!(
        "{name}: {lines} {have} the kernel's words in an unknown form; they are not counted as kills (first: line {number}: {text})"
    ))
}

/// Counts what was read; an error when it was not all.
fn note(name: &str, summary: &Summary, collector: &mut dyn Sink) -> Option<anyhow::Error> {
    collector.read(name, summary.bytes);
    if summary.cut_lines > 0 {
        collector
            .incomplete(format!("{name}: {} lines of more than 1 MiB were read in part", summary.cut_lines));
    }
    if summary.cut_records > 0 {
        collector.incomplete(format!(
            "{name}: {} JSON records of more than 8 MiB were not read",
            summary.cut_records
        ));
    }
    if let Some(text) = unread(name, &summary.unread) {
        collector.incomplete(text);
    }
    let error = summary.error.as_ref()?;
    // What was given up has no rest worth getting.
    let rest = match error.ends_with("any further") {
        true => "",
        false => ". It is cut off or damaged: get it again for the rest",
    };
    let text = format!(
        "can't read {name} to its end: {error}; what is there was read ({}){rest}",
        bytes::size(summary.bytes)
    );
    collector.incomplete(text.clone());
    Some(anyhow!(text))
}

//! The report for programs and pages: JUnit, Markdown, and what CI systems read.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Result, anyhow};

use super::args::Annotations;
use super::user::User;
use super::verdict::Outcome;
use super::{Report, ci, summary};
use crate::command::output::Output;
use crate::model::Event;
use crate::render::{Render as _, Text, TextStyle, junit, markdown};
use crate::words::bytes;

/// Kills that the JUnit output reports whole, and the Markdown.
const WHOLE: usize = 20;
const WIDTH: usize = 100;
/// Columns of the picture of memory over time.
const PICTURE: usize = 60;

/// Writes all that was asked for. What can't be written is told, and the rest is.
pub(super) fn write(report: &Report<'_>) -> Vec<anyhow::Error> {
    let mut failures = Vec::new();
    let junit = report.args.junit.as_ref().map(|path| put(path, &junit::document(&[suite(report)])));
    let page = report.args.summary.as_ref().map(|path| put(path, &page(report)));
    failures.extend([junit, page].into_iter().flatten().filter_map(Result::err));
    let ci = ci::Ci::of(report.args.annotations, |name| std::env::var_os(name));
    failures.extend(ci.into_iter().flat_map(|ci| ci.tell(report)));
    if let Some(user) = report.user {
        let files = [&report.args.evidence, &report.args.junit, &report.args.summary];
        files.into_iter().flatten().for_each(|path| give(path, user));
    }
    failures
}

/// Empties the files that are written at the end, so that what can't be written is known before the command starts.
///
/// # Errors
/// Names the file and the cause.
pub(super) fn check(args: &super::RunArgs) -> Result<()> {
    for path in [&args.junit, &args.summary].into_iter().flatten() {
        Output::open(Some(path))?.finish()?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<()> {
    let mut output = Output::open(Some(path))?;
    match output.block(text.as_bytes())? {
        crate::command::output::Wrote::All => output.finish(),
        crate::command::output::Wrote::Closed => Err(anyhow!("nobody reads {} any more", path.display())),
    }
}

/// Gives a file that root wrote to the user who called sudo: it is theirs to read. Only a plain file of root's own, by its
/// descriptor, so that nothing else can be put in its place.
fn give(path: &Path, user: &User) {
    let Ok(file) = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
    else {
        return;
    };
    if file.metadata().is_ok_and(|meta| meta.is_file() && meta.uid() == 0 && meta.nlink() == 1) {
        // SAFETY: an open descriptor. A file system without owners may refuse; then it stays as it is.
        unsafe { libc::fchown(file.as_raw_fd(), user.uid, user.gid) };
    }
}

/// A suite with one case for each rule.
fn suite(report: &Report<'_>) -> junit::Suite {
    let header = report.seen.header.as_ref();
    let mut properties = vec![
        ("oomtrace.verdict".to_owned(), report.verdict.outcome().word().to_owned()),
        ("oomtrace.kills".to_owned(), report.seen.count.to_string()),
        ("oomtrace.exit".to_owned(), summary::command(report)),
    ];
    let measured = &report.done.measured;
    properties.extend(measured.peak.map(|peak| ("oomtrace.peak_bytes".to_owned(), peak.to_string())));
    properties.extend(
        measured.near.as_ref().map(|near| ("oomtrace.limit_bytes".to_owned(), near.limit.to_string())),
    );
    let cases = report.verdict.rules.iter().map(|rule| {
        let details = || rule.why.clone();
        let outcome = match rule.outcome {
            Outcome::Pass => junit::Outcome::Passed,
            Outcome::Fail => junit::Outcome::Failed("oomtrace", rule.why.clone(), details()),
            Outcome::Unknown => junit::Outcome::Error("unknown", rule.why.clone(), details()),
        };
        junit::Case { name: rule.name.clone(), outcome }
    });
    junit::Suite {
        name: format!("oomtrace run {}", summary::name(report)),
        time: header.map(|header| header.time.clone()),
        seconds: Some(report.ended.took.as_secs_f64()),
        host: header.map(|header| header.host.name.clone()),
        properties,
        cases: cases.collect(),
        output: kills(report),
    }
}

/// The kills as text.
fn kills(report: &Report<'_>) -> String {
    let mut out = Vec::new();
    let mut text = Text::new(TextStyle { color: false, width: WIDTH });
    for incident in report.seen.kills.iter().take(WHOLE) {
        // Writing to memory can't fail.
        let _ = text.event(&Event::OomKill(Box::new(incident.clone())), &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The page in Markdown.
pub(super) fn page(report: &Report<'_>) -> String {
    let outcome = report.verdict.outcome();
    let mark = match outcome {
        Outcome::Pass => "✅",
        Outcome::Unknown => "❔",
        Outcome::Fail => "❌",
    };
    let mut out = format!("## {mark} oomtrace: {}\n\n", outcome.word());
    out += &format!("{}\n\n", markdown::prose(&summary::command(report)));
    out += "| rule | verdict | |\n|---|---|---|\n";
    for rule in &report.verdict.rules {
        out += &format!(
            "| {} | {} | {} |\n",
            markdown::prose(&rule.name),
            rule.outcome.word(),
            markdown::prose(&rule.why)
        );
    }
    out += &memory(report);
    for incident in report.seen.kills.iter().take(WHOLE) {
        out += "\n";
        out += &markdown::incident(incident);
    }
    let more = report.seen.count.saturating_sub(report.seen.kills.len().min(WHOLE) as u64);
    if more > 0 {
        out += &format!("\n{more} more OOM kills are not shown here.\n");
    }
    out
}

fn memory(report: &Report<'_>) -> String {
    let measured = &report.done.measured;
    let mut rows = Vec::new();
    rows.extend(measured.peak.map(|peak| ("Peak", bytes::size(peak))));
    rows.extend(measured.last.map(|last| ("At the end", bytes::size(last))));
    rows.extend(summary::steady_rate(report).map(|rate| ("Growth", summary::rate(rate))));
    rows.extend(measured.near.as_ref().map(|near| ("Limit", summary::limit(near))));
    let top = measured.top.iter().filter(|consumer| consumer.peak > 0);
    let top: Vec<_> =
        top.map(|c| format!("{} {}", summary::task(&c.comm, c.pid), bytes::size(c.peak))).collect();
    rows.extend((!top.is_empty()).then(|| ("Largest", top.join(", "))));
    if rows.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n| memory | |\n|---|---|\n");
    for (label, text) in rows {
        out += &format!("| {label} | {} |\n", markdown::prose(&text));
    }
    let own = measured.near.as_ref().filter(|near| near.own).map(|near| near.limit);
    if measured.series.points().len() > 1 {
        out += &format!("\n```\n{}\n```\n", measured.series.sparkline(PICTURE, own));
    }
    out
}

/// Appends to a file that a CI system reads.
///
/// # Errors
/// Names the file and the cause.
pub(super) fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| anyhow!("can't write {}: {error}", path.display()))
}

impl Annotations {
    /// True when nobody is to be told.
    pub(super) fn is_none(self) -> bool {
        self == Self::None
    }
}

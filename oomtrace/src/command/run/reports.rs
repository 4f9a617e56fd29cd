//! The report for programs and pages: JUnit, Markdown, and what CI systems read.

use anyhow::Result;

use super::args::{Annotations, RunArgs};
use super::verdict::{Outcome, Rule};
use super::{Report, ci, summary};
use crate::model::Event;
use crate::output::{Output, Owner, Replacement, Wanted};
use crate::render::{Render as _, Text, TextStyle, brief, junit, markdown};
use crate::words::bytes;

/// Kills that the JUnit output reports whole, and the Markdown.
const WHOLE: usize = 20;
const WIDTH: usize = 100;
/// Columns of the picture of memory over time.
const PICTURE: usize = 60;

/// The files of the reports. All are open before the command starts: it may be another user's, and do anything to the paths.
pub(super) struct Files {
    /// What the trace writes.
    pub(super) evidence: Option<Output>,
    junit: Option<Replacement>,
    summary: Option<Replacement>,
    ci: Option<ci::Open>,
}

impl Files {
    /// Opens those that were asked for, for `owner`.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub(super) fn open(args: &RunArgs, owner: &Owner) -> Result<Self> {
        let evidence = args.evidence.as_ref();
        let document = |path: &std::path::PathBuf| Replacement::prepare(path, owner);
        let ci = ci::Ci::of(args.annotations, |name| std::env::var_os(name));
        Ok(Self {
            evidence: evidence
                .map(|path| Output::open_for(path, owner, Wanted::Emptied, None))
                .transpose()?,
            junit: args.junit.as_ref().map(document).transpose()?,
            summary: args.summary.as_ref().map(document).transpose()?,
            ci: ci.map(|ci| ci.open(owner)).transpose()?,
        })
    }

    /// Writes all that was asked for. What can't be written is told, and the rest is.
    pub(super) fn write(self, report: &Report<'_>) -> Vec<anyhow::Error> {
        let junit = self.junit.map(|file| file.finish(junit::document(&[suite(report)]).as_bytes()));
        let page = self.summary.map(|file| file.finish(page(report).as_bytes()));
        let mut failures: Vec<_> = [junit, page].into_iter().flatten().filter_map(Result::err).collect();
        failures.extend(self.ci.into_iter().flat_map(|ci| ci.tell(report)));
        failures
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
        let details = || details(report, rule);
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

/// The body of a failure: why, and for a rule about kills the answers for each of the first.
fn details(report: &Report<'_>, rule: &Rule) -> String {
    let kills = report.seen.kills.iter().filter(|_| rule.is_about_kills).take(WHOLE);
    let lines: Vec<_> = kills.flat_map(brief::lines).collect();
    if lines.is_empty() { rule.why.clone() } else { lines.join("\n").replace('\u{a0}', " ") }
}

/// The kills as text.
fn kills(report: &Report<'_>) -> String {
    let mut out = Vec::new();
    let mut text = Text::new(TextStyle { width: WIDTH, ..TextStyle::default() });
    for incident in report.seen.kills.iter().take(WHOLE) {
        // Writing to memory can't fail.
        let _ = text.event(&Event::OomKill(Box::new(incident.clone())), &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The page in Markdown.
pub(super) fn page(report: &Report<'_>) -> String {
    let outcome = report.verdict.outcome();
    let (mark, word) = match outcome {
        Outcome::Pass if summary::command_failed(report) => ("⚠️", "no OOM kill, but the command failed"),
        Outcome::Pass => ("✅", outcome.word()),
        Outcome::Unknown => ("❔", outcome.word()),
        Outcome::Fail => ("❌", outcome.word()),
    };
    let mut out = format!("## {mark} oomtrace: {word}\n\n");
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

impl Annotations {
    /// True when nobody is to be told.
    pub(super) fn is_none(self) -> bool {
        self == Self::None
    }
}

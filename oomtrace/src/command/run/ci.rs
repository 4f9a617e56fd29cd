//! What GitHub Actions and GitLab CI are told, in their own ways.
//!
//! GitHub: one annotation (a step may have ten), the job's summary, outputs. The annotation goes to standard error, which the
//! runner reads as well: standard output is the command's. GitLab: a report of annotations, which can hold links only.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::args::Annotations;
use super::verdict::Outcome;
use super::{Report, reports, summary};
use crate::output::{self, Output, Owner, Wanted};
use crate::render::brief;
use crate::words::escape;

/// A summary may have 1 MiB; a larger one is refused as a whole.
const SUMMARY_MAX: usize = 1_000_000;
/// A title that is longer is not shown whole; nor is a text.
const TITLE_MAX: usize = 200;
const TEXT_MAX: usize = 4000;
/// GitLab's file, in the directory of the job.
const GITLAB_FILE: &str = "oomtrace-annotations.json";

/// A CI system with the files it reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ci {
    /// Files of the summary and of the outputs.
    Github(Option<PathBuf>, Option<PathBuf>),
    /// Address of the job.
    Gitlab(Option<String>),
}

impl Ci {
    /// The one that was asked for, or that the environment names.
    pub(super) fn of(asked: Annotations, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let is = |name: &str| variable(name).is_some_and(|value| value == "true");
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let github = || Self::Github(path("GITHUB_STEP_SUMMARY"), path("GITHUB_OUTPUT"));
        let gitlab = || Self::Gitlab(variable("CI_JOB_URL").and_then(|url| url.into_string().ok()));
        match asked {
            _ if asked.is_none() => None,
            Annotations::Github => Some(github()),
            Annotations::Gitlab => Some(gitlab()),
            _ if is("GITHUB_ACTIONS") => Some(github()),
            _ if is("GITLAB_CI") => Some(gitlab()),
            _ => None,
        }
    }

    /// Text with names of processes in it, so that the system takes no line of it for a command.
    ///
    /// GitHub's runner looks for commands in every line, also behind blanks; it stops until it meets a word that nobody else
    /// can know.
    pub(super) fn fenced(&self, text: &[u8]) -> Vec<u8> {
        match (self, output::word().ok()) {
            (Self::Github(..), Some(word)) => {
                let (stop, go) = (format!("\n::stop-commands::{word}\n"), format!("\n::{word}::\n"));
                [stop.as_bytes(), text, go.as_bytes()].concat()
            }
            // Better no report than one that can be abused.
            (Self::Github(..), None) => Vec::new(),
            (Self::Gitlab(_), _) => text.to_vec(),
        }
    }

    /// Opens its files for `owner`, before the command can do anything to them.
    ///
    /// # Errors
    /// Names the file, the cause and what to do about it.
    pub(super) fn open(self, owner: &Owner) -> Result<Open> {
        let open = |path: &Path| {
            Output::open_for(path, owner, Wanted::Appended, Some(Instant::now()))
                .context("a CI system is to be told (--annotations none leaves that out)")
        };
        Ok(match self {
            Self::Github(page, outputs) => Open::Github {
                page: page.as_deref().map(open).transpose()?,
                outputs: outputs.as_deref().map(open).transpose()?,
            },
            Self::Gitlab(Some(job)) => Open::Gitlab { file: open(Path::new(GITLAB_FILE))?, job },
            Self::Gitlab(None) => Open::Nothing,
        })
    }
}

/// A CI system whose files are open.
pub(super) enum Open {
    /// The summary and the outputs.
    Github { page: Option<Output>, outputs: Option<Output> },
    /// The report of annotations, and the job's address for it.
    Gitlab { file: Output, job: String },
    /// It reads none.
    Nothing,
}

impl Open {
    /// Tells it; what could not be written is returned.
    pub(super) fn tell(self, report: &Report<'_>) -> Vec<anyhow::Error> {
        let written = match self {
            Self::Github { page, outputs } => {
                if let Some(line) = annotation(report) {
                    // At the start of a line, wherever the command's own output ended.
                    let _ = write!(std::io::stderr(), "\n{line}\n");
                }
                let page = page.map(|file| append(file, &cut(reports::page(report))));
                let outputs = outputs.map(|file| append(file, &self::outputs(report)));
                page.into_iter().chain(outputs).collect()
            }
            Self::Gitlab { file, job } => vec![append(file, &links(report, &job))],
            Self::Nothing => Vec::new(),
        };
        written.into_iter().filter_map(Result::err).collect()
    }
}

fn append(mut file: Output, text: &str) -> Result<()> {
    // A reader that has gone needs nothing.
    let _ = file.block(text.as_bytes())?;
    file.finish()
}

/// `::error title=...::...`; nothing when all is well.
fn annotation(report: &Report<'_>) -> Option<String> {
    let level = match report.verdict.outcome() {
        Outcome::Pass => return None,
        Outcome::Unknown => "warning",
        Outcome::Fail => "error",
    };
    let (title, text) = annotated(report);
    Some(format!("::{level} title={}::{}", property(&title), data(&text)))
}

/// Title and text: the answers for the first kill, else which rule was violated.
fn annotated(report: &Report<'_>) -> (String, String) {
    let mut lines = Vec::new();
    let title = match report.seen.kills.first() {
        Some(kill) => {
            lines.extend(brief::lines(kill));
            brief::title(kill)
        }
        None => format!("oomtrace: {}", report.verdict.outcome().word()),
    };
    lines.extend([summary::reason(report), summary::command(report)]);
    lines.extend(
        report
            .args
            .evidence
            .as_ref()
            .map(|path| format!("Evidence: {}", escape::text(&path.to_string_lossy()))),
    );
    (short(&title, TITLE_MAX), short(&lines.join("\n").replace('\u{a0}', " "), TEXT_MAX))
}

/// The beginning of a text, at most `max` bytes of it.
fn short(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of one.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Values for later steps, one a line. A path with a line break would be several: it is escaped, and then no path any more.
fn outputs(report: &Report<'_>) -> String {
    let mut out = format!(
        "verdict={}\noom_kills={}\nexit_code={}\n",
        report.verdict.outcome().word(),
        report.seen.count,
        report.exit.code()
    );
    if let Some(peak) = report.done.measured.peak {
        out += &format!("peak_bytes={peak}\n");
    }
    for (name, path) in [("evidence", &report.args.evidence), ("junit", &report.args.junit)] {
        if let Some(path) = path {
            out += &format!("{name}={}\n", escape::text(&path.to_string_lossy()));
        }
    }
    out
}

/// GitLab's report of annotations: links to where the files of the job are.
fn links(report: &Report<'_>, job: &str) -> String {
    let reason = match report.seen.kills.first() {
        Some(kill) => brief::title(kill),
        None => summary::reason(report),
    };
    let label = format!("{}: {reason}", report.verdict.outcome().word());
    let link =
        serde_json::json!({ "external_link": { "label": label, "url": format!("{job}/artifacts/browse") } });
    format!("{}\n", serde_json::json!({ "oomtrace": [link] }))
}

/// Cuts at the end of a line.
fn cut(mut page: String) -> String {
    if page.len() > SUMMARY_MAX {
        let end = page.as_bytes()[..SUMMARY_MAX].iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        page.truncate(end);
        page.push_str("\n\nThe rest was cut: a summary may have 1 MiB.\n");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(asked: Annotations, variables: &[(&str, &str)]) -> Option<Ci> {
        Ci::of(asked, |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_environment_names_the_system() {
        let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "/o"), ("GITHUB_STEP_SUMMARY", "")];
        assert_eq!(of(Annotations::Auto, &github), Some(Ci::Github(None, Some("/o".into()))));
        let gitlab = [("GITLAB_CI", "true"), ("CI_JOB_URL", "https://x/1")];
        assert_eq!(of(Annotations::Auto, &gitlab), Some(Ci::Gitlab(Some("https://x/1".into()))));
        assert_eq!(of(Annotations::Auto, &[("CI", "true")]), None);
        assert_eq!(of(Annotations::None, &github), None);
        assert_eq!(of(Annotations::Github, &[]), Some(Ci::Github(None, None)));
    }

    #[test]
    fn names_do_not_break_out_of_a_workflow_command() {
        assert_eq!(data("a\r\n::set-env name=x::y%"), "a%0D%0A::set-env name=x::y%25");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }

    #[test]
    fn text_is_fenced_by_a_word_of_its_own() {
        let ci = Ci::Github(None, None);
        let [one, other] = [0, 1].map(|_| String::from_utf8(ci.fenced(b"::error::x\n")).unwrap());
        let word = one.trim().strip_prefix("::stop-commands::").unwrap().lines().next().unwrap().to_owned();
        assert!(word.len() == 32 && one.ends_with(&format!("\n::{word}::\n")) && one != other, "{one}");
        assert_eq!(Ci::Gitlab(None).fenced(b"x"), b"x");
    }

    #[test]
    fn a_long_page_is_cut_at_a_line() {
        let page = cut("ä\n".repeat(SUMMARY_MAX));
        assert!(page.len() < SUMMARY_MAX + 100 && page.contains("\nThe rest was cut"));
        assert_eq!(cut("short\n".into()), "short\n");
    }
}

//! Its options.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::command::terminal::{ColorChoice, Layout};
use crate::command::when;
use crate::evidence::is_since;
use crate::filter::{Filter, Verdict};
use crate::model::Event;

/// Options of `report`.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportArgs {
    /// Recordings of `record`, `run --evidence` or `trace --json`, also compressed, or - for standard input. Two or more files are
    /// compared. Default: the agent's spool
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Directory of the agent's spool [default: /var/lib/oomtrace]
    #[arg(long, value_name = "DIR", env = "OOMTRACE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Output format (default: by the extension of --output, else text; html with --open)
    #[arg(short, long, value_enum)]
    pub format: Option<Format>,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only kills since then: how long ago (90s, 15m, 2h, 3d), a date, or a time like 2026-11-23T14:03:00Z
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub since: Option<Timestamp>,
    /// Open the report in a browser
    #[arg(long)]
    pub open: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Layout of text
    #[command(flatten)]
    pub layout: Layout,
    /// Which kills to report
    #[command(flatten)]
    pub filter: Filter,
}

/// What a report is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Human-readable, for a terminal
    #[default]
    Text,
    /// One self-contained page
    Html,
    /// Markdown, for a ticket or a CI job's summary
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// The records, with updates merged into their kills, one JSON object per line
    #[value(alias = "ndjson")]
    Json,
    /// JUnit XML, for CI services
    Junit,
    /// A trace for ui.perfetto.dev
    Perfetto,
}

impl Format {
    /// Whether it can go there.
    ///
    /// # Errors
    /// When it is no text and a terminal would get it.
    pub(in crate::command) fn check(self, output: Option<&Path>) -> Result<()> {
        let to_terminal = output.is_none() && std::io::IsTerminal::is_terminal(&std::io::stdout());
        ensure!(
            !(self == Self::Perfetto && to_terminal),
            "refusing to write a binary Perfetto trace to the terminal: use -o FILE"
        );
        Ok(())
    }

    /// The format that the options ask for, else the name of the output; `None` where nothing does.
    ///
    /// # Errors
    /// As [`of_name`](Self::of_name).
    pub(in crate::command) fn chosen(
        format: Option<Self>,
        json: bool,
        output: Option<&Path>,
    ) -> Result<Option<Self>> {
        match (format.or(json.then_some(Self::Json)), output) {
            (None, Some(output)) => Self::of_name(output),
            (asked, _) => Ok(asked),
        }
    }

    /// The format that the name of the output asks for; `None` for a name without an extension.
    ///
    /// # Errors
    /// The extension is not known: nothing else says which format is wanted.
    pub(in crate::command) fn of_name(path: &Path) -> Result<Option<Self>> {
        let Some(extension) = path.extension() else { return Ok(None) };
        let format = match extension.to_str().unwrap_or_default() {
            "txt" | "text" | "log" => Self::Text,
            "html" | "htm" => Self::Html,
            "md" | "markdown" => Self::Markdown,
            "json" | "ndjson" | "jsonl" => Self::Json,
            "xml" => Self::Junit,
            "pftrace" | "perfetto-trace" => Self::Perfetto,
            _ => bail!(
                "unknown extension of {path:?}: use .txt, .html, .md, .json, .xml or .pftrace, or give the format with -f"
            ),
        };
        Ok(Some(format))
    }
}

impl ReportArgs {
    /// Whether a kill is to be reported. One that a filter can't tell is.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let is_late = self.since.is_none_or(|since| is_since(event, since));
        is_late
            && match event {
                Event::OomKill(incident) => self.filter.verdict(incident) != Verdict::No,
                Event::UserspaceKill(kill) => self.filter.userspace(kill) != Verdict::No,
                Event::Sigkill(sigkill) => self.filter.victim(&sigkill.target) != Verdict::No,
                _ => true,
            }
    }

    /// What leaves kills out, as options.
    #[must_use]
    pub fn narrowing(&self) -> Vec<String> {
        let since = self.since.map(|since| format!("--since {since}"));
        self.filter.options().into_iter().chain(since).collect()
    }

    /// The format that was asked for, or that the output's name asks for.
    ///
    /// # Errors
    /// Neither says which.
    pub fn format(&self) -> Result<Format> {
        let asked = Format::chosen(self.format, self.json, self.output.as_deref())?;
        Ok(asked.or(self.open.then_some(Format::Html)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_then_the_output_then_text() {
        let args = |format, output: &str| ReportArgs {
            format,
            output: Some(output.into()).filter(|_| !output.is_empty()),
            ..ReportArgs::default()
        };
        assert_eq!(args(None, "").format().unwrap(), Format::Text);
        assert_eq!(args(None, "/dev/stdout").format().unwrap(), Format::Text);
        assert_eq!(args(None, "junit.xml").format().unwrap(), Format::Junit);
        assert_eq!(args(Some(Format::Markdown), "x.json").format().unwrap(), Format::Markdown);
        assert_eq!(args(Some(Format::Text), "x.weird").format().unwrap(), Format::Text);
        let error = args(None, "report.htlm").format().unwrap_err().to_string();
        assert!(error.contains("report.htlm") && error.contains(".html") && error.contains("-f"), "{error}");
    }
}

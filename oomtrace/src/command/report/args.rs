//! Its options.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::terminal::ColorChoice;

/// Options of `report`.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportArgs {
    /// What `record`, `run` or `trace --json` has written, also compressed with gzip or zstd; - is standard input. Two files
    /// or more are compared
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What to make of it; without it the name of --output decides, else text (--open: html)
    #[arg(short, long, value_enum)]
    pub format: Option<Format>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Show the page in a browser
    #[arg(long)]
    pub open: bool,
    /// Colours in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// What a report is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, in a terminal
    #[default]
    Text,
    /// One page that needs no network
    Html,
    /// For a ticket or a CI job's summary
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// The records, updates put into their kills, one JSON object a line
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
            "a trace for Perfetto is no text: name a file for it (-o FILE)"
        );
        Ok(())
    }

    /// What a file of this name is expected to be.
    pub(in crate::command) fn of_name(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "txt" => Self::Text,
            "html" | "htm" => Self::Html,
            "md" | "markdown" => Self::Markdown,
            "json" | "ndjson" | "jsonl" => Self::Json,
            "xml" => Self::Junit,
            "pftrace" | "perfetto-trace" => Self::Perfetto,
            _ => return None,
        })
    }
}

impl ReportArgs {
    /// The format that was asked for, or that the output's name asks for.
    #[must_use]
    pub fn format(&self) -> Format {
        let asked = self.format.or(self.json.then_some(Format::Json));
        let named = || Format::of_name(self.output.as_deref()?);
        asked.or_else(named).or(self.open.then_some(Format::Html)).unwrap_or_default()
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
        assert_eq!(args(None, "").format(), Format::Text);
        assert_eq!(args(None, "junit.xml").format(), Format::Junit);
        assert_eq!(args(Some(Format::Markdown), "x.json").format(), Format::Markdown);
        assert_eq!(args(None, "report.weird").format(), Format::Text);
    }
}

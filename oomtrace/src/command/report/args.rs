//! Its options.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::terminal::ColorChoice;

/// Options of `report`.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportArgs {
    /// Recordings of `record`, `run --evidence` or `trace --json`, also compressed, or - for standard input. Two or more files are
    /// compared
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Output format (default: by the extension of --output, else text; html with --open)
    #[arg(short, long, value_enum)]
    pub format: Option<Format>,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Open the report in a browser
    #[arg(long)]
    pub open: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
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

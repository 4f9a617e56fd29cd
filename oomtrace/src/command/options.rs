//! Options that several subcommands share.

use std::path::Path;

use clap::ValueEnum;

/// Size of the ring buffer, unless asked otherwise.
pub const RING_SIZE: &str = "1M";

/// Output format of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Human-readable
    #[default]
    Text,
    /// One JSON object per line
    #[value(name = "json", alias = "ndjson")]
    Ndjson,
}

impl Format {
    /// The format that the options ask for, else the name of the output, else text.
    ///
    /// # Errors
    /// The name's extension is that of another format, or unknown.
    pub fn chosen(format: Option<Self>, json: bool, output: Option<&Path>) -> anyhow::Result<Self> {
        use super::report::Format as Document;
        match (format.or(json.then_some(Self::Ndjson)), output) {
            (Some(asked), _) => Ok(asked),
            (None, None) => Ok(Self::Text),
            (None, Some(output)) => match Document::of_name(output) {
                Ok(None | Some(Document::Text)) => Ok(Self::Text),
                Ok(Some(Document::Json)) => Ok(Self::Ndjson),
                Ok(Some(_)) => anyhow::bail!(
                    "{output:?}: this command writes text (.txt) and JSON (.json, .ndjson); record to a file with --json, \
                     then run `oomtrace report FILE -o {}`",
                    output.display()
                ),
                Err(_) => anyhow::bail!(
                    "unknown extension of {output:?}: use .txt or .log for text, .json, .ndjson or .jsonl for JSON, or \
                     give the format with -f"
                ),
            },
        }
    }
}

/// What to hide in command lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Redact {
    /// Values that look like passwords, tokens and keys
    #[default]
    Secrets,
    /// Nothing
    Off,
}

impl Redact {
    /// Whether secrets are hidden.
    #[must_use]
    pub fn hides(self) -> bool {
        self == Self::Secrets
    }
}

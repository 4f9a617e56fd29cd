//! Options that several subcommands share.

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
    Ndjson,
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

//! Options of `demo`.

use clap::Args;

use crate::command::options::Format;
use crate::command::terminal::ColorChoice;

/// Options of `demo`.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Same as --format ndjson
    #[arg(long)]
    pub json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print more to standard error; repeat for the log of the BPF programs
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl DemoArgs {
    /// True when records are to be JSON.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        self.json || self.format == Format::Ndjson
    }
}

//! `oomtrace schema`: the contract that records keep to.

use anyhow::Result;
use clap::ValueEnum;

use crate::output::Output;
use crate::render::SCHEMA_JSON;

/// The committed JSON Schema of `doctor --json`.
pub const DOCTOR_JSON: &str = include_str!("../../schema/oomtrace-1.doctor.schema.json");
/// The committed JSON Schema of a line of `why --json`.
pub const WHY_JSON: &str = include_str!("../../schema/oomtrace-1.why.schema.json");

/// What there is a schema of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// A line of a stream: trace, record, run, explain, report
    #[default]
    Records,
    /// doctor --json
    Doctor,
    /// A line of why --json
    Why,
}

/// Writes the JSON Schema; a closed pipe is a quiet end.
///
/// # Errors
/// When the output can't be written.
pub fn run(of: Of) -> Result<()> {
    let text = match of {
        Of::Records => SCHEMA_JSON,
        Of::Doctor => DOCTOR_JSON,
        Of::Why => WHY_JSON,
    };
    let mut output = Output::open(None)?;
    let _ = output.block(text.as_bytes())?;
    output.finish()
}

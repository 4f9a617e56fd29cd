//! `oomtrace schema`: the contract that records keep to.

use anyhow::Result;

use crate::output::Output;
use crate::render::SCHEMA_JSON;

/// Writes the JSON Schema; a closed pipe is a quiet end.
///
/// # Errors
/// When the output can't be written.
pub fn run() -> Result<()> {
    let mut output = Output::open(None)?;
    let _ = output.block(SCHEMA_JSON.as_bytes())?;
    output.finish()
}

//! `schema`: the JSON Schema of the incident record, from its Rust types.

use crate::{paths, sh};
use anyhow::{Context as _, Result, bail};

/// Where the committed schema lives, relative to the workspace.
const FILE: &str = "oomtrace/schema/oomtrace-1.schema.json";

/// Write the JSON Schema of the incident record.
#[derive(clap::Args)]
pub(crate) struct Schema {
    /// Fail when the committed schema differs from the types, instead of writing it
    #[arg(long)]
    check: bool,
}

impl Schema {
    pub(crate) fn run(self) -> Result<()> {
        if self.check {
            check()?;
            println!("{FILE} agrees with the types");
            return Ok(());
        }
        let file = paths::root().join(FILE);
        std::fs::write(&file, generate()?).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {FILE}");
        Ok(())
    }
}

/// Compares the committed schema with the record's types.
pub(crate) fn check() -> Result<()> {
    let committed =
        std::fs::read_to_string(paths::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    if committed != generate()? {
        bail!("{FILE} differs from the record's types: run cargo xtask schema and commit it");
    }
    Ok(())
}

/// Asks the example that is built with the `schema` feature, so that xtask itself does not link oomtrace.
fn generate() -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["run", "--quiet", "--package", "oomtrace", "--features", "schema", "--example", "schema"]);
    sh::output(&mut cargo)
}

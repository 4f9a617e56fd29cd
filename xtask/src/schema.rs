//! `schema`: the JSON Schemas of the records, of `doctor --json` and of `why --json`, from their Rust types.

use crate::{paths, sh};
use anyhow::{Context as _, Result, bail};

/// The committed schemas, relative to the workspace, and what the example calls each.
const FILES: [(&str, &str); 3] = [
    ("oomtrace/schema/oomtrace-1.schema.json", "records"),
    ("oomtrace/schema/oomtrace-1.doctor.schema.json", "doctor"),
    ("oomtrace/schema/oomtrace-1.why.schema.json", "why"),
];

/// Write the JSON Schemas of the records, of `doctor --json` and of `why --json`.
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
            println!("the schemas agree with the types");
            return Ok(());
        }
        for (name, what) in FILES {
            let file = paths::root().join(name);
            std::fs::write(&file, generate(what)?)
                .with_context(|| format!("cannot write {}", file.display()))?;
            println!("wrote {name}");
        }
        Ok(())
    }
}

/// Compares the committed schemas with the types.
pub(crate) fn check() -> Result<()> {
    for (name, what) in FILES {
        let committed = std::fs::read_to_string(paths::root().join(name))
            .with_context(|| format!("cannot read {name}"))?;
        if committed != generate(what)? {
            bail!("{name} differs from the types: run cargo xtask schema and commit it");
        }
    }
    Ok(())
}

/// Asks the example that is built with the `schema` feature, so that xtask itself does not link oomtrace.
fn generate(what: &str) -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "oomtrace",
        "--features",
        "schema",
        "--example",
        "schema",
        "--",
        what,
    ]);
    sh::output(&mut cargo)
}

//! What oomtrace writes for other programs, read by programs that share nothing with it: JUnit by the schema of Jenkins, traces by
//! Perfetto's definitions, recordings by jq and DuckDB with the queries of the documents. The checks are `tests/validators`.

use super::Outcome;
use super::tally::Tally;
use crate::setup::validators::{SCHEMA, home, python};
use crate::{paths, sh};
use anyhow::{Context as _, Result, bail};
use std::process::{Command, Stdio};

/// Writes the documents and has them read.
pub(super) fn read() -> Result<Outcome> {
    if let Some(missing) = missing() {
        let why = format!("{missing}: cargo xtask setup --only validators installs it");
        if sh::in_ci() {
            bail!("the documents have to be read in CI, but {why}");
        }
        return Ok(Outcome::Skipped(why));
    }
    sh::output(sh::cargo().args(["test", "--quiet", "--package", "oomtrace", "--test", "documents"]))?;
    let mut checks = Command::new(python());
    checks.arg("-B").arg(paths::root().join("tests/validators/check.py"));
    checks.arg(paths::target().join("documents")).arg(home().join(SCHEMA)).arg(paths::root());
    let output = checks.stdin(Stdio::null()).output().context("cannot start the checks")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut tally = Tally::default();
    for line in said.lines() {
        if line.starts_with("ok ") {
            tally += Tally::PASSED;
        } else if line.starts_with("FAILED ") {
            tally += Tally::FAILED;
            println!("{line}");
        }
    }
    // A traceback is no line of a check.
    if (tally.failed == 0) != output.status.success() || tally.passed + tally.failed == 0 {
        bail!("the checks ended with {}:\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(Outcome::Ran(tally))
}

/// What lacks, in words.
fn missing() -> Option<String> {
    if sh::find("jq").is_none() {
        return Some("no jq".into());
    }
    let imported = sh::output(Command::new(python()).args(["-c", "import duckdb, perfetto, xmlschema"]));
    if imported.is_err() {
        return Some(format!("no duckdb, perfetto and xmlschema for {}", python().display()));
    }
    let schema = home().join(SCHEMA);
    (!schema.is_file()).then(|| format!("no {}", schema.display()))
}

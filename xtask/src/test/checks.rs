//! Checks of the source as it is written.

use super::Outcome;
use super::tally::Tally;
use crate::sh;
use anyhow::Result;
use std::process::Command;

/// Both workspaces: the kernel side is one of its own.
pub(super) fn format() -> Result<Outcome> {
    let mut tally = Tally::default();
    tally += quiet(sh::cargo().args(["fmt", "--all", "--check"]));
    let kernel_side = crate::paths::root().join("oomtrace-ebpf");
    tally += quiet(sh::cargo().args(["fmt", "--all", "--check"]).current_dir(kernel_side));
    Ok(Outcome::Ran(tally))
}

/// As the workspace's lint table says, and once more with what only the schema needs.
pub(super) fn lints() -> Result<Outcome> {
    const DENY: [&str; 3] = ["--", "--deny", "warnings"];
    let mut tally = Tally::default();
    tally += quiet(sh::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets"]).args(DENY));
    let schema = ["clippy", "--quiet", "--package", "oomtrace", "--features", "schema", "--all-targets"];
    tally += quiet(sh::cargo().args(schema).args(DENY));
    Ok(Outcome::Ran(tally))
}

/// What needs a database that is not in this repository.
pub(super) fn deny() -> Result<Outcome> {
    if sh::find("cargo-deny").is_none() {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed (the licences are checked without it)".into(),
        ));
    }
    Ok(Outcome::Ran(quiet(sh::cargo().args(["deny", "--log-level", "warn", "check"]))))
}

/// One check; what it said is shown when it fails.
fn quiet(command: &mut Command) -> Tally {
    match sh::output(command) {
        Ok(_) => Tally::PASSED,
        Err(error) => {
            println!("{error:#}");
            Tally::FAILED
        }
    }
}

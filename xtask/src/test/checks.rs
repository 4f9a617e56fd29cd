//! Checks of the source as it is written.

use super::Outcome;
use super::tally::Tally;
use crate::sh;
use anyhow::{Result, bail};
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

/// Duplicates, licences and sources of all dependencies; advisories as well where their database can be fetched.
pub(super) fn deny() -> Result<Outcome> {
    if sh::find("cargo-deny").is_none() {
        let why = "cargo-deny is not installed: cargo xtask setup --only deny installs it";
        if sh::in_ci() {
            bail!("the dependencies have to be checked in CI, but {why}");
        }
        return Ok(Outcome::Skipped(why.into()));
    }
    let cargo_deny = |args: &[&str]| {
        let mut cargo = sh::cargo();
        cargo.args(["deny", "--log-level", "error"]).args(args);
        cargo
    };
    let mut tally = quiet(&mut cargo_deny(&["check", "bans", "licenses", "sources"]));
    tally += match sh::output(&mut cargo_deny(&["fetch", "db"])) {
        Ok(_) => quiet(&mut cargo_deny(&["check", "--disable-fetch", "advisories"])),
        Err(_) => {
            println!("SKIPPED  deny: advisories: their database cannot be fetched from this machine");
            Tally::SKIPPED
        }
    };
    Ok(Outcome::Ran(tally))
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

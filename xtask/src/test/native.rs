//! Real kills on this machine, in memory cgroups of their own.

use super::Outcome;
use super::tally::Tally;
use crate::vm::console::{self, Line};
use crate::vm::{console::Outcome as Verdict, image};
use crate::{paths, sh};
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// Runs the contained scenarios of the guest's binary here, with the tracer as it is built for users.
pub(super) fn kills() -> Result<Outcome> {
    sh::run(sh::cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "oomtrace",
        "--bin",
        "oomtrace",
    ]))?;
    if !sh::is_root() && !may_sudo() {
        return skip("real kills need root, and sudo asks for a password: run as root");
    }
    if !has_memory_controller() {
        return skip("this machine has no memory controller to make a cgroup with");
    }
    let mut failed = Vec::new();
    let mut tally = scenarios(&[], &mut failed)?;
    if !failed.is_empty() && failed.len() <= TRIED_AGAIN {
        println!("AGAIN    native {}", failed.join(", "));
        let second = scenarios(&failed, &mut Vec::new())?;
        tally.failed = second.failed;
        tally.passed += second.passed;
        tally.second += second.passed;
    }
    Ok(Outcome::Ran(tally))
}

/// More failures than this are no bad luck.
const TRIED_AGAIN: usize = 3;

/// Runs the scenarios with these names, or all; adds those that failed to `failed`.
fn scenarios(names: &[String], failed: &mut Vec<String>) -> Result<Tally> {
    let mut guest = image::native_guest(&paths::target().join("release/oomtrace"))?;
    guest.args(names);
    let mut child =
        guest.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start the scenarios")?;
    let stdout = child.stdout.take().context("the scenarios have no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).lines() {
        tally += count(&line?, failed);
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        bail!("the scenarios ended with {status} and told of no failure ({tally})");
    }
    Ok(tally)
}

/// In CI real kills have to run.
fn skip(why: &str) -> Result<Outcome> {
    if sh::in_ci() {
        bail!("{why}");
    }
    Ok(Outcome::Skipped(why.to_owned()))
}

/// Counts one line of the protocol, and shows and keeps what did not pass.
fn count(line: &str, failed: &mut Vec<String>) -> Tally {
    match console::parse(line) {
        Some(Line::Verdict { outcome: Verdict::Pass(_), .. }) => Tally::PASSED,
        Some(Line::Verdict { name, outcome: Verdict::Fail(why) }) => {
            println!("FAILED   native {name}: {why}");
            failed.push(name);
            Tally::FAILED
        }
        Some(Line::Verdict { name, outcome: Verdict::Skip(why) }) => {
            println!("SKIPPED  native {name}: {why}");
            Tally::SKIPPED
        }
        Some(Line::Log { name, text }) => {
            println!("         native {name}: {text}");
            Tally::default()
        }
        Some(Line::Start { .. } | Line::Done) | None => Tally::default(),
    }
}

fn may_sudo() -> bool {
    sh::output(std::process::Command::new("sudo").args(["--non-interactive", "true"])).is_ok()
}

fn has_memory_controller() -> bool {
    let v2 = std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    v2.split_whitespace().any(|controller| controller == "memory")
        || std::path::Path::new("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists()
        || std::path::Path::new("/sys/fs/cgroup/memory/memory.usage_in_bytes").exists()
}

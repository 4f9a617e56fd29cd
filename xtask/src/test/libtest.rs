//! `cargo test`, counted.

use super::Outcome;
use super::tally::Tally;
use crate::sh;
use anyhow::{Context as _, Result, bail};
use std::process::Stdio;

/// Unit, command-line and document tests of the workspace; the kills on this machine are a stage of their own.
pub(super) fn unit() -> Result<Outcome> {
    let mut tally = cargo_test(&["--workspace", "--exclude", "oomtrace-tests"])?;
    let mut programs = vec!["--package", "oomtrace-tests", "--lib", "--bins"];
    for test in ["cli", "run", "record", "outputs", "callers", "pinned", "why", "sigkill"] {
        programs.extend(["--test", test]);
    }
    tally += cargo_test(&programs)?;
    Ok(Outcome::Ran(tally))
}

/// Runs `cargo test` and counts each test; what it said is shown when one failed. Tests that failed run once more by
/// themselves, without the others beside them, and are counted as what they came to then.
pub(super) fn cargo_test(args: &[&str]) -> Result<Tally> {
    let (mut tally, said) = run(args, &[])?;
    let failed: Vec<&str> = said.lines().filter_map(failed).collect();
    if tally.failed == 0 || failed.is_empty() || failed.len() > TRIED_AGAIN {
        return Ok(tally);
    }
    println!("AGAIN    {}", failed.join(", "));
    let (second, _) = run(args, &failed)?;
    tally.failed = second.failed;
    tally.passed += second.passed;
    tally.second += second.passed;
    Ok(tally)
}

/// More failures than this are no bad luck.
const TRIED_AGAIN: usize = 3;

/// All tests of `args`, or only those with exactly these names.
fn run(args: &[&str], names: &[&str]) -> Result<(Tally, String)> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--no-fail-fast"]).args(args).env("CARGO_TERM_COLOR", "never").stdin(Stdio::null());
    if !names.is_empty() {
        cargo.args(["--", "--exact"]).args(names);
    }
    let output = cargo.output().context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let tally = count(&said);
    if names.is_empty() {
        said.lines().filter_map(ignored).for_each(|line| println!("SKIPPED  {line}"));
    }
    if !output.status.success() {
        println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    if !output.status.success() && tally.failed == 0 {
        bail!("{} failed: {}", sh::line(&cargo), output.status);
    }
    if tally.passed + tally.failed == 0 {
        bail!("{} ran no test", sh::line(&cargo));
    }
    Ok((tally, said))
}

/// Sums the result lines of all test programs.
fn count(said: &str) -> Tally {
    let mut all = Tally::default();
    for line in said.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let number = |what: &str| {
            let part = line.split([';', '.']).find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        all += Tally {
            passed: number(" passed"),
            failed: number(" failed"),
            skipped: number(" ignored"),
            second: 0,
        };
    }
    all
}

/// `test NAME ... FAILED`.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// `test NAME ... ignored, REASON`.
fn ignored(line: &str) -> Option<String> {
    let (name, how) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let why = how.strip_prefix("ignored")?;
    Some(format!("{name}: {}", why.strip_prefix(", ").unwrap_or("ignored, no reason given")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_programs_are_summed() {
        let said = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            noise\ntest result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s\n";
        assert_eq!(count(said), Tally { passed: 13, failed: 2, skipped: 1, second: 0 });
    }

    #[test]
    fn a_failed_test_is_named() {
        assert_eq!(failed("test a::b ... FAILED"), Some("a::b"));
        assert_eq!(failed("test a::b ... ok"), None);
        assert_eq!(failed("test result: FAILED. 1 passed; 1 failed"), None);
    }

    #[test]
    fn an_ignored_test_tells_why() {
        assert_eq!(ignored("test a::b ... ignored, needs root").as_deref(), Some("a::b: needs root"));
        assert_eq!(ignored("test a::b ... ignored").as_deref(), Some("a::b: ignored, no reason given"));
        assert_eq!(ignored("test a::b ... ok"), None);
    }
}

//! One kernel and one kind of boot: every scenario gets a result, whatever happens to the guest.

use super::console::Outcome;
use super::fetch::Image;
use super::guest::{self, Boot};
use super::matrix::Row;
use super::qemu;
use anyhow::Result;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Boots that are tried again because the kernel did not come up: none of our code has run then.
pub(super) const BOOTS_AGAIN: u32 = 2;

/// What to run.
pub(super) struct Job {
    pub(super) image: Image,
    pub(super) initramfs: PathBuf,
    pub(super) boot: String,
    pub(super) scenarios: Vec<String>,
    /// Use the processor's virtualisation instead of emulation.
    pub(super) kvm: bool,
}

/// More failures than this in one job are no bad luck, and are not tried again.
const TRIED_AGAIN: usize = 3;

impl Job {
    /// Every scenario has a result. What failed runs once more in a fresh guest: an emulated machine shares its processors
    /// with others. Both results are shown and counted, see [`again`].
    pub(super) fn run(&self, logs: &Path, on_row: &(dyn Fn(Row) + Sync)) -> Result<()> {
        let mut boots = 0;
        again(&self.scenarios, on_row, |scenarios, on_row| self.pass(scenarios, &mut boots, logs, on_row))
    }

    /// Boots until each of `scenarios` has a result: one that takes the guest down costs only itself.
    fn pass(&self, scenarios: &[String], boots: &mut u32, logs: &Path, on_row: &dyn Fn(Row)) -> Result<()> {
        let mut left = scenarios.to_vec();
        let mut again = 0;
        while !left.is_empty() {
            *boots += 1;
            let boot = self.boot(&left, *boots, logs, on_row)?;
            if let Some(why) = boot.broken.as_deref().filter(|_| !boot.spoken && again < BOOTS_AGAIN) {
                again += 1;
                let (kernel, kind) = (&self.image.kernel.name, &self.boot);
                println!(
                    "AGAIN    {kernel} {kind}: the kernel did not come up ({why}); its console is kept as number {boots}"
                );
                continue;
            }
            left.retain(|name| !boot.verdicts.iter().any(|(said, ..)| said == name));
            for (name, outcome) in without_verdict(&boot, &mut left) {
                on_row(self.row(&name, outcome, Duration::ZERO));
            }
        }
        Ok(())
    }

    fn boot(&self, scenarios: &[String], number: u32, logs: &Path, on_row: &dyn Fn(Row)) -> Result<Boot> {
        let scratch = tempfile::tempdir()?;
        let disks = scratch.path();
        let qemu = qemu::command(&self.image, &self.initramfs, disks, &self.boot, scenarios, self.kvm)?;
        let log = logs.join(format!("{}-{}-{number}.log", self.image.kernel.name, self.boot));
        guest::run(qemu, &log, |name, outcome, took| on_row(self.row(name, outcome.clone(), took)))
    }

    /// A row of this kernel and boot.
    pub(super) fn row(&self, scenario: &str, outcome: Outcome, took: Duration) -> Row {
        Row {
            kernel: self.image.kernel.name.clone(),
            boot: self.boot.clone(),
            scenario: scenario.to_owned(),
            outcome,
            took,
            first: None,
        }
    }
}

/// Calls `pass` with all `scenarios`, and a second time with those that failed. A row of the second time says why the first
/// one failed, so that a result that changes by itself is seen.
fn again(
    scenarios: &[String],
    on_row: &(dyn Fn(Row) + Sync),
    mut pass: impl FnMut(&[String], &dyn Fn(Row)) -> Result<()>,
) -> Result<()> {
    let failed = RefCell::new(Vec::new());
    pass(scenarios, &|row| match &row.outcome {
        Outcome::Fail(_) => failed.borrow_mut().push(row),
        Outcome::Pass(_) | Outcome::Skip(_) => on_row(row),
    })?;
    let failed = failed.into_inner();
    if failed.len() > TRIED_AGAIN {
        failed.into_iter().for_each(on_row);
        return Ok(());
    }
    failed.iter().for_each(|row| println!("AGAIN    {}", row.line()));
    let names: Vec<String> = failed.iter().map(|row| row.scenario.clone()).collect();
    pass(&names, &|mut row| {
        row.first = failed.iter().find(|first| first.scenario == row.scenario).and_then(Row::why);
        on_row(row);
    })
}

/// Failures of what has no verdict. What is worth another boot stays in `left`: the rest, when one scenario broke the guest.
fn without_verdict(boot: &Boot, left: &mut Vec<String>) -> Vec<(String, Outcome)> {
    let tail = boot.tail.iter().map(|line| format!("    | {line}")).collect::<Vec<_>>().join("\n");
    let failure =
        |why: &str| Outcome::Fail(format!("{why}; its console from a panic on, or the end of it:\n{tail}"));
    let why = boot.broken.as_deref().unwrap_or("the guest was done without a result for it");
    let culprit = boot.running.clone().filter(|name| left.contains(name));
    match culprit {
        Some(name) => {
            left.retain(|other| *other != name);
            vec![(name, failure(why))]
        }
        None => std::mem::take(left).into_iter().map(|name| (name, failure(why))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left() -> Vec<String> {
        vec!["a".into(), "b".into()]
    }

    #[test]
    fn a_scenario_that_breaks_the_guest_costs_only_itself() {
        let mut left = left();
        let boot = Boot { running: Some("a".into()), broken: Some("panic".into()), ..Boot::default() };
        let failed = without_verdict(&boot, &mut left);
        assert_eq!(failed.len(), 1);
        assert_eq!(left, ["b"]);
    }

    /// Runs a, b and c with `verdict(name, number of the try)`, and returns the rows in their order.
    fn tries(verdict: impl Fn(&str, u32) -> Outcome) -> Vec<(String, Outcome, Option<String>)> {
        let rows = std::sync::Mutex::new(Vec::new());
        let mut number = 0;
        let on_row = |row: Row| rows.lock().unwrap().push((row.scenario, row.outcome, row.first));
        again(&["a".into(), "b".into(), "c".into(), "d".into()], &on_row, |scenarios, on_row| {
            number += 1;
            for name in scenarios {
                on_row(Row {
                    kernel: "6.1".into(),
                    boot: "v2".into(),
                    scenario: name.clone(),
                    outcome: verdict(name, number),
                    took: Duration::ZERO,
                    first: None,
                });
            }
            Ok(())
        })
        .unwrap();
        rows.into_inner().unwrap()
    }

    #[test]
    fn a_failure_is_tried_once_more_and_both_results_are_kept() {
        let pass = || Outcome::Pass("ok".into());
        let fail = || Outcome::Fail("rss differs\n  | console".into());
        let rows = tries(|name, number| match (name, number) {
            ("b", 1) | ("c", _) => fail(),
            _ => pass(),
        });
        let first = Some("rss differs".to_owned());
        assert_eq!(
            rows,
            [
                ("a".into(), pass(), None),
                ("d".into(), pass(), None),
                ("b".into(), pass(), first.clone()),
                ("c".into(), fail(), first),
            ]
        );
    }

    #[test]
    fn many_failures_are_no_bad_luck() {
        let rows = tries(|_, number| match number {
            1 => Outcome::Fail("broken".into()),
            _ => Outcome::Pass("never".into()),
        });
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|(_, outcome, _)| matches!(outcome, Outcome::Fail(_))), "{rows:?}");
    }

    #[test]
    fn no_result_is_a_failure_and_never_an_endless_loop() {
        let mut left = left();
        let failed = without_verdict(&Boot::default(), &mut left);
        assert_eq!(failed.len(), 2);
        assert!(left.is_empty());
        assert!(failed.iter().all(|(_, outcome)| matches!(outcome, Outcome::Fail(_))));
    }
}

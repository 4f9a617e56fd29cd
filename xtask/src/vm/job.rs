//! One kernel and one kind of boot: every scenario gets a result, whatever happens to the guest.

use super::console::Outcome;
use super::fetch::Image;
use super::guest::{self, Boot};
use super::matrix::Row;
use super::qemu;
use anyhow::Result;
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

impl Job {
    /// Boots until every scenario has a result: one that takes the guest down costs only itself.
    pub(super) fn run(&self, logs: &Path, on_row: &(dyn Fn(Row) + Sync)) -> Result<()> {
        let mut left = self.scenarios.clone();
        let (mut boots, mut again) = (0, 0);
        while !left.is_empty() {
            boots += 1;
            let boot = self.boot(&left, boots, logs, on_row)?;
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

    fn boot(
        &self,
        scenarios: &[String],
        number: u32,
        logs: &Path,
        on_row: &(dyn Fn(Row) + Sync),
    ) -> Result<Boot> {
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
        }
    }
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

    #[test]
    fn no_result_is_a_failure_and_never_an_endless_loop() {
        let mut left = left();
        let failed = without_verdict(&Boot::default(), &mut left);
        assert_eq!(failed.len(), 2);
        assert!(left.is_empty());
        assert!(failed.iter().all(|(_, outcome)| matches!(outcome, Outcome::Fail(_))));
    }
}

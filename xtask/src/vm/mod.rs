//! `vm`: every scenario on every kernel, in virtual machines.

pub(crate) mod ahead;
pub(crate) mod console;
mod cpio;
mod custom;
mod disk;
mod emulator;
mod fetch;
mod guest;
pub(crate) mod image;
mod job;
mod kernels;
mod matrix;
mod qemu;
mod release;

use crate::paths;
use crate::test::tally::Tally;
use crate::userspace::Profile;
use anyhow::{Context as _, Result, ensure};
use console::Outcome;
pub(crate) use custom::Custom;
pub(crate) use disk::{ext4, tool};
use image::Scenario;
use job::Job;
use matrix::{Column, Matrix, Row};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// Run the scenarios in virtual machines, one kernel after the other.
#[derive(clap::Args, Default)]
pub(crate) struct Vm {
    /// Only this kernel: a name, a series (6.12) or an architecture of tests/kernels.toml (may be repeated)
    #[arg(long)]
    kernel: Vec<String>,
    /// Only this scenario (may be repeated)
    #[arg(long)]
    scenario: Vec<String>,
    /// List kernels and scenarios, run nothing
    #[arg(long)]
    list: bool,
    /// Keep the consoles' logs in this directory (they are in target/vm otherwise)
    #[arg(long, value_name = "DIR")]
    keep_log: Option<PathBuf>,
    /// Look for newer kernels of each series instead of using the cached ones
    #[arg(long)]
    update: bool,
    /// Guests at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Use KVM for this machine's architecture instead of emulation
    #[arg(long)]
    kvm: bool,
    /// Write the results as a Markdown table
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Run what is shipped.
    #[arg(skip)]
    shipped: bool,
}

impl Vm {
    pub(crate) fn run(self) -> Result<()> {
        if self.list {
            return self.show();
        }
        let matrix = self.matrix()?;
        let tally = matrix.tally();
        let text = matrix.markdown();
        println!("\n{text}");
        if let Some(file) = &self.report {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        println!("{tally}");
        ensure!(tally.failed == 0, "{} of the matrix failed", tally.failed);
        Ok(())
    }

    /// The named scenarios on the named kernels, with oomtrace as it is shipped: to measure.
    pub(crate) fn of(kernel: Vec<String>, scenario: Vec<String>) -> Self {
        Self { kernel, scenario, jobs: 1, shipped: true, ..Self::default() }
    }

    /// All of it, as a stage of `cargo xtask test`.
    pub(crate) fn whole() -> Result<Tally> {
        let matrix = Self { jobs: 2, ..Self::default() }.matrix()?;
        println!("\n{}", matrix.markdown());
        Ok(matrix.tally())
    }

    fn show(&self) -> Result<()> {
        for kernel in kernels::read(&self.kernel)? {
            println!(
                "kernel    {:<14} {} {} of {}",
                kernel.name,
                kernel.series,
                kernel.flavour,
                kernel.suites.join(", ")
            );
        }
        for Scenario { name, boot, about } in image::scenarios(&self.scenario)? {
            println!("scenario  {name:<20} {boot:<8} {about}");
        }
        Ok(())
    }

    fn matrix(&self) -> Result<Matrix> {
        let kernels = kernels::read(&self.kernel)?;
        let scenarios = image::scenarios(&self.scenario)?;
        kernels::check(&kernels, &image::scenarios(&[])?)?;
        let logs = self.keep_log.clone().unwrap_or_else(|| paths::target().join("vm"));
        std::fs::create_dir_all(&logs)?;
        std::fs::create_dir_all(paths::target().join("vm"))?;
        let order = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        let matrix = Mutex::new(Matrix { order, ..Matrix::default() });
        let jobs = self.prepare(&kernels, &scenarios, &matrix);
        work(jobs, self.jobs, &logs, &matrix)?;
        matrix.into_inner().ok().context("a thread of the matrix has panicked")
    }

    /// Images and binaries, and from them the boots; a kernel that can't be had has failed.
    fn prepare(
        &self,
        kernels: &[kernels::Kernel],
        scenarios: &[Scenario],
        matrix: &Mutex<Matrix>,
    ) -> VecDeque<Job> {
        let profile = if self.shipped { Profile::Release } else { Profile::Guest };
        let mut built = BTreeMap::new();
        let mut jobs = VecDeque::new();
        for kernel in kernels {
            let initramfs =
                built.entry(kernel.arch).or_insert_with(|| image::initramfs(kernel.arch, profile));
            let (image, initramfs) = match (fetch::fetch(kernel, self.update), initramfs) {
                (Ok(image), Ok(initramfs)) => (image, initramfs.clone()),
                (Err(error), _) => {
                    no_boot(matrix, kernel, &format!("this kernel cannot be had: {error:#}"));
                    continue;
                }
                (_, Err(error)) => {
                    no_boot(matrix, kernel, &format!("{error:#}"));
                    continue;
                }
            };
            let fetch::Stamp { release, package, version } = &image.stamp;
            column(matrix, kernel, format!("{release} ({package} {version})"));
            for (boot, scenarios) in by_boot(scenarios) {
                if let Some(why) = kernel.refusal(&boot) {
                    skip(matrix, kernel, &boot, &scenarios, why);
                    continue;
                }
                let scenarios = self.usual(kernel, &boot, scenarios, matrix);
                if scenarios.is_empty() {
                    continue;
                }
                let (image, initramfs) = (image.clone(), initramfs.clone());
                jobs.push_back(Job { image, initramfs, boot, scenarios, kvm: self.kvm });
            }
        }
        jobs
    }

    /// `scenarios` without those that this kernel leaves out, which are counted as skipped. Who names scenarios gets them.
    fn usual(
        &self,
        kernel: &kernels::Kernel,
        boot: &str,
        scenarios: Vec<String>,
        matrix: &Mutex<Matrix>,
    ) -> Vec<String> {
        if !self.scenario.is_empty() {
            return scenarios;
        }
        let (run, left_out): (Vec<_>, Vec<_>) =
            scenarios.into_iter().partition(|name| kernel.leaves_out(name).is_none());
        for name in left_out {
            let why = kernel.leaves_out(&name).unwrap_or_default().to_owned();
            add(matrix, absent(&kernel.name, boot, &name, Outcome::Skip(why)));
        }
        run
    }
}

/// Runs the jobs on `threads` guests at a time.
fn work(jobs: VecDeque<Job>, threads: usize, logs: &std::path::Path, matrix: &Mutex<Matrix>) -> Result<()> {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().ok().and_then(|mut jobs| jobs.pop_front());
    std::thread::scope(|scope| {
        let worker = || -> Result<()> {
            while let Some(job) = next() {
                job.run(logs, &|row| add(matrix, row))?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => anyhow::bail!("a thread of the matrix has panicked"),
        })
    })
}

/// Shows a result and keeps it.
fn add(matrix: &Mutex<Matrix>, row: Row) {
    println!("{}", row.line());
    if let Ok(mut matrix) = matrix.lock() {
        matrix.rows.push(row);
    }
}

/// Scenarios of a boot that is not tried: one line shown, each of them counted.
fn skip(matrix: &Mutex<Matrix>, kernel: &kernels::Kernel, boot: &str, scenarios: &[String], why: &str) {
    println!("SKIPPED  {:<14} {boot:<7} {} scenarios: {why}", kernel.name, scenarios.len());
    if let Ok(mut matrix) = matrix.lock() {
        let row = |name: &String| absent(&kernel.name, boot, name, Outcome::Skip(why.to_owned()));
        matrix.rows.extend(scenarios.iter().map(row));
    }
}

fn column(matrix: &Mutex<Matrix>, kernel: &kernels::Kernel, what: String) {
    if let Ok(mut matrix) = matrix.lock() {
        matrix.columns.push(Column { kernel: kernel.name.clone(), what });
    }
}

/// A kernel that there is nothing to boot of: a failure, however its scenarios would have ended.
fn no_boot(matrix: &Mutex<Matrix>, kernel: &kernels::Kernel, why: &str) {
    column(matrix, kernel, "could not be booted".to_owned());
    add(matrix, absent(&kernel.name, "-", "boot", Outcome::Fail(why.to_owned())));
}

/// A row of something that was not booted.
fn absent(kernel: &str, boot: &str, scenario: &str, outcome: Outcome) -> Row {
    let (kernel, boot, scenario) = (kernel.to_owned(), boot.to_owned(), scenario.to_owned());
    Row { kernel, boot, scenario, outcome, took: Duration::ZERO, first: None }
}

/// Names of scenarios by the kind of boot they need, in the order of the list.
fn by_boot(scenarios: &[Scenario]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for Scenario { name, boot, .. } in scenarios {
        match groups.iter_mut().find(|(group, _)| group == boot) {
            Some((_, names)) => names.push(name.clone()),
            None => groups.push((boot.clone(), vec![name.clone()])),
        }
    }
    groups
}

//! `vm`: every scenario on every kernel, in virtual machines.

pub(crate) mod console;
mod cpio;
mod custom;
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
use anyhow::{Context as _, Result, ensure};
use console::Outcome;
use image::Scenario;
pub(crate) use custom::Custom;
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
    /// Write the results as a Markdown table
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
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

    /// The named scenarios on the named kernels.
    pub(crate) fn of(kernel: Vec<String>, scenario: Vec<String>) -> Self {
        Self { kernel, scenario, jobs: 1, ..Self::default() }
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
        let logs = self.keep_log.clone().unwrap_or_else(|| paths::target().join("vm"));
        std::fs::create_dir_all(&logs)?;
        std::fs::create_dir_all(paths::target().join("vm"))?;
        let order = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        let matrix = Mutex::new(Matrix { order, ..Matrix::default() });
        let jobs = self.prepare(&kernels, &scenarios, &matrix)?;
        work(jobs, self.jobs, &logs, &matrix)?;
        matrix.into_inner().ok().context("a thread of the matrix has panicked")
    }

    /// Images and binaries, and from them the boots; a kernel that can't be had has failed.
    fn prepare(
        &self,
        kernels: &[kernels::Kernel],
        scenarios: &[Scenario],
        matrix: &Mutex<Matrix>,
    ) -> Result<VecDeque<Job>> {
        let mut initramfs = BTreeMap::new();
        let mut jobs = VecDeque::new();
        for kernel in kernels {
            let image = match fetch::fetch(kernel, self.update) {
                Ok(image) => image,
                Err(error) => {
                    let outcome = Outcome::Fail(format!("this kernel cannot be had: {error:#}"));
                    add(matrix, absent(&kernel.name, "-", "fetch", outcome));
                    continue;
                }
            };
            if let std::collections::btree_map::Entry::Vacant(entry) = initramfs.entry(kernel.arch) {
                entry.insert(image::initramfs(kernel.arch)?);
            }
            column(matrix, &image);
            for (boot, scenarios) in by_boot(scenarios) {
                if let Some(why) = kernel.refusal(&boot) {
                    for name in scenarios {
                        add(matrix, absent(&kernel.name, &boot, &name, Outcome::Skip(why.to_owned())));
                    }
                    continue;
                }
                let initramfs = initramfs[&kernel.arch].clone();
                jobs.push_back(Job { image: image.clone(), initramfs, boot, scenarios });
            }
        }
        Ok(jobs)
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

fn column(matrix: &Mutex<Matrix>, image: &fetch::Image) {
    let what = format!("{} ({} {})", image.stamp.release, image.stamp.package, image.stamp.version);
    if let Ok(mut matrix) = matrix.lock() {
        matrix.columns.push(Column { kernel: image.kernel.name.clone(), what });
    }
}

/// A row of something that was not booted.
fn absent(kernel: &str, boot: &str, scenario: &str, outcome: Outcome) -> Row {
    let (kernel, boot, scenario) = (kernel.to_owned(), boot.to_owned(), scenario.to_owned());
    Row { kernel, boot, scenario, outcome, took: Duration::ZERO }
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

//! `oombench`: real kills whose cause is known, and how right oomtrace is about them. docs/diagnosis.md has results.

mod corpus;
mod floor;
mod guest;
mod native;
mod programs;
mod replay;
mod report;
mod score;
mod store;

use crate::paths;
use anyhow::{Context as _, Result};
use score::Scored;
use std::path::{Path, PathBuf};
use store::Store;

pub(crate) use floor::check;

/// Cause kills whose cause is known, and score what oomtrace says of them
#[derive(clap::Args)]
pub(crate) struct Oombench {
    /// Suites: A (generator), B (stress programs), C (real programs), D (what misleads)
    #[arg(long, value_delimiter = ',', default_value = "A,B,C,D")]
    suite: Vec<String>,
    /// Only these classes, e.g. leak,burst
    #[arg(long, value_delimiter = ',')]
    class: Vec<String>,
    /// Only cases whose id begins so, e.g. C-redis
    #[arg(long, value_delimiter = ',')]
    case: Vec<String>,
    /// Seeds of the cases
    #[arg(long, default_value = "0-29")]
    seeds: String,
    /// Cases at a time, on this machine; in a guest it is one
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// In a guest with this kernel of tests/kernels.toml instead of on this machine
    #[arg(long, value_name = "KERNEL", num_args = 0..=1, default_missing_value = "x86_64-6.12")]
    guest: Option<String>,
    /// Use KVM for guests instead of emulation
    #[arg(long)]
    kvm: bool,
    /// Where outcomes go (target/oombench/last otherwise)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Cause no kills: diagnose what is stored in DIR anew
    #[arg(long, value_name = "DIR")]
    replay: Option<PathBuf>,
    /// Make what was scored the corpus that the tests replay (tests/oombench/corpus)
    #[arg(long)]
    keep: bool,
    /// Write the scores as Markdown
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What is to be run.
#[derive(Clone, Debug)]
struct Plan {
    suites: Vec<String>,
    classes: Vec<String>,
    cases: Vec<String>,
    seeds: String,
    jobs: usize,
}

impl Plan {
    /// Part of the name of the file with its outcome.
    fn name(&self) -> String {
        let parts = [self.suites.join(""), self.classes.join("+"), self.cases.join("+"), self.seeds.clone()];
        parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("-")
    }

    /// For the runner.
    fn words(&self) -> Vec<String> {
        vec![
            format!("suites={}", self.suites.join(",")),
            format!("classes={}", self.classes.join(",")),
            format!("cases={}", self.cases.join(",")),
            format!("seeds={}", self.seeds),
            format!("jobs={}", self.jobs),
        ]
    }
}

impl Oombench {
    pub(crate) fn run(self) -> Result<()> {
        let directory = match self.replay.clone() {
            Some(stored) => stored,
            None => self.cause()?,
        };
        let (store, scored) = score_all(&directory)?;
        let text = report::markdown(&store, &scored);
        println!("{text}");
        if self.keep {
            corpus::keep(&store)?;
        }
        if let Some(file) = &self.report {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// Causes the kills; the directory with what came of them.
    fn cause(&self) -> Result<PathBuf> {
        let out = self.out.clone().unwrap_or_else(|| paths::target().join("oombench/last"));
        std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        let plan = Plan {
            suites: self.suite.clone(),
            classes: self.class.clone(),
            cases: self.case.clone(),
            seeds: self.seeds.clone(),
            jobs: if self.guest.is_some() { 1 } else { self.jobs },
        };
        match &self.guest {
            Some(kernel) => guest::run(&plan, kernel, self.kvm, &out)?,
            None => native::run(&plan, &out)?,
        }
        Ok(out)
    }
}

/// Diagnoses what is stored anew, and scores it.
fn score_all(directory: &Path) -> Result<(Store, Vec<Scored>)> {
    let mut store = Store::read(directory)?;
    replay::diagnose(&mut store.kills)?;
    let scored = store.kills.iter().map(Scored::new).collect();
    Ok((store, scored))
}

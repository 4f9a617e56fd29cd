//! `test`: every test there is, one stage after the other, and one count at the end.

mod browser;
mod checks;
mod libtest;
mod licences;
mod native;
mod schema;
pub(crate) mod tally;
mod validators;

use crate::{oombench, sh, vm};
use anyhow::{Result, bail};
use std::thread::JoinHandle;
use std::time::Instant;
use tally::Tally;

/// Run every test there is.
#[derive(clap::Args)]
pub(crate) struct Test {
    /// Only this stage (may be repeated)
    #[arg(long, value_enum)]
    only: Vec<Stage>,
}

/// The stages, in their order: the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// rustfmt
    Format,
    /// clippy, warnings are errors
    Lints,
    /// Licences of all dependencies, by deny.toml
    Licences,
    /// Advisories, bans and sources, by cargo-deny
    Deny,
    /// Unit, command-line and document tests
    Unit,
    /// Tests of the feature `schema`, and the committed schema
    Schema,
    /// Pages of reports in a browser
    Pages,
    /// Reports and recordings, read by other programs
    Validators,
    /// The diagnosis of recorded kills whose cause is known, against what it has to reach
    Replay,
    /// Real kills on this machine
    Native,
    /// Real kills in virtual machines
    Vm,
}

/// What a stage came to.
pub(crate) enum Outcome {
    /// It ran.
    Ran(Tally),
    /// It could not, and why.
    Skipped(String),
}

const STAGES: [Stage; 11] = [
    Stage::Format,
    Stage::Lints,
    Stage::Licences,
    Stage::Deny,
    Stage::Unit,
    Stage::Schema,
    Stage::Replay,
    Stage::Pages,
    Stage::Validators,
    Stage::Native,
    Stage::Vm,
];

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        let mut all = Tally::default();
        let asked = |stage: &Stage| self.only.is_empty() || self.only.contains(stage);
        let mut ahead = None;
        for stage in STAGES.into_iter().filter(asked) {
            match stage {
                Stage::Native if asked(&Stage::Vm) => ahead = Some(vm::ahead::start()),
                Stage::Vm => drop(ahead.take().map(JoinHandle::join)),
                _ => {}
            }
            all += stage.run();
        }
        println!("{all}");
        if all.failed > 0 {
            std::process::exit(1);
        }
        Ok(())
    }
}

impl Stage {
    /// Runs and prints one line of result; an error is a failure.
    fn run(self) -> Tally {
        let begin = Instant::now();
        let name = format!("{self:?}").to_lowercase();
        let outcome = self.start();
        let seconds = begin.elapsed().as_secs_f64();
        match outcome {
            Ok(Outcome::Ran(tally)) => {
                let word = if tally.failed == 0 { "passed" } else { "FAILED" };
                println!("{word}   {name}: {tally} ({seconds:.1} s)");
                tally
            }
            Ok(Outcome::Skipped(why)) => {
                println!("SKIPPED  {name}: {why}");
                Tally::SKIPPED
            }
            Err(error) => {
                println!("FAILED   {name}: {error:#}");
                Tally::FAILED
            }
        }
    }

    fn start(self) -> Result<Outcome> {
        match self {
            Self::Format => checks::format(),
            Self::Lints => checks::lints(),
            Self::Licences => licences::check(),
            Self::Deny => checks::deny(),
            Self::Unit => libtest::unit(),
            Self::Schema => schema::check(),
            Self::Pages => browser::pages(),
            Self::Validators => validators::read(),
            Self::Replay => oombench::check(),
            Self::Native => native::kills(),
            Self::Vm => machines(),
        }
    }
}

/// Missing tools are a reason to skip on a developer's machine only.
fn machines() -> Result<Outcome> {
    let missing: Vec<_> =
        ["qemu-system-x86_64", "qemu-system-aarch64", "aarch64-linux-gnu-gcc", "apt-get", "dpkg-deb"]
            .into_iter()
            .filter(|tool| sh::find(tool).is_none())
            .collect();
    if missing.is_empty() {
        return Ok(Outcome::Ran(vm::Vm::whole()?));
    }
    let why = format!("{} missing: cargo xtask setup --only vm installs it", missing.join(", "));
    if sh::in_ci() {
        bail!("the matrix has to run in CI, but {why}");
    }
    Ok(Outcome::Skipped(why))
}

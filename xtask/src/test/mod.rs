//! `test`: every test there is, one stage after the other, and one count at the end.

mod browser;
mod checks;
mod libtest;
mod licences;
mod native;
mod schema;
pub(crate) mod tally;
mod validators;

use crate::setup::Group;
use crate::{oombench, setup, sh, vm};
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
    /// Only what needs neither root nor the network nor guests, and install nothing
    #[arg(long, conflicts_with = "only")]
    quick: bool,
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

/// What needs neither root nor the network nor guests.
const QUICK: [Stage; 6] =
    [Stage::Format, Stage::Lints, Stage::Licences, Stage::Unit, Stage::Schema, Stage::Replay];
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
    /// The stages to run, in their order.
    fn stages(&self) -> Vec<Stage> {
        let asked = |stage: &Stage| match (self.quick, self.only.as_slice()) {
            (true, _) => QUICK.contains(stage),
            (false, []) => true,
            (false, only) => only.contains(stage),
        };
        STAGES.into_iter().filter(asked).collect()
    }

    pub(crate) fn run(self) -> Result<()> {
        let mut all = Tally::default();
        let stages = self.stages();
        let asked = |stage: &Stage| stages.contains(stage);
        if self.quick {
            // The tests of the command line leave out what needs root, and say so.
            // SAFETY: no other thread has been started.
            unsafe { std::env::set_var("OOMTRACE_NO_ROOT", "1") };
        } else {
            install(&stages);
        }
        let mut ahead = None;
        for stage in stages.iter().copied() {
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

/// Installs what `stages` need. Where that fails, the stages say what they lack.
fn install(stages: &[Stage]) {
    let mut groups: Vec<Group> = stages.iter().filter_map(|stage| stage.needs()).collect();
    groups.dedup();
    if let Err(error) = setup::install(&groups) {
        println!("note: not everything could be installed: {error:#}");
    }
}

impl Stage {
    /// What has to be installed for it, besides cargo and a C linker.
    fn needs(self) -> Option<Group> {
        match self {
            Self::Format | Self::Lints => Some(Group::Test),
            Self::Deny => Some(Group::Deny),
            Self::Pages => Some(Group::Pages),
            Self::Validators => Some(Group::Validators),
            Self::Vm => Some(Group::Vm),
            Self::Licences | Self::Unit | Self::Schema | Self::Replay | Self::Native => None,
        }
    }

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

//! What a case is: cgroups, who runs in them, and what a diagnosis ought to say.

use std::path::PathBuf;
use std::time::Duration;

/// One kill to be.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Unique within its environment: `A-leak-007`.
    pub id: String,
    /// `A` to `D`.
    pub suite: &'static str,
    /// Kind of failure, as in the record's `diagnosis.verdict`.
    pub class: &'static str,
    /// Kinds that are as right, where what the program declares does not tell them apart.
    pub also: Vec<&'static str>,
    /// What of the class it is.
    pub variant: String,
    /// The suite's number for it.
    pub seed: u64,
    /// Limit of the topmost cgroup; without one the machine has to run out.
    pub limit: Option<u64>,
    /// Names of cgroups below the topmost; with none everybody runs in the topmost itself.
    pub groups: Vec<&'static str>,
    /// Who runs, started in this order, each when the one before is ready.
    pub actors: Vec<Actor>,
    /// Earlier lives of the last actor.
    pub earlier: Vec<Earlier>,
    /// Who is to be named.
    pub culprit: Who,
    /// Bytes per second that the culprit declares; without it what the ledger says, if the shape has a rate at all.
    pub declared_rate: Option<f64>,
    /// The culprit's growth has a rate that can be told.
    pub has_rate: bool,
    /// When the culprit's growth begins.
    pub onset: Onset,
    /// Nobody is waited for any longer.
    pub patience: Duration,
}

/// A life before the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Ended by the OOM killer at the same limit.
    Killed,
    /// Lived below this limit and ended by itself.
    Ended {
        /// Limit of the topmost cgroup meanwhile.
        limit: u64,
        /// The generator: so long after its onset.
        after: Duration,
    },
}

/// Somebody who runs.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// Where: a number of [`Case::groups`], or outside of all.
    pub place: Place,
    /// What.
    pub work: Work,
    /// The next one starts so long after this one is ready.
    pub pause: Duration,
}

/// Where somebody runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In the topmost cgroup, which then has none below.
    #[default]
    Top,
    /// In one below it.
    Group(usize),
    /// Not in a cgroup of this case.
    Outside,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Work {
    /// The generator under this name with these `KEY=VALUE` arguments.
    Grow {
        /// Name of its executable.
        name: &'static str,
        /// Beside `ledger`, `slot` and `dir`.
        arguments: Vec<String>,
    },
    /// Reads a file of so many bytes over and over.
    Reread {
        /// Bytes.
        size: u64,
    },
    /// Another program.
    Program {
        /// Program and arguments; `@DIR@` is a directory of the case's own.
        argv: Vec<String>,
        /// Files to be made before: name in the directory and content.
        files: Vec<(&'static str, &'static str)>,
        /// Commands that run in the directory before, outside of all cgroups.
        prepare: Vec<Vec<String>>,
        /// It says `ready` when it is, and `grow`, with the process id if that is another one, when it begins to grow.
        says_ready: bool,
    },
}

impl Default for Work {
    fn default() -> Self {
        Self::Reread { size: 0 }
    }
}

/// Who is to be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// Nobody: many grew alike.
    #[default]
    Nobody,
    /// The process of this actor.
    Process(usize),
    /// The process that took this actor's slot of the ledger.
    Slot(usize),
    /// The process that this actor's program names when it says that it begins to grow.
    Said(usize),
    /// All processes of this name in this actor's cgroup.
    Named(usize, &'static str),
    /// The family of that name in this actor's cgroup, and the name of its executable.
    Family(usize, &'static str, &'static str),
    /// `kernel_memory`, `shmem` or `page_cache`, asked for by this actor.
    Kind(&'static str, usize),
    /// The same, asked for by processes of this name.
    KindNamed(&'static str, usize, &'static str),
}

impl Who {
    /// The actor.
    #[must_use]
    pub fn actor(&self) -> Option<usize> {
        match self {
            Self::Nobody => None,
            Self::Process(at)
            | Self::Slot(at)
            | Self::Said(at)
            | Self::Named(at, _)
            | Self::Family(at, _, _)
            | Self::Kind(_, at)
            | Self::KindNamed(_, at, _) => Some(*at),
        }
    }
}

/// When the culprit's growth begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Onset {
    /// The ledger says.
    #[default]
    Ledger,
    /// The program says.
    Said,
    /// Another actor says.
    SaidBy(usize),
    /// With the program.
    Start,
    /// Nobody knows.
    Unknown,
}

/// What cases are made for: the machine they run on.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Bytes that a limit may have at most.
    pub most: u64,
    /// The machine may run out of memory.
    pub expendable: bool,
    /// Bytes that the machine can give before it runs out.
    pub free: u64,
    /// For files on a disk.
    pub disk: PathBuf,
}

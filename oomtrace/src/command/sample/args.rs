//! Options of `sample`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `sample`.
#[derive(Clone, Debug, Default, Args)]
pub struct SampleArgs {
    /// Which way to look: one JSON object for each
    #[arg(long, value_enum, default_value_t, value_name = "WAY")]
    pub by: SampleBy,
    /// Instead of samples: the CPU time of N passes
    #[arg(long, value_name = "N")]
    pub cost: Option<u32>,
    /// Instead of samples: what the allocation hook costs per page, in N rounds
    #[arg(long, value_name = "N")]
    pub hook_cost: Option<u32>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME")]
    pub without_probe: Vec<String>,
    /// Memory cgroups whose own processes are listed apart
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// How `sample` looks at the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SampleBy {
    /// As a trace would and by files
    #[default]
    Both,
    /// As a trace would: iterators where there are any
    Iterators,
    /// Files alone
    Files,
}

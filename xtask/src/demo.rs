//! `demo`: build and run `oomtrace demo`.

use crate::{paths, sh};
use anyhow::Result;

/// Build oomtrace and run `oomtrace demo`.
#[derive(clap::Args)]
pub(crate) struct Demo {
    /// Arguments passed on to `oomtrace demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl Demo {
    /// Needs nothing but cargo and root: the BPF object is committed.
    pub(crate) fn run(self) -> Result<()> {
        println!("building oomtrace");
        sh::run(sh::cargo().args(["build", "--release", "--package", "oomtrace", "--bin", "oomtrace"]))?;
        let program = paths::target().join("release/oomtrace");
        if !sh::is_root() {
            println!("loading BPF programs and making a memory cgroup need root: using sudo");
        }
        sh::run(sh::as_root(program)?.arg("demo").args(self.args))
    }
}

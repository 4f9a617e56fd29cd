//! `oomtrace completions` and `oomtrace man`, made from the command line's own description.

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::cli::Cli;
use crate::output::Output;

/// Writes the completion script of a shell.
///
/// # Errors
/// When the output can't be written.
pub fn completions(shell: Shell) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "oomtrace", &mut text);
    write(&text)
}

/// Writes the manual page, in roff.
///
/// # Errors
/// When the output can't be written.
pub fn page() -> Result<()> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    write(&text)
}

fn write(text: &[u8]) -> Result<()> {
    let mut output = Output::open(None)?;
    let _ = output.block(text)?;
    output.finish()
}

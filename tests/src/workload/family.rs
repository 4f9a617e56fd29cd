//! A process that starts another one.

use std::process::Command;

use anyhow::{Context as _, Result};

/// `CODE WORKLOAD...`: runs the workload in a child, waits for its end, whichever it is, and ends with the code.
pub(super) fn spawn(arguments: &[Vec<u8>]) -> Result<i32> {
    let (code, rest) = arguments.split_first().context("spawn CODE WORKLOAD...")?;
    let rest = rest.iter().map(|argument| std::os::unix::ffi::OsStrExt::from_bytes(argument));
    let rest: Vec<&std::ffi::OsStr> = rest.collect();
    Command::new("/proc/self/exe").arg("workload").args(rest).status().context("can't start a child")?;
    super::parse(code)
}

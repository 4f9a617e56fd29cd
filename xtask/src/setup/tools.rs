//! Tools that come with cargo and rustup.

use crate::sh;
use anyhow::{Context as _, Result, bail};
use std::process::Command;

/// Later versions need LLVM's development packages; earlier ones write BTF that kernels refuse.
const BPF_LINKER: &str = "0.10.3";
/// Reads the lock file and deny.toml as they are.
const CARGO_DENY: &str = "0.20.2";

/// Installs the pinned bpf-linker unless it is there.
pub(super) fn bpf_linker() -> Result<()> {
    let version =
        sh::find("bpf-linker").and_then(|linker| sh::output(Command::new(linker).arg("--version")).ok());
    if version.is_some_and(|version| version.trim() == format!("bpf-linker {BPF_LINKER}")) {
        return Ok(());
    }
    println!("setup: installing bpf-linker {BPF_LINKER}: the linker of the BPF object (takes minutes)");
    sh::run(sh::cargo().args(["install", "bpf-linker", "--version", BPF_LINKER, "--locked", "--force"]))
}

/// Installs cargo-deny unless some version is there.
pub(super) fn cargo_deny() -> Result<()> {
    if sh::find("cargo-deny").is_some() {
        return Ok(());
    }
    println!("setup: installing cargo-deny {CARGO_DENY}: the checker of dependencies (takes minutes)");
    // It reads a few files: not optimising it halves the time that the build takes.
    sh::run(sh::cargo().args(["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--debug"]))
}

/// Adds rustfmt and clippy where rustup's profile left them out.
pub(super) fn rustup_components() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if sh::output(sh::cargo().args([subcommand, "--version"])).is_ok() {
            continue;
        }
        let Some(rustup) = sh::find("rustup") else {
            bail!(
                "cargo {subcommand} is missing, and so is rustup: install {component} as you installed cargo"
            );
        };
        println!("setup: adding {component} with rustup");
        sh::run(Command::new(rustup).args(["component", "add", component]))
            .with_context(|| format!("cannot add {component}"))?;
    }
    Ok(())
}

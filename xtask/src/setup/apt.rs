//! Debian packages.

use super::needs::Package;
use crate::sh;
use anyhow::{Result, bail};
use std::process::Command;

/// Installs what is missing among `packages`.
pub(super) fn install(packages: &[&Package]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    if sh::find("apt-get").is_none() || sh::find("dpkg-query").is_none() {
        bail!(
            "this machine has no apt-get: install by its own means what these Debian packages hold, then run the task \
             itself: {}",
            packages
                .iter()
                .map(|package| format!("{} ({})", package.name, package.why))
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    let missing: Vec<_> = packages.iter().filter(|package| !is_installed(package.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        println!("setup: installing Debian package {}: {}", package.name, package.why);
    }
    sh::run(apt_get()?.args(["--quiet", "update"]))?;
    let names = missing.iter().map(|package| package.name);
    sh::run(apt_get()?.args(["--quiet", "--yes", "--no-install-recommends", "install"]).args(names))
}

/// apt-get that never asks; sudo drops the environment, so `env` sets it behind it.
fn apt_get() -> Result<Command> {
    let mut command = sh::as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Acquire::Retries=3"]);
    Ok(command)
}

fn is_installed(name: &str) -> bool {
    sh::output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}\n", name]))
        .is_ok_and(|status| status.lines().any(|line| line == "installed"))
}

//! The standard library of another architecture, from Debian's packages.

use super::Arch;
use crate::archive::Archive;
use crate::{paths, sh};
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's compiler: the library has to be from the very same build.
pub(super) const RUSTC: &str = "/usr/bin/rustc";

/// Debian's package of the compiler, whose version the library's has to equal.
const COMPILER: &str = "rustc-web";
const LIBRARY: &str = "libstd-rust-web-dev";

/// A sysroot with `arch`'s standard library, in the cache; fetched again when the compiler's version changes.
pub(super) fn compose(arch: Arch) -> Result<PathBuf> {
    ensure!(Path::new(RUSTC).is_file(), "{RUSTC} is missing: cargo xtask setup --only vm installs it");
    let version =
        sh::output(Command::new("dpkg-query").args(["--show", "--showformat=${Version}", COMPILER]))?;
    let sysroot = paths::cache().join("sysroot").join(format!("{}-{version}", arch.name()));
    let library = sysroot.join("lib/rustlib").join(arch.target());
    if !library.is_dir() {
        fetch(arch, &version, &library)?;
    }
    Ok(sysroot)
}

fn fetch(arch: Arch, version: &str, library: &Path) -> Result<()> {
    println!("fetching Rust's standard library {version} for {}", arch.name());
    let archive = Archive::open(arch, &suites()?)?;
    let parent = library.parent().context("the library has no directory")?;
    std::fs::create_dir_all(parent)?;
    let unpacked = tempfile::tempdir_in(parent)?;
    archive.unpack(&format!("{LIBRARY}={version}"), unpacked.path())?;
    std::fs::rename(unpacked.path().join("usr/lib/rustlib").join(arch.target()), library)?;
    Ok(())
}

/// The machine's own suites: the compiler is from one of them.
fn suites() -> Result<Vec<String>> {
    let release = std::fs::read_to_string("/etc/os-release")?;
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename = codename.context("/etc/os-release has no VERSION_CODENAME")?;
    Ok(vec![codename.to_owned(), format!("{codename}-security")])
}

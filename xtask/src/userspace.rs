//! Static binaries of the user side, per architecture.

mod sysroot;

use crate::{paths, sh};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;

/// An architecture oomtrace is built and tested for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arch {
    /// 64-bit Intel and AMD
    #[value(name = "x86_64")]
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM
    #[value(name = "aarch64")]
    Aarch64,
}

impl Arch {
    pub(crate) const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// As the kernel's `uname -m` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// Debian's name.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// Rust's target; there is no musl target among Debian's, and glibc links statically as well.
    fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Aarch64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// Whether this machine runs the architecture's programs.
    pub(crate) fn is_native(self) -> bool {
        self.name() == std::env::consts::ARCH
    }
}

/// A binary of the workspace: package and name.
pub(crate) type Bin = (&'static str, &'static str);

/// The product.
pub(crate) const OOMTRACE: Bin = ("oomtrace", "oomtrace");

/// How binaries are optimised; the profiles of Cargo.toml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As they are shipped and measured.
    Release,
    /// The same without link-time optimisation, for what is only tested.
    Guest,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Guest => "guest",
        }
    }
}

/// Builds `bins` statically and returns their paths in the same order.
pub(crate) fn build_static(arch: Arch, profile: Profile, bins: &[Bin]) -> Result<Vec<PathBuf>> {
    let target_dir = paths::target().join("static");
    let mut cargo = if arch.is_native() { native() } else { cross(arch)? };
    cargo.args(["build", "--quiet", "--profile", profile.name(), "--target", arch.target()]);
    cargo.arg("--target-dir").arg(&target_dir);
    for (package, name) in bins {
        cargo.args(["--package", package, "--bin", name]);
    }
    sh::run(&mut cargo).with_context(|| format!("cannot build static {} binaries", arch.name()))?;
    let built = target_dir.join(arch.target()).join(profile.name());
    Ok(bins.iter().map(|(_, name)| built.join(name)).collect())
}

fn native() -> Command {
    let mut cargo = sh::cargo();
    cargo.env("RUSTFLAGS", "-Ctarget-feature=+crt-static");
    cargo
}

/// With the distribution's compiler: its standard library for the other architecture is a Debian package.
fn cross(arch: Arch) -> Result<Command> {
    let sysroot = sysroot::compose(arch)?;
    let linker = format!("{}-linux-gnu-gcc", arch.name());
    let mut cargo = sh::cargo();
    cargo.env("RUSTC", sysroot::RUSTC);
    cargo.env_remove("LD_LIBRARY_PATH");
    cargo.env(
        "CARGO_ENCODED_RUSTFLAGS",
        [
            "--sysroot".to_owned(),
            sysroot.display().to_string(),
            format!("-Clinker={linker}"),
            "-Ctarget-feature=+crt-static".to_owned(),
        ]
        .join("\x1f"),
    );
    Ok(cargo)
}

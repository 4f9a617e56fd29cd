//! Builds the object: the same bytes from any directory, cargo home and cargo.

use super::toolchain::{TARGET, Toolchain};
use super::{strip, wrapper};
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debug information is what BTF is made from.
const FLAGS: [&str; 2] = ["-Clink-arg=--btf", "-Cdebuginfo=2"];

/// Builds in `target` and returns the stripped object.
pub(super) fn build(toolchain: &Toolchain, target: &Path) -> Result<Vec<u8>> {
    sh::run(&mut cargo(toolchain, target)?)?;
    let file = target.join(TARGET).join("release/oomtrace");
    strip::strip(&std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?)
}

fn cargo(toolchain: &Toolchain, target: &Path) -> Result<Command> {
    let mut cargo = sh::cargo();
    cargo.current_dir(paths::root().join("oomtrace-ebpf"));
    cargo.args(["build", "--quiet", "--release", "--locked", "--target", TARGET, "--target-dir"]).arg(target);
    forget_settings(&mut cargo);
    cargo
        .env("RUSTC", &toolchain.rustc)
        // aya-ebpf uses `asm_experimental_arch`.
        .env("RUSTC_BOOTSTRAP", "1")
        // Bindings are chosen by the building machine's architecture otherwise; what is used of them is the same on all.
        .env("AYA_BPF_TARGET_ARCH", "x86_64")
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env(wrapper::ENV, "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain)?.join("\x1f"))
        .env("LD_LIBRARY_PATH", only_llvm(toolchain, target)?);
    Ok(cargo)
}

/// Settings of the environment would change the object.
fn forget_settings(cargo: &mut Command) {
    const PREFIXES: [&str; 7] = [
        "AYA_",
        "RUSTFLAGS",
        "RUSTC",
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "CARGO_INCREMENTAL",
    ];
    for (name, _) in std::env::vars_os() {
        if PREFIXES.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
}

/// bpf-linker loads the first `libLLVM*` it finds, and the optimiser's version shows in the object: leave it one choice.
fn only_llvm(toolchain: &Toolchain, target: &Path) -> Result<PathBuf> {
    let dir = target.join("llvm");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let name = toolchain.llvm.file_name().context("LLVM's library has no name")?;
    std::os::unix::fs::symlink(&toolchain.llvm, dir.join(name))?;
    Ok(dir)
}

fn flags(toolchain: &Toolchain) -> Result<Vec<String>> {
    let mut flags = vec![format!("-Clinker={}", toolchain.linker.display())];
    flags.extend(FLAGS.map(String::from));
    flags.extend(
        remaps(toolchain)?
            .into_iter()
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())),
    );
    Ok(flags)
}

/// Paths of this machine and what stands for them in the object. The last match counts, so the general ones come first.
fn remaps(toolchain: &Toolchain) -> Result<Vec<(PathBuf, &'static str)>> {
    let mut remaps = Vec::new();
    if let Some(home) = std::env::var_os("HOME").filter(|home| home.len() > 1) {
        remaps.push((home.into(), "/home"));
    }
    let sysroot = sh::output(Command::new(&toolchain.rustc).args(["--print", "sysroot"]))?;
    // A distribution's sysroot is /usr, whose paths are everybody's.
    if sysroot.trim() != "/usr" {
        remaps.push((sysroot.trim().into(), "/rust"));
    }
    // One directory per registry; its name holds a hash of the registry's address.
    let registries = paths::cargo_home().join("registry/src");
    fetch_sources()?;
    for entry in
        std::fs::read_dir(&registries).with_context(|| format!("cannot list {}", registries.display()))?
    {
        remaps.push((entry?.path(), "/cargo"));
    }
    remaps.push((paths::root(), "/oomtrace"));
    Ok(remaps)
}

/// The registry's directory has to be there before it can be named.
fn fetch_sources() -> Result<()> {
    let mut cargo = sh::cargo();
    cargo.current_dir(paths::root().join("oomtrace-ebpf"));
    sh::run(cargo.args(["fetch", "--quiet", "--locked"]))
}

/// The flags without this machine's paths.
pub(super) fn flags_for_manifest() -> Vec<String> {
    let remaps = ["$HOME=/home", "$SYSROOT=/rust", "$REGISTRY=/cargo", "$WORKSPACE=/oomtrace"];
    std::iter::once("-Clinker=bpf-linker".to_owned())
        .chain(FLAGS.map(String::from))
        .chain(remaps.map(|remap| format!("--remap-path-prefix={remap}")))
        .collect()
}

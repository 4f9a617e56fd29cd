//! The compiler and linker of the BPF object.

use crate::sh;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rust's name of the little-endian BPF target.
pub(super) const TARGET: &str = "bpfel-unknown-none";

/// What builds the object.
pub(super) struct Toolchain {
    pub(super) rustc: PathBuf,
    /// `rustc -V`.
    pub(super) rustc_version: String,
    /// As `rustc -vV` says it.
    pub(super) llvm_version: String,
    /// The shared library rustc is linked with; the linker gets the same one.
    pub(super) llvm: PathBuf,
    pub(super) linker: PathBuf,
    /// `bpf-linker -V`.
    pub(super) linker_version: String,
}

impl Toolchain {
    /// The distribution's compiler, which has a precompiled `core` for BPF, or the one `OOMTRACE_EBPF_RUSTC` names.
    pub(super) fn find() -> Result<Self> {
        let rustc =
            std::env::var_os("OOMTRACE_EBPF_RUSTC").map_or_else(|| "/usr/bin/rustc".into(), PathBuf::from);
        has_core(&rustc)?;
        let linker = sh::find("bpf-linker")
            .context("bpf-linker is missing: cargo xtask setup --only ebpf installs it")?;
        let verbose = sh::output(Command::new(&rustc).arg("-vV"))?;
        Ok(Self {
            rustc_version: first_line(&verbose),
            llvm_version: field(&verbose, "LLVM version: "),
            llvm: llvm_of(&rustc)?,
            linker_version: linker_version(&linker)?,
            rustc,
            linker,
        })
    }
}

fn has_core(rustc: &Path) -> Result<()> {
    let ask = |what: &str| sh::output(Command::new(rustc).args(["--print", what, "--target", TARGET]));
    let libraries = ask("target-libdir")
        .context("the compiler of the BPF object is missing: cargo xtask setup --only ebpf")?;
    if !Path::new(libraries.trim()).is_dir() {
        bail!(
            "{} has no core library for {TARGET}: cargo xtask setup --only ebpf installs it",
            rustc.display()
        );
    }
    Ok(())
}

/// The LLVM library the compiler's driver is linked with, as the dynamic loader resolves it.
fn llvm_of(rustc: &Path) -> Result<PathBuf> {
    let find = |object: &Path, name: &str| -> Result<PathBuf> {
        let libraries = sh::output(Command::new("ldd").arg(object).env_remove("LD_LIBRARY_PATH"))?;
        let line = libraries.lines().find(|line| line.trim_start().starts_with(name));
        let path = line.and_then(|line| line.split_whitespace().nth(2));
        Ok(PathBuf::from(path.with_context(|| format!("{} is not linked with {name}", object.display()))?))
    };
    find(&find(rustc, "librustc_driver")?, "libLLVM")
}

fn linker_version(linker: &Path) -> Result<String> {
    let said = sh::output(Command::new(linker).arg("--version")).context("bpf-linker does not run")?;
    Ok(first_line(&said))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn field(text: &str, name: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
}

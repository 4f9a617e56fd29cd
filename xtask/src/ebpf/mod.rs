//! `ebpf`: the committed BPF object, built and checked.
//!
//! The object is committed so that plain stable cargo builds oomtrace. What ties it to its source is the manifest beside
//! it: a hash of the sources, the compiler, the linker, the flags and the object's own hash.

mod build;
mod check;
mod manifest;
mod sources;
mod strip;
mod toolchain;
pub(crate) mod wrapper;

use crate::paths;
use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// The object's name, in `oomtrace/bpf` and in the manifest.
const OBJECT: &str = "oomtrace.bpfel.o";

/// Build the BPF object that is committed in oomtrace/bpf, or check it.
#[derive(clap::Args)]
pub(crate) struct Ebpf {
    /// Rebuild into a temporary directory and fail when the committed object differs
    #[arg(long)]
    check: bool,
}

impl Ebpf {
    pub(crate) fn run(self) -> Result<()> {
        if self.check {
            return check::check();
        }
        let toolchain = toolchain::Toolchain::find()?;
        println!("building with {} and {}", toolchain.rustc_version, toolchain.linker_version);
        let object = build::build(&toolchain, &paths::target().join("ebpf"))?;
        let manifest = manifest::Manifest::of(&object, &toolchain, sources::hash(&paths::root())?);
        std::fs::create_dir_all(directory())?;
        std::fs::write(directory().join(OBJECT), &object).context("cannot write the object")?;
        std::fs::write(manifest_file(), manifest.to_text()?).context("cannot write the manifest")?;
        println!("wrote oomtrace/bpf/{OBJECT}: {} bytes, sha256 {}", object.len(), manifest.object.sha256);
        Ok(())
    }
}

fn directory() -> PathBuf {
    paths::root().join("oomtrace/bpf")
}

fn manifest_file() -> PathBuf {
    directory().join("MANIFEST.toml")
}

//! `oomtrace/bpf/MANIFEST.toml`: what the committed object was made from and with.

use super::toolchain::Toolchain;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The manifest.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) object: Object,
    pub(super) source: Source,
    pub(super) toolchain: Tools,
}

/// The object itself.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    /// File name beside the manifest.
    pub(super) file: String,
    /// Hexadecimal.
    pub(super) sha256: String,
    pub(super) bytes: usize,
}

/// What it was made from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// See `sources::hash`.
    pub(super) sha256: String,
}

/// What it was made with; the same bytes are promised for exactly these.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tools {
    /// `rustc -V`.
    pub(super) rustc: String,
    /// The LLVM library that compiler and linker share.
    pub(super) llvm: String,
    /// `bpf-linker -V`.
    pub(super) linker: String,
    /// Compiler flags, with the paths of the building machine as `$NAME`.
    pub(super) flags: Vec<String>,
}

impl Manifest {
    pub(super) fn of(object: &[u8], toolchain: &Toolchain, source: String) -> Self {
        Self {
            object: Object { file: super::OBJECT.into(), sha256: sha256(object), bytes: object.len() },
            source: Source { sha256: source },
            toolchain: Tools::of(toolchain),
        }
    }

    pub(super) fn read() -> Result<Self> {
        let file = super::manifest_file();
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {} (cargo xtask ebpf writes it)", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a manifest", file.display()))
    }

    pub(super) fn to_text(&self) -> Result<String> {
        Ok(format!(
            "# Written by `cargo xtask ebpf`, compared by `cargo xtask ebpf --check`.\n\n{}",
            toml::to_string(self)?
        ))
    }
}

impl Tools {
    pub(super) fn of(toolchain: &Toolchain) -> Self {
        Self {
            rustc: toolchain.rustc_version.clone(),
            llvm: toolchain.llvm_version.clone(),
            linker: toolchain.linker_version.clone(),
            flags: super::build::flags_for_manifest(),
        }
    }
}

/// Hexadecimal SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Where things are.

use std::path::{Path, PathBuf};

/// The workspace's directory; xtask is always built inside it.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Build results, thrown away by `cargo clean`.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// What was fetched and is worth keeping over `cargo clean`.
pub(crate) fn cache() -> PathBuf {
    root().join(".cache")
}

/// Cargo's home: registry sources and installed binaries.
pub(crate) fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

//! What the object depends on, as one hash.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// Files and directories, relative to the workspace. The lock file fixes the registry's crates by their checksums.
const SOURCES: [&str; 5] = [
    "oomtrace-common/Cargo.toml",
    "oomtrace-common/src",
    "oomtrace-ebpf/Cargo.lock",
    "oomtrace-ebpf/Cargo.toml",
    "oomtrace-ebpf/src",
];

/// Hexadecimal SHA-256 over path, length and content of every source below `root`, in the order of their paths.
pub(super) fn hash(root: &Path) -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root.join(source), &mut files)?;
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let content = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        all.extend_from_slice(format!("{name}\0{}\0", content.len()).as_bytes());
        all.extend_from_slice(&content);
    }
    Ok(super::manifest::sha256(&all))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for source in SOURCES {
            let path = dir.path().join(source);
            let file = if source.ends_with("src") { path.join("main.rs") } else { path };
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, source).unwrap();
        }
        dir
    }

    #[test]
    fn the_same_sources_give_the_same_hash_anywhere() {
        assert_eq!(hash(tree().path()).unwrap(), hash(tree().path()).unwrap());
    }

    #[test]
    fn every_source_counts() {
        let dir = tree();
        let mut seen = vec![hash(dir.path()).unwrap()];
        for file in ["oomtrace-common/src/main.rs", "oomtrace-ebpf/Cargo.lock", "oomtrace-ebpf/src/added.rs"]
        {
            std::fs::write(dir.path().join(file), "changed").unwrap();
            seen.push(hash(dir.path()).unwrap());
        }
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn an_absent_source_is_an_error() {
        let dir = tree();
        std::fs::remove_file(dir.path().join("oomtrace-ebpf/Cargo.lock")).unwrap();
        assert!(hash(dir.path()).is_err());
    }
}

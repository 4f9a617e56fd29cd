//! `ebpf --check`: has the committed object drifted from its source?

use super::manifest::{Manifest, Tools, sha256};
use super::toolchain::Toolchain;
use super::{OBJECT, build, directory, sources};
use crate::{paths, sh};
use anyhow::{Context as _, Result, bail, ensure};

/// Compares hashes, then rebuilds where the very same toolchain is there and compares the bytes.
pub(super) fn check() -> Result<()> {
    let manifest = Manifest::read()?;
    compare_committed(&manifest)?;
    let toolchain = match exact_toolchain(&manifest.toolchain) {
        Ok(toolchain) => toolchain,
        Err(why) if sh::in_ci() => bail!("the object cannot be rebuilt here, which CI must do: {why:#}"),
        Err(why) => {
            println!("warning: only the hashes were compared, the object was not rebuilt: {why:#}");
            return Ok(());
        }
    };
    let temporary = tempfile::Builder::new().prefix("oomtrace-ebpf").tempdir()?;
    let rebuilt = build::build(&toolchain, temporary.path())?;
    compare_rebuilt(&manifest, &rebuilt)?;
    println!("oomtrace/bpf/{OBJECT} is what its source builds: sha256 {}", manifest.object.sha256);
    Ok(())
}

/// What needs no compiler: source and object against the manifest.
fn compare_committed(manifest: &Manifest) -> Result<()> {
    let source = sources::hash(&paths::root())?;
    ensure!(
        source == manifest.source.sha256,
        "the kernel side's source has changed since the object was built (source {source}, manifest {}): \
         run cargo xtask ebpf and commit oomtrace/bpf",
        manifest.source.sha256
    );
    let object = std::fs::read(directory().join(OBJECT)).with_context(|| format!("cannot read {OBJECT}"))?;
    ensure!(
        sha256(&object) == manifest.object.sha256,
        "oomtrace/bpf/{OBJECT} is not the one its manifest describes: run cargo xtask ebpf and commit oomtrace/bpf"
    );
    Ok(())
}

/// The same bytes are only promised for the same tools.
fn exact_toolchain(wanted: &Tools) -> Result<Toolchain> {
    let toolchain = Toolchain::find()?;
    let here = Tools::of(&toolchain);
    ensure!(here == *wanted, "the manifest's tools are {wanted:?}, here are {here:?}");
    Ok(toolchain)
}

/// A difference is kept where it can be looked at.
fn compare_rebuilt(manifest: &Manifest, rebuilt: &[u8]) -> Result<()> {
    let found = sha256(rebuilt);
    if found == manifest.object.sha256 {
        return Ok(());
    }
    let kept = paths::target().join("ebpf-rebuilt.o");
    std::fs::create_dir_all(paths::target())?;
    std::fs::write(&kept, rebuilt)?;
    bail!(
        "the source builds another object than the committed one (rebuilt {found}, committed {}), kept as {}: \
         run cargo xtask ebpf and commit oomtrace/bpf",
        manifest.object.sha256,
        kept.display()
    )
}

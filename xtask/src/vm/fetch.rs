//! A kernel's image and configuration, fetched once and kept.

use super::kernels::Kernel;
use super::release::{Release, newest};
use crate::archive::Archive;
use crate::paths;
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A kernel that is ready to boot.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) kernel: Kernel,
    pub(super) stamp: Stamp,
    pub(super) vmlinuz: PathBuf,
}

/// `stamp.toml` in the cache: written last, so that a directory with one is complete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// `6.12.117+deb13-cloud-amd64`, as `uname -r` says it.
    pub(super) release: String,
    pub(super) package: String,
    /// Debian's version of the package.
    pub(super) version: String,
}

/// What the scenarios need of a kernel; its absence is worth a line before they fail.
const NEEDED: [&str; 9] = [
    "CONFIG_BPF_SYSCALL=y",
    "CONFIG_DEBUG_INFO_BTF=y",
    "CONFIG_KPROBES=y",
    "CONFIG_MEMCG=y",
    "CONFIG_CPUSETS=y",
    "CONFIG_SWAP=y",
    "CONFIG_MAGIC_SYSRQ=y",
    "CONFIG_NUMA=y",
    // The guest's swap device: built in, it needs no modules.
    "CONFIG_BLK_DEV_NVME=y",
];

/// The cached image, or the newest of the series from the archive. When the archive can't be reached, what is cached is
/// used even though `update` was asked for.
pub(super) fn fetch(kernel: &Kernel, update: bool) -> Result<Image> {
    let dir = paths::cache().join("kernels").join(&kernel.name);
    let cached = cached(kernel, &dir);
    match (cached, update) {
        (Some(image), false) => Ok(image),
        (Some(image), true) => download(kernel, &dir).or_else(|error| {
            eprintln!("warning: {}: using the cached {}: {error:#}", kernel.name, image.stamp.release);
            Ok(image)
        }),
        (None, _) => download(kernel, &dir),
    }
}

fn cached(kernel: &Kernel, dir: &Path) -> Option<Image> {
    let stamp = toml::from_str(&std::fs::read_to_string(dir.join("stamp.toml")).ok()?).ok()?;
    let vmlinuz = dir.join("vmlinuz");
    vmlinuz.is_file().then(|| Image { kernel: kernel.clone(), stamp, vmlinuz })
}

fn download(kernel: &Kernel, dir: &Path) -> Result<Image> {
    let archive = Archive::open(kernel.arch, &kernel.suites)?;
    let mut names = Vec::new();
    for prefix in ["linux-image-", "linux-binary-", "linux-base-"] {
        names.extend(archive.names(prefix)?);
    }
    let Some(release) = newest(&names, &kernel.series, &kernel.flavour) else {
        bail!("the archive has no {} {} in {}", kernel.series, kernel.flavour, kernel.suites.join(", "));
    };
    println!("{}: fetching {}", kernel.name, release.image);
    let parent = dir.parent().context("the cache has no directory")?;
    std::fs::create_dir_all(parent)?;
    let fresh = tempfile::tempdir_in(parent)?;
    let stamp = fill(fresh.path(), kernel, &archive, &release)?;
    replace(fresh, dir)?;
    println!("{}: {} ({})", kernel.name, stamp.release, stamp.version);
    cached(kernel, dir).context("what was fetched cannot be read back")
}

/// Unpacks into `dir/tree`, keeps image and configuration, writes the stamp.
fn fill(dir: &Path, kernel: &Kernel, archive: &Archive, release: &Release) -> Result<Stamp> {
    let tree = dir.join("tree");
    let version = archive.unpack(&release.image, &tree)?;
    if let Some(base) = &release.base {
        archive.unpack(base, &tree)?;
    }
    let uname = format!("{}-{}", release.release, kernel.flavour);
    let modules = format!("usr/lib/modules/{uname}");
    // Until 7.1 below /boot, then beside the modules.
    let image = find(&tree, &[format!("boot/vmlinuz-{uname}"), format!("{modules}/vmlinuz")]);
    let image = image.with_context(|| format!("{} holds no image", release.image))?;
    std::fs::rename(image, dir.join("vmlinuz"))?;
    match find(&tree, &[format!("boot/config-{uname}"), format!("{modules}/config")]) {
        Some(config) => {
            std::fs::rename(config, dir.join("config"))?;
            tell_what_lacks(&kernel.name, &std::fs::read_to_string(dir.join("config"))?);
        }
        None => println!("{}: the archive has no configuration of this kernel", kernel.name),
    }
    std::fs::remove_dir_all(tree)?;
    let stamp = Stamp { release: uname, package: release.image.clone(), version };
    std::fs::write(dir.join("stamp.toml"), toml::to_string(&stamp)?)?;
    Ok(stamp)
}

fn find(tree: &Path, candidates: &[String]) -> Option<PathBuf> {
    candidates.iter().map(|candidate| tree.join(candidate)).find(|path| path.is_file())
}

fn tell_what_lacks(name: &str, config: &str) {
    for option in NEEDED.iter().filter(|option| !config.lines().any(|line| line == **option)) {
        println!("{name}: its configuration lacks {option}");
    }
}

fn replace(fresh: tempfile::TempDir, dir: &Path) -> Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::rename(fresh.keep(), dir).with_context(|| format!("cannot write {}", dir.display()))
}

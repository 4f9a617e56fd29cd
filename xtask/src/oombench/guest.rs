//! The suite in a guest with cgroup v2.

use super::Plan;
use crate::archive::Archive;
use crate::vm::Custom;
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What suites B to D run in a guest: those that start within reason on an emulated processor.
const PACKAGES: [&str; 12] = [
    "stress-ng",
    "stress",
    "memtester",
    "stressapptest",
    "chaos-marmosets",
    "redis-tools",
    "python3",
    "dash",
    "coreutils",
    "util-linux",
    "mount",
    "debianutils",
];
/// Global kills fill it.
const MEMORY_MIB: u32 = 768;
/// Beside other people's programs there has to be room for their limits.
const MEMORY_WITH_PROGRAMS_MIB: u32 = 1536;

/// Boots `kernel`, runs what `plan` names, and takes the outcome off the guest's disk into `out`.
pub(super) fn run(plan: &Plan, kernel: &str, kvm: bool, out: &Path) -> Result<()> {
    let guest = Custom::prepare(kernel, false)?;
    let programs = plan.suites.iter().any(|suite| suite != "A");
    let scratch = tempfile::tempdir_in(paths::target())?;
    let disk = scratch.path().join("disk");
    if programs {
        std::fs::copy(image(&guest)?, &disk).context("cannot copy the disk")?;
    } else {
        make(scratch.path().join("empty"), &disk, "600M")?;
    }
    let memory = if programs { MEMORY_WITH_PROGRAMS_MIB } else { MEMORY_MIB };
    let asked = format!("oomtrace.oombench={}", plan.words().join(";"));
    // A case without its kill is an outcome, and counted as such in the scores.
    if let Err(error) = guest.run(&disk, memory, &asked, kvm) {
        eprintln!("warning: {error:#}");
    }
    let file = out.join(format!("{kernel}-{}.ndjson", plan.name()));
    let ask = format!("dump /out.ndjson {}", file.display());
    sh::output(Command::new(tool("debugfs")).arg("-R").arg(ask).arg(&disk))?;
    std::fs::metadata(&file).map(drop).context("the guest left no outcome on its disk")
}

/// A disk with the packages, made once for each kernel.
fn image(guest: &Custom) -> Result<PathBuf> {
    let file = paths::cache().join("oombench").join(format!("{}.ext4", guest.release()));
    if file.is_file() {
        return Ok(file);
    }
    let parent = file.parent().context("the disk has no directory")?;
    std::fs::create_dir_all(parent)?;
    let scratch = tempfile::tempdir_in(parent)?;
    let tree = scratch.path().join("tree");
    println!("fetching {}", PACKAGES.join(", "));
    Archive::open(guest.arch(), guest.suites())?.unpack_with_dependencies(&PACKAGES, &tree)?;
    for name in ["bin", "sbin", "lib", "lib64"] {
        let link = tree.join(name);
        if !link.exists() {
            symlink(Path::new("usr").join(name), link)?;
        }
    }
    let shell = tree.join("usr/bin/sh");
    if !shell.exists() {
        symlink("dash", shell)?;
    }
    let image = scratch.path().join("image");
    make(tree, &image, "1500M")?;
    std::fs::rename(image, &file)?;
    Ok(file)
}

fn make(tree: PathBuf, image: &Path, size: &str) -> Result<()> {
    std::fs::create_dir_all(&tree)?;
    let mke2fs = tool("mke2fs");
    sh::output(Command::new(mke2fs).args(["-q", "-t", "ext4", "-d"]).arg(tree).arg(image).arg(size)).map(drop)
}

fn tool(name: &str) -> PathBuf {
    sh::find(name).unwrap_or_else(|| Path::new("/usr/sbin").join(name))
}

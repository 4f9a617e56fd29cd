//! oomtrace beside bpftrace's oomkill.bt and bcc's oomkill, in one guest.

use crate::archive::Archive;
use crate::vm::Custom;
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compare with bpftrace's oomkill.bt and bcc's oomkill in one guest (downloads about 100 MB once).
#[derive(clap::Args)]
pub(crate) struct Peers {
    /// A kernel of tests/kernels.toml
    #[arg(long, default_value = "x86_64-6.12")]
    kernel: String,
    /// Only these of oomtrace, bpftrace and bcc
    #[arg(long, value_delimiter = ',', default_value = "oomtrace,bpftrace,bcc")]
    only: Vec<String>,
    /// Use KVM instead of emulation
    #[arg(long)]
    kvm: bool,
    /// Fetch kernel and packages anew
    #[arg(long)]
    update: bool,
}

/// A shell and its tools are essential in Debian, so that nothing depends on them; bpftrace crashes without a shell.
const PACKAGES: [&str; 4] = ["bpftrace", "bpfcc-tools", "dash", "coreutils"];
/// bcc compiles with LLVM in memory, the kernel's headers in the page cache.
const MEMORY_MIB: u32 = 3072;
const DISK: &str = "1500M";

impl Peers {
    /// Prints a line per figure; the console is kept in target/vm/custom-KERNEL.log.
    pub(crate) fn run(self) -> Result<()> {
        let guest = Custom::prepare(&self.kernel, self.update)?;
        let disk = disk(&guest, self.update)?;
        println!("{} on {}", PACKAGES.join(" and "), guest.release());
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("load of the host: {}", load.trim());
        guest.run(&disk, MEMORY_MIB, &format!("oomtrace.bench={}", self.only.join(",")), self.kvm)
    }
}

/// An ext4 image with the packages and the headers of the guest's kernel, made once for each kernel.
fn disk(guest: &Custom, update: bool) -> Result<PathBuf> {
    let file = paths::cache().join("peers").join(format!("{}.ext4", guest.release()));
    if file.is_file() && !update {
        return Ok(file);
    }
    let parent = file.parent().context("the disk has no directory")?;
    std::fs::create_dir_all(parent)?;
    let scratch = tempfile::tempdir_in(parent)?;
    let tree = scratch.path().join("tree");
    fill(guest, &tree)?;
    let image = scratch.path().join("image");
    let mke2fs = sh::find("mke2fs").unwrap_or_else(|| "/usr/sbin/mke2fs".into());
    sh::output(Command::new(mke2fs).args(["-q", "-t", "ext4", "-d"]).arg(&tree).arg(&image).arg(DISK))?;
    std::fs::rename(image, &file)?;
    Ok(file)
}

fn fill(guest: &Custom, tree: &Path) -> Result<()> {
    println!("fetching {} and the kernel's headers", PACKAGES.join(", "));
    let archive = Archive::open(guest.arch(), guest.suites())?;
    archive.unpack_with_dependencies(&PACKAGES, tree)?;
    let release = guest.release();
    let common = release.strip_suffix(guest.flavour()).unwrap_or(release);
    for package in [format!("linux-headers-{release}"), format!("linux-headers-{common}common")] {
        let got = archive.unpack(&package, tree);
        got.with_context(|| format!("{package} is gone from the archive: --update takes a newer kernel"))?;
    }
    // base-files makes these, which nothing depends on.
    for name in ["bin", "sbin", "lib", "lib64"] {
        let link = tree.join(name);
        if !link.exists() {
            symlink(Path::new("usr").join(name), link)?;
        }
    }
    for directory in ["proc", "sys", "dev", "tmp"] {
        std::fs::create_dir_all(tree.join(directory))?;
    }
    Ok(())
}

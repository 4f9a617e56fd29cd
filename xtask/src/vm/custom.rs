//! A guest for something other than the scenarios.

use super::console::{self, Line, Outcome};
use super::fetch::{self, Image};
use super::job::BOOTS_AGAIN;
use super::{guest, image, kernels, qemu};
use crate::paths;
use crate::userspace::Profile;
use anyhow::{Context as _, Result, bail, ensure};
use std::path::{Path, PathBuf};

/// A kernel of tests/kernels.toml with the guest's usual initramfs.
pub(crate) struct Custom {
    image: Image,
    initramfs: PathBuf,
}

impl Custom {
    /// Fetches the kernel that `name` names and builds what runs on it.
    pub(crate) fn prepare(name: &str, update: bool) -> Result<Self> {
        let kernels = kernels::read(&[name.to_owned()])?;
        let [kernel] = kernels.as_slice() else { bail!("{name} names {} kernels", kernels.len()) };
        let image = fetch::fetch(kernel, update)?;
        std::fs::create_dir_all(paths::target().join("vm"))?;
        let initramfs = image::initramfs(kernel.arch, Profile::Release)?;
        Ok(Self { image, initramfs })
    }

    /// As `uname -r` says it.
    pub(crate) fn release(&self) -> &str {
        &self.image.stamp.release
    }

    /// Debian's name of the kernel's flavour.
    pub(crate) fn flavour(&self) -> &str {
        &self.image.kernel.flavour
    }

    /// The suites the kernel came from.
    pub(crate) fn suites(&self) -> &[String] {
        &self.image.kernel.suites
    }

    pub(crate) fn arch(&self) -> crate::userspace::Arch {
        self.image.kernel.arch
    }

    /// Boots with `memory` MiB and `disk`, prints what the guest logs, and fails when one of its verdicts does.
    pub(crate) fn run(&self, disk: &Path, memory: u32, asked: &str, kvm: bool) -> Result<()> {
        let log = &paths::target().join("vm").join(format!("custom-{}.log", self.image.kernel.name));
        let disk = (disk, "oomtrace-packages");
        let boot = || {
            let qemu = qemu::machine(&self.image, &self.initramfs, disk, memory, asked, kvm)?;
            guest::run(qemu, log, |name, outcome, took| {
                println!("{name}: {outcome:?} ({:.0} s)", took.as_secs_f64());
            })
        };
        let mut booted = boot()?;
        for _ in 0..BOOTS_AGAIN {
            if booted.spoken || booted.broken.is_none() {
                break;
            }
            println!("the kernel did not come up ({}): booted again", booted.broken.unwrap_or_default());
            booted = boot()?;
        }
        let boot = booted;
        let text = std::fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
        for line in text.lines().filter_map(console::parse) {
            if let Line::Log { name, text } = line {
                println!("{name}: {text}");
            }
        }
        ensure!(boot.broken.is_none(), "{}", boot.broken.unwrap_or_default());
        let failed =
            boot.verdicts.iter().filter(|(_, outcome, _)| matches!(outcome, Outcome::Fail(_))).count();
        ensure!(failed == 0, "{failed} of {} failed", boot.verdicts.len());
        Ok(())
    }
}

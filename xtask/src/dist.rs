//! `dist`: static binaries with their checksums.

use crate::userspace::{self, Arch, Profile};
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::path::Path;

/// Build static binaries of every architecture into target/dist.
#[derive(clap::Args)]
pub(crate) struct Dist {
    /// Only this architecture (may be repeated)
    #[arg(long, value_enum)]
    arch: Vec<Arch>,
}

impl Dist {
    /// `oomtrace-ARCH` and `SHA256SUMS`, which `sha256sum --check` reads.
    pub(crate) fn run(self) -> Result<()> {
        let archs = if self.arch.is_empty() { Arch::ALL.to_vec() } else { self.arch };
        let dir = paths::target().join("dist");
        std::fs::create_dir_all(&dir)?;
        let mut names = Vec::new();
        for arch in archs {
            println!("building for {}", arch.name());
            let built = userspace::build_static(arch, Profile::Release, &[userspace::OOMTRACE])?;
            let name = format!("oomtrace-{}", arch.name());
            for file in built {
                std::fs::copy(&file, dir.join(&name))
                    .with_context(|| format!("cannot copy {}", file.display()))?;
            }
            names.push(name);
        }
        sums(&dir, &names)
    }
}

fn sums(dir: &Path, names: &[String]) -> Result<()> {
    let sums = sh::output(std::process::Command::new("sha256sum").args(names).current_dir(dir))?;
    std::fs::write(dir.join("SHA256SUMS"), &sums)?;
    print!("{}:\n{sums}", dir.display());
    Ok(())
}

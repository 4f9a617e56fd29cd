//! Debian packages of any suite and architecture, without touching the machine's own package state.

mod sources;

use crate::sh;
use crate::userspace::Arch;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A private apt state: one architecture, a few suites.
pub(crate) struct Archive {
    dir: PathBuf,
    arch: Arch,
}

impl Archive {
    /// Where the machine's own apt sources find Debian, asks for `suites` of `arch`. A suite that can't be reached is a
    /// warning: what is missing shows when a package of it is asked for.
    pub(crate) fn open(arch: Arch, suites: &[String]) -> Result<Self> {
        let dir = crate::paths::cache().join("apt").join(format!("{}-{}", arch.name(), suites.join("+")));
        let archive = Self { dir, arch };
        for sub in ["lists/partial", "cache/archives/partial"] {
            std::fs::create_dir_all(archive.dir.join(sub))?;
        }
        std::fs::write(archive.dir.join("sources.list"), sources::lines_for(suites)?)?;
        if let Err(error) = sh::output(archive.apt("apt-get").args(["--quiet", "update"])) {
            eprintln!("warning: part of the archive cannot be reached: {error:#}");
        }
        Ok(archive)
    }

    /// Names of all packages that begin with `prefix`.
    pub(crate) fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let names = sh::output(self.apt("apt-cache").args(["pkgnames", prefix]))?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Downloads `package` (`NAME` or `NAME=VERSION`) and unpacks it into `into`; returns the version.
    pub(crate) fn unpack(&self, package: &str, into: &Path) -> Result<String> {
        let download = tempfile::tempdir_in(&self.dir)?;
        sh::output(self.apt("apt-get").args(["--quiet", "download", package]).current_dir(&download))?;
        let file = std::fs::read_dir(&download)?.find_map(|entry| Some(entry.ok()?.path()));
        let file = file.with_context(|| format!("apt-get download left no file for {package}"))?;
        std::fs::create_dir_all(into)?;
        sh::output(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(into))?;
        Ok(sh::output(Command::new("dpkg-deb").arg("--field").arg(&file).arg("Version"))?.trim().to_owned())
    }

    /// Downloads `packages` with all they depend on and unpacks them into `into`.
    pub(crate) fn unpack_with_dependencies(&self, packages: &[&str], into: &Path) -> Result<()> {
        sh::output(self.apt("apt-get").arg("clean"))?;
        let mut apt = self.apt("apt-get");
        apt.args(["--quiet", "--yes", "--no-install-recommends", "--download-only", "install"]);
        sh::output(apt.args(packages))?;
        std::fs::create_dir_all(into)?;
        for entry in std::fs::read_dir(self.dir.join("cache/archives"))?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "deb") {
                sh::output(Command::new("dpkg-deb").arg("--extract").arg(entry.path()).arg(into))?;
            }
        }
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let dir = self.dir.display();
        let arch = self.arch.debian();
        let mut command = Command::new(program);
        for option in [
            format!("APT::Architecture={arch}"),
            format!("APT::Architectures={arch}"),
            // Run by root, apt would read as `_apt`, which sees neither a home directory nor a temporary one.
            "APT::Sandbox::User=root".to_owned(),
            format!("Dir::State::Lists={dir}/lists"),
            "Dir::State::status=/dev/null".to_owned(),
            format!("Dir::Cache={dir}/cache"),
            format!("Dir::Etc::sourcelist={dir}/sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            // Pins are made for the machine's own packages.
            "Dir::Etc::preferences=/dev/null".to_owned(),
            "Dir::Etc::preferencesparts=-".to_owned(),
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=5".to_owned(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }
}

//! What runs in the guests: the list of scenarios, and one initramfs per architecture.

use super::cpio::Cpio;
use crate::userspace::{self, Arch, Bin, Profile};
use crate::{paths, sh};
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// PID 1 of the guest.
pub(crate) const GUEST: Bin = ("oomtrace-tests", "oomtrace-guest");

/// A scenario, as the guest's binary lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// The kind of boot it needs.
    pub(super) boot: String,
    pub(super) about: String,
}

/// The scenarios of this machine's guest binary that `wanted` names, or all of them.
pub(super) fn scenarios(wanted: &[String]) -> Result<Vec<Scenario>> {
    let mut cargo = sh::cargo();
    let text =
        sh::output(cargo.args(["run", "--quiet", "--package", GUEST.0, "--bin", GUEST.1, "--", "--list"]))?;
    let all = parse(&text)?;
    for name in wanted {
        ensure!(
            all.iter().any(|scenario| scenario.name == *name),
            "no scenario {name}; --list shows what there is"
        );
    }
    Ok(all.into_iter().filter(|scenario| wanted.is_empty() || wanted.contains(&scenario.name)).collect())
}

/// `NAME\tBOOT\tDESCRIPTION` lines.
fn parse(text: &str) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let (name, boot, about) = (parts.next(), parts.next(), parts.next());
        let scenario = name.zip(boot).zip(about).map(|((name, boot), about)| Scenario { name, boot, about });
        scenarios.push(scenario.with_context(|| format!("not a scenario: {line:?}"))?);
    }
    ensure!(!scenarios.is_empty(), "the guest's binary lists no scenario");
    Ok(scenarios)
}

/// Builds the static binaries of `arch`: oomtrace, and the guest's own.
pub(super) fn binaries(arch: Arch, profile: Profile) -> Result<Vec<PathBuf>> {
    userspace::build_static(arch, profile, &[userspace::OOMTRACE, GUEST])
}

/// Builds the static binaries of `arch` and packs them.
pub(super) fn initramfs(arch: Arch, profile: Profile) -> Result<PathBuf> {
    println!("building the guest for {}", arch.name());
    let bins = binaries(arch, profile)?;
    let [oomtrace, guest] = bins.as_slice() else { anyhow::bail!("two binaries were to be built") };
    let mut cpio = Cpio::default();
    for directory in ["dev", "proc", "sys", "tmp", "bin"] {
        cpio.directory(directory);
    }
    cpio.console();
    cpio.program("init", &read(guest)?);
    cpio.program("bin/oomtrace", &read(oomtrace)?);
    let file = paths::target().join("vm").join(format!("initramfs-{}.cpio", arch.name()));
    std::fs::write(&file, cpio.finish()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The contained scenarios on this machine, as root, with `tracer`.
pub(crate) fn native_guest(tracer: &Path) -> Result<Command> {
    sh::run(sh::cargo().args(["build", "--quiet", "--package", GUEST.0, "--bin", GUEST.1]))?;
    // sudo drops the environment, so `env` sets it behind it.
    let mut command = sh::as_root("env")?;
    command.arg(format!("OOMTRACE_BIN={}", tracer.display()));
    command.arg(paths::target().join("debug").join(GUEST.1)).arg("--native");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_and_nothing_else_passes_for_one() {
        let list = parse("swap\tv2\tswap in use\nold\tv1\tmemory cgroup v1\n").unwrap();
        assert_eq!((list[1].name.as_str(), list[1].boot.as_str()), ("old", "v1"));
        assert!(parse("").is_err());
        assert!(parse("swap v2").is_err());
    }
}

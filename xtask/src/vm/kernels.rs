//! `tests/kernels.toml`: the kernels of the matrix.

use super::image::Scenario;
use crate::userspace::Arch;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// One kernel of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kernel {
    /// Unique; names the cache directory and the column.
    pub(super) name: String,
    pub(super) arch: Arch,
    /// `6.12`, or `newest` for the newest of the suites.
    pub(super) series: String,
    /// What the package's name ends in: `cloud-amd64`.
    pub(super) flavour: String,
    /// Debian suites to look in.
    pub(super) suites: Vec<String>,
    /// Kinds of boot this kernel can't do, with the reason.
    #[serde(default)]
    pub(super) cannot_boot: Vec<CannotBoot>,
    /// Scenarios that run here only when they are asked for by name.
    #[serde(default)]
    pub(super) left_out: Option<LeftOut>,
}

/// Scenarios that are not run as a rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeftOut {
    pub(super) scenarios: Vec<String>,
    pub(super) why: String,
}

/// A kind of boot that is not tried.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CannotBoot {
    pub(super) boot: String,
    pub(super) why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kernel: Vec<Kernel>,
}

impl Kernel {
    /// `--kernel` takes a name, a series or an architecture.
    fn is_called(&self, wanted: &str) -> bool {
        [self.name.as_str(), &self.series, self.arch.name()].contains(&wanted)
    }

    /// Why this kind of boot is not tried.
    pub(super) fn refusal(&self, boot: &str) -> Option<&str> {
        Some(&self.cannot_boot.iter().find(|cannot| cannot.boot == boot)?.why)
    }

    /// Why this scenario is not run unless it is asked for.
    pub(super) fn leaves_out(&self, scenario: &str) -> Option<&str> {
        let left_out = self.left_out.as_ref()?;
        left_out.scenarios.iter().any(|name| name == scenario).then_some(&left_out.why)
    }
}

/// The kernels that `wanted` names, or all of them.
pub(super) fn read(wanted: &[String]) -> Result<Vec<Kernel>> {
    let file = crate::paths::root().join("tests/kernels.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    select(&text, wanted).with_context(|| format!("in {}", file.display()))
}

/// Scenarios that a kernel leaves out have to be there: a name that is not would leave nothing out.
pub(super) fn check(kernels: &[Kernel], scenarios: &[Scenario]) -> Result<()> {
    let left_out = kernels.iter().filter_map(|kernel| kernel.left_out.as_ref());
    for name in left_out.flat_map(|left_out| &left_out.scenarios) {
        let known = scenarios.iter().any(|scenario| scenario.name == *name);
        ensure!(known, "tests/kernels.toml leaves out {name}, which is no scenario");
    }
    Ok(())
}

fn select(text: &str, wanted: &[String]) -> Result<Vec<Kernel>> {
    let File { kernel: mut kernels } = toml::from_str(text)?;
    for name in wanted {
        let known = || kernels.iter().map(|kernel| kernel.name.as_str()).collect::<Vec<_>>().join(", ");
        ensure!(
            kernels.iter().any(|kernel| kernel.is_called(name)),
            "no kernel {name}; there are {}",
            known()
        );
    }
    kernels.retain(|kernel| wanted.is_empty() || wanted.iter().any(|name| kernel.is_called(name)));
    Ok(kernels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = include_str!("../../../tests/kernels.toml");

    fn names(wanted: &[&str]) -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        select(COMMITTED, &wanted).unwrap().into_iter().map(|kernel| kernel.name).collect()
    }

    #[test]
    fn the_committed_file_is_read() {
        let all = names(&[]);
        assert!(all.len() >= 7);
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
    }

    #[test]
    fn a_kernel_is_found_by_name_series_and_architecture() {
        assert_eq!(names(&["x86_64-5.10"]), ["x86_64-5.10"]);
        assert_eq!(names(&["6.12"]), ["x86_64-6.12", "aarch64-6.12"]);
        assert_eq!(names(&["aarch64"]), ["aarch64-6.12"]);
    }

    /// The oldest, a long-term one and the newest run everything, and so does each architecture.
    #[test]
    fn what_one_kernel_leaves_out_others_run() {
        let kernels = select(COMMITTED, &[]).unwrap();
        let left_out = kernels.iter().filter_map(|kernel| kernel.left_out.as_ref());
        for scenario in left_out.flat_map(|left_out| &left_out.scenarios) {
            for name in ["x86_64-5.10", "x86_64-6.12", "x86_64-newest", "aarch64-6.12"] {
                let kernel = kernels.iter().find(|kernel| kernel.name == name).unwrap();
                assert_eq!(kernel.leaves_out(scenario), None, "{scenario} on {name}");
            }
        }
        let brief = kernels.iter().find(|kernel| kernel.name == "x86_64-6.18").unwrap();
        assert!(brief.leaves_out("storm").is_some() && brief.leaves_out("global").is_none());
    }

    #[test]
    fn an_unknown_kernel_is_an_error_that_names_the_known_ones() {
        let error = select(COMMITTED, &["2.6".into()]).unwrap_err().to_string();
        assert!(error.contains("no kernel 2.6") && error.contains("x86_64-5.10"), "{error}");
    }
}

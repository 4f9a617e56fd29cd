//! What the kernel's command line asks for.

use crate::scenario::{Boot, Scenario};

/// `oomtrace.*` of the kernel's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// `oomtrace.scenarios=A,B`; empty for all of the boot kind.
    pub scenarios: Vec<String>,
    /// `oomtrace.cgroup=v1`, or `oomtrace.boot=v2-numa`.
    pub boot: Boot,
    /// `oomtrace.tracer=none`: look at the kernel's reports alone.
    pub kernel_only: bool,
    /// `oomtrace.bench=oomtrace,bcc`: measure these instead of running scenarios.
    pub bench: Vec<String>,
    /// `oomtrace.oombench=KEY=VALUE;KEY=VALUE`: run the labelled suite with these words.
    pub oombench: Option<Vec<String>>,
}

impl Parameters {
    /// Reads a command line; what is not ours is ignored.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let mut parameters = Self {
            scenarios: Vec::new(),
            boot: Boot::V2,
            kernel_only: false,
            bench: Vec::new(),
            oombench: None,
        };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                Some(("oomtrace.scenarios", names)) => {
                    parameters.scenarios =
                        names.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect();
                }
                Some(("oomtrace.cgroup" | "oomtrace.boot", "v1")) => parameters.boot = Boot::V1,
                Some(("oomtrace.boot", "v2-numa")) => parameters.boot = Boot::V2Numa,
                Some(("oomtrace.boot", "v2-large")) => parameters.boot = Boot::V2Large,
                Some(("oomtrace.bench", names)) => {
                    parameters.bench = names.split(',').map(str::to_owned).collect();
                }
                Some(("oomtrace.oombench", words)) => {
                    parameters.oombench = Some(words.split(';').map(str::to_owned).collect());
                }
                Some(("oomtrace.tracer", "none")) => parameters.kernel_only = true,
                _ => {}
            }
        }
        parameters
    }

    /// True when the scenario is to run.
    #[must_use]
    pub fn wants(&self, scenario: &Scenario) -> bool {
        if self.scenarios.is_empty() {
            return scenario.boot == self.boot && scenario.in_guests;
        }
        self.scenarios.iter().any(|name| name == scenario.name)
    }

    /// Names that are no scenario's.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        let unknown = |name: &&String| crate::scenario::find(name).is_none();
        self.scenarios.iter().filter(unknown).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_command_line() {
        let parameters = Parameters::parse(
            "quiet oomtrace.scenarios=own-limit,nope oomtrace.cgroup=v1 oomtrace.tracer=none\n",
        );
        assert_eq!(parameters.scenarios, ["own-limit", "nope"]);
        assert_eq!(parameters.boot, Boot::V1);
        assert!(parameters.kernel_only);
        assert_eq!(parameters.unknown(), ["nope"]);
        assert!(parameters.wants(crate::scenario::find("own-limit").unwrap()));
        assert!(!parameters.wants(crate::scenario::find("shmem").unwrap()));
    }

    #[test]
    fn words_of_the_suite_hold_values_of_their_own() {
        let parameters = Parameters::parse("quiet oomtrace.oombench=suites=A;seeds=0-3 panic=-1");
        assert_eq!(parameters.oombench.unwrap(), ["suites=A", "seeds=0-3"]);
    }

    #[test]
    fn all_of_the_boot_kind_by_default() {
        let parameters = Parameters::parse("oomtrace.boot=v2-numa");
        assert!(parameters.wants(crate::scenario::find("cpuset").unwrap()));
        assert!(!parameters.wants(crate::scenario::find("own-limit").unwrap()));
    }
}

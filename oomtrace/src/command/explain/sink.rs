//! Who takes what logs tell.

use crate::enrich::redact::redact;
use crate::kernel::cgroup::container;
use crate::klog::incident;
use crate::klog::incident::Known;
use crate::klog::input::{Found, Told};
use crate::model::{Host, Incident, Sign, Text, UserspaceKill};

/// Takes reports, and what is to be known about the logs that they are from.
pub(in crate::command) trait Sink {
    /// The machine whose own logs are read.
    fn of(&mut self, host: Host);
    /// A log was read: its name and bytes.
    fn read(&mut self, name: &str, bytes: u64);
    /// Something was not read, or is known to be missing.
    fn incomplete(&mut self, note: String);
    /// There is no use in going on.
    fn is_closed(&self) -> bool {
        false
    }
    /// Takes a report.
    fn told(&mut self, told: &Told, known: &Known);
    /// Takes a program's kill.
    fn userspace(&mut self, kill: UserspaceKill);
    /// Takes lines about memory that are no report and no program's kill.
    fn signs(&mut self, _: Vec<Sign>) {}
    /// Takes either.
    fn found(&mut self, found: &Found, known: &Known) {
        match found {
            Found::Report(told) => self.told(told, known),
            Found::Userspace(told) => self.userspace(incident::userspace_kill(told, known)),
        }
    }
}

/// Container and unit of the victims: they are in the paths of their cgroups.
pub(in crate::command) fn place(incident: &mut Incident) {
    for victim in &mut incident.victims {
        let Some(cgroup) = &victim.cgroup else { continue };
        let identity = container::identify(cgroup.path.as_bytes());
        (victim.container, victim.unit) = (identity.container, identity.unit);
    }
}

/// Signs as they may be shown: a line of a program can hold anything.
pub(super) fn harmless(signs: Vec<Sign>) -> Vec<Sign> {
    signs
        .into_iter()
        .map(|sign| Sign { text: Text::new(without_secrets(sign.text.as_bytes())), ..sign })
        .collect()
}

/// A line of a log without what looks like a secret.
pub(super) fn without_secrets(line: &[u8]) -> Vec<u8> {
    // As the one argument of a program that says nothing about its arguments.
    redact(&[b"log".to_vec(), line.to_vec()]).pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_shown_has_no_secrets_and_is_otherwise_itself() {
        for (line, shown) in [
            (
                "worker[7]: FATAL: out of memory, dsn=postgres://app:hunter2@db/x",
                "worker[7]: FATAL: out of memory, dsn=postgres://app:[redacted]@db/x",
            ),
            (
                "java.lang.OutOfMemoryError: --password=hunter2 was given",
                "java.lang.OutOfMemoryError: --password=[redacted] was given",
            ),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_secrets(line.as_bytes())), shown);
        }
        for line in [
            "kubelet[812]: System OOM encountered, victim process: java, pid: 4711",
            "kworker/u8:3: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)",
            "java.lang.OutOfMemoryError: Java heap space",
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0",
        ] {
            assert_eq!(String::from_utf8_lossy(&without_secrets(line.as_bytes())), line);
        }
    }
}

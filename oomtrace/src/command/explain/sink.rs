//! Who takes what logs tell.

use crate::kernel::cgroup::container;
use crate::klog::incident;
use crate::klog::incident::Known;
use crate::klog::input::{Found, Told};
use crate::model::{Host, Incident, Sign, UserspaceKill};

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

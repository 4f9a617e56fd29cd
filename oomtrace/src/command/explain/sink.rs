//! Who takes what logs tell.

use crate::enrich::container;
use crate::klog::incident::Known;
use crate::klog::input::Told;
use crate::model::{Host, Incident};

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
}

/// Container and unit of the victims: they are in the paths of their cgroups.
pub(in crate::command) fn place(incident: &mut Incident) {
    for victim in &mut incident.victims {
        let Some(cgroup) = &victim.cgroup else { continue };
        let identity = container::identify(cgroup.path.as_bytes());
        (victim.container, victim.unit) = (identity.container, identity.unit);
    }
}

//! Container and unit of the victims: they are in the paths of their cgroups.

use crate::kernel::cgroup::container;
use crate::model::Incident;

/// Fills them in.
pub fn locate(incident: &mut Incident) {
    for victim in &mut incident.victims {
        let Some(cgroup) = &victim.cgroup else { continue };
        let identity = container::identify(cgroup.path.as_bytes());
        (victim.container, victim.unit) = (identity.container, identity.unit);
    }
}

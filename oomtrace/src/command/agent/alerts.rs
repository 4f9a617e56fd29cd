//! Rules against what the sampler has just read.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::agent::pressure;
use crate::agent::rules::{Change, Engine, Metric, Psi, Rule, Snapshot, matches};
use crate::agent::watch::{Latest, View};
use crate::kernel::cgroup::{Hierarchy, Version};
use crate::kernel::{Roots, clock};
use crate::model::{Alert, AlertOn, AlertState, Event};

/// Cgroups whose pressure is read at once.
const PRESSURES: usize = 32;

/// The rules, and where pressure is read.
pub(super) struct Alerts {
    engine: Engine,
    view: View,
    system_pressure: PathBuf,
    hierarchy: Option<Hierarchy>,
}

impl Alerts {
    pub(super) fn new(rules: Vec<Rule>, view: View, roots: &Roots) -> Self {
        let hierarchy = Hierarchy::find(roots).ok().filter(|found| found.version == Version::V2);
        Self {
            engine: Engine::new(rules),
            view,
            system_pressure: roots.proc.join("pressure/memory"),
            hierarchy,
        }
    }

    /// Takes other rules; alerts of those that are gone end.
    pub(super) fn replace(&mut self, rules: Vec<Rule>) -> Vec<Change> {
        self.engine.replace(rules, clock::boottime_ns())
    }

    /// Alerts that fire, by rule.
    pub(super) fn firing(&self) -> impl Iterator<Item = (String, u64)> {
        self.engine
            .firing()
            .into_iter()
            .map(|(rule, count)| (rule.to_owned(), count))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// What begins and ends now.
    pub(super) fn turn(&mut self) -> Vec<Change> {
        let view = self.view.clone();
        let latest = view.lock();
        if latest.cgroups_ns == 0 && latest.system.is_none() {
            return Vec::new();
        }
        let cgroup_psi = self.pressures(&latest);
        let snapshot = Snapshot {
            now_ns: clock::boottime_ns(),
            cgroups_ns: latest.cgroups_ns,
            processes_ns: latest.processes_ns,
            system: latest.system,
            psi: self
                .wants_pressure(AlertOn::System)
                .then(|| pressure::read(&self.system_pressure))
                .flatten(),
            cgroups: &latest.cgroups,
            cgroup_psi: Some(&cgroup_psi),
            paths: Some(&latest.paths),
            processes: &latest.processes,
        };
        self.engine.step(&snapshot)
    }

    fn wants_pressure(&self, on: AlertOn) -> bool {
        self.engine.rules().iter().any(|rule| is_of_pressure(rule) && rule.on == on)
    }

    /// Pressure of the cgroups that rules name.
    fn pressures(&self, latest: &Latest) -> HashMap<u64, Psi> {
        let Some(hierarchy) = self.hierarchy.as_ref().filter(|_| self.wants_pressure(AlertOn::Cgroup)) else {
            return HashMap::new();
        };
        let patterns: Vec<&[u8]> = self
            .engine
            .rules()
            .iter()
            .filter(|rule| is_of_pressure(rule))
            .filter_map(|rule| rule.pattern.as_deref().map(str::as_bytes))
            .collect();
        let named =
            latest.paths.iter().filter(|(_, path)| patterns.iter().any(|pattern| matches(pattern, path)));
        let read = |path: &[u8]| {
            use std::os::unix::ffi::OsStrExt as _;
            let below = std::ffi::OsStr::from_bytes(path.strip_prefix(b"/").unwrap_or(path));
            pressure::read(&hierarchy.mount.join(below).join("memory.pressure"))
        };
        named.take(PRESSURES).filter_map(|(id, path)| Some((*id, read(path)?))).collect()
    }
}

fn is_of_pressure(rule: &Rule) -> bool {
    matches!(rule.metric, Metric::PsiSome | Metric::PsiFull)
}

/// Alerts of an earlier run that never ended: its state is gone, so they end now.
pub(super) fn left_open(stored: &[Event]) -> Vec<Alert> {
    let mut open: Vec<Alert> = Vec::new();
    for event in stored {
        let Event::Alert(alert) = event else { continue };
        open.retain(|known| known.id != alert.id);
        if alert.state == AlertState::Firing {
            open.push((**alert).clone());
        }
    }
    for alert in &mut open {
        let now = clock::boottime_ns();
        alert.state = AlertState::Resolved;
        (alert.time, alert.boottime_ns) = (clock::rfc3339(now), now);
        alert.summary = format!("the agent was restarted: rule {} is looked at anew", alert.rule);
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_left_open_ends() {
        let alert =
            |id: &str, state| Event::Alert(Box::new(Alert { id: id.into(), state, ..Alert::default() }));
        let stored = [
            alert("a", AlertState::Firing),
            alert("b", AlertState::Firing),
            alert("a", AlertState::Resolved),
        ];
        let open = left_open(&stored);
        assert_eq!(
            open.iter().map(|alert| (alert.id.as_str(), alert.state)).collect::<Vec<_>>(),
            [("b", AlertState::Resolved)]
        );
    }
}

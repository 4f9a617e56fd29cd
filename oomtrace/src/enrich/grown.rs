//! What manages the memory of those that grew: the culprit need not be the victim.

use super::Enricher;
use super::identity::ProcessIdentity;
use super::late::Extent;
use super::runtime::{Traces, detect};
use crate::model::{Constraint, Entity, EntityKind, Incident, Runtime, Text};

/// Processes that are looked at for one kill, those that grew most.
const LOOKED_AT: usize = 6;

impl Enricher {
    /// Tells the runtimes of the processes and families of the history that grew most. Call it after `history` is set.
    pub fn enrich_history(&mut self, incident: &mut Incident) {
        let known: Vec<_> =
            incident.victims.iter().map(|victim| (victim.pid, victim.runtime.clone())).collect();
        // Where the whole machine is full, nobody's memory is held: it may be the next to be killed.
        let full = incident.scope.constraint != Some(Constraint::Memcg);
        let extent = if full { Extent::Unheld } else { Extent::Whole };
        let Some(history) = incident.history.as_mut() else { return };
        let mut order: Vec<usize> = (0..history.entities.len()).collect();
        order.retain(|at| matches!(history.entities[*at].kind, EntityKind::Process | EntityKind::Family));
        order.sort_by_key(|at| std::cmp::Reverse(growth(&history.entities[*at])));
        for at in order.into_iter().take(LOOKED_AT) {
            let entity = &history.entities[at];
            let of_victim = known.iter().find(|(pid, _)| Some(*pid) == entity.pid);
            let runtime = match of_victim {
                Some((_, runtime)) => runtime.clone(),
                None => self.runtime_of(entity, extent),
            };
            history.entities[at].runtime = runtime;
        }
        families(&mut history.entities);
    }

    /// From what was remembered, else from /proc while it lives, else from the executable alone.
    fn runtime_of(&mut self, entity: &Entity, extent: Extent) -> Option<Runtime> {
        let comm = entity.comm.as_ref().map(Text::as_bytes);
        // A number may have been given to another process since.
        let same = |known: &ProcessIdentity| known.comm.is_none() || known.comm.as_deref() == comm;
        if let Some(pid) = entity.pid.filter(|_| entity.exited_ms.is_none()) {
            let remembered =
                self.cache().lookup(pid, None).filter(same).filter(|known| known.environment.is_some());
            // A victim of another kill may be on its way out.
            let extent = if self.scene().leaves_alone(pid) { Extent::Unheld } else { extent };
            if let Some(known) = remembered.or_else(|| self.look_at(pid, extent).filter(same)) {
                return runtime(&known);
            }
        }
        let exe = entity.exe.as_ref().map(Text::as_bytes);
        detect(&Traces { exe, ..Traces::default() })
    }
}

/// The runtime of a known process.
pub(super) fn runtime(known: &ProcessIdentity) -> Option<Runtime> {
    detect(&Traces {
        exe: known.exe.as_deref(),
        cmdline: &known.cmdline,
        environment: known.environment.as_deref(),
        is_go: known.is_go,
    })
}

/// A family is set as the member of it that is known best.
fn families(entities: &mut [Entity]) {
    for at in 0..entities.len() {
        if entities[at].kind != EntityKind::Family
            || entities[at].runtime.as_ref().is_some_and(|r| r.environment_read)
        {
            continue;
        }
        let family = &entities[at];
        let is_member = |one: &&Entity| {
            one.kind == EntityKind::Process
                && one.exe.is_some()
                && one.exe == family.exe
                && one.path == family.path
        };
        let known = entities.iter().filter(is_member).find_map(|member| member.runtime.clone());
        if known.is_some() {
            entities[at].runtime = known;
        }
    }
}

/// By how much it grew over all that was sampled.
fn growth(entity: &Entity) -> u64 {
    let first = entity
        .points
        .first()
        .filter(|_| entity.started_ms.or(entity.exec_ms).is_none())
        .map_or(0, |(_, bytes)| *bytes);
    entity.points.last().map_or(0, |(_, bytes)| bytes.saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Roots;
    use crate::model::{History, RuntimeKind, Victim};

    #[test]
    fn those_that_grew_are_told_victims_first_and_families_by_their_members() {
        let process = |pid, exe: &str, grown| Entity {
            pid: Some(pid),
            comm: Some("x".into()),
            exe: Some(exe.into()),
            path: Some("/a".into()),
            points: vec![(-10, 0), (0, grown)],
            // Not looked for in this machine's /proc.
            exited_ms: Some(-1),
            ..Entity::default()
        };
        let mut entities: Vec<_> = (0..8).map(|pid| process(pid, "/usr/bin/node", u64::from(pid))).collect();
        entities.push(Entity { kind: EntityKind::Family, pid: None, ..process(0, "/usr/bin/node", 0) });
        entities.push(Entity { kind: EntityKind::Cgroup, ..Entity::default() });
        let native = Some(Runtime { environment_read: true, ..Runtime::default() });
        let victim = Victim { pid: 7, runtime: native.clone(), ..Victim::default() };
        let history = Some(History { entities, ..History::default() });
        let mut incident = Incident { victims: vec![victim], history, ..Incident::default() };
        Enricher::new(&Roots::default(), None).enrich_history(&mut incident);
        let kinds: Vec<_> = incident
            .history
            .unwrap()
            .entities
            .into_iter()
            .map(|entity| entity.runtime.map(|r| r.kind))
            .collect();
        let node = Some(RuntimeKind::Node);
        assert_eq!(kinds[..8], [None, None, node, node, node, node, node, Some(RuntimeKind::Native)]);
        assert_eq!(kinds[8..], [node, None]);
    }

    #[test]
    fn one_that_lives_is_read() {
        let mut child =
            std::process::Command::new("sleep").arg("60").env("MALLOC_ARENA_MAX", "3").spawn().unwrap();
        let mut enricher = Enricher::new(&Roots::default(), None);
        let entity = Entity {
            pid: Some(child.id()),
            comm: Some("sleep".into()),
            points: vec![(-1, 0), (0, 9)],
            ..Entity::default()
        };
        let mut read = None;
        for _ in 0..500 {
            read = enricher
                .runtime_of(&entity, Extent::Whole)
                .filter(|runtime| runtime.environment_read && !runtime.settings.is_empty());
            if read.is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(read.unwrap().setting("MALLOC_ARENA_MAX").unwrap().value.as_deref(), Some("3"));
    }
}

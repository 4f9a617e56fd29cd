//! Pages that are copied after a fork: parent and child hold as much as before, and the cgroup holds more.

use super::super::diagnose;
use super::world::{MIB, World};
use crate::model::*;

/// A server of 120 MiB forks at -20 s, as for a snapshot; what either writes is copied at 4 MiB/s.
fn snapshot(kind: PartKind) -> Incident {
    let mut world = World::new(71);
    world.limit = 200.0 * MIB;
    (world.cgroups_every, world.processes_every) = (0.2, 0.5);
    let server = world.add("server", -1000.0, Box::new(|_| 120.0 * MIB));
    world.kernel = Box::new(|t| (t - 30.0).max(0.0) * 4.0 * MIB);
    let mut incident = world.run(Some(server));
    let entities = &mut incident.history.as_mut().unwrap().entities;
    let parent = entities.iter().find(|entity| entity.pid == Some(server)).unwrap();
    let points = parent.points.iter().copied().filter(|(t, _)| *t > -20_000).collect::<Vec<_>>();
    let file = vec![3_000_000; points.len()];
    let child = Entity {
        pid: Some(server + 1),
        ppid: Some(server),
        started_ms: Some(-20_000),
        parts: vec![Part { kind: PartKind::File, bytes: file }],
        points,
        ..parent.clone()
    };
    entities.push(child);
    for entity in entities.iter_mut().filter(|entity| entity.kind == EntityKind::Cgroup) {
        for part in entity.parts.iter_mut().filter(|part| part.kind == PartKind::Kernel) {
            part.kind = kind;
        }
        let anon = entity.parts.iter().position(|part| part.kind == PartKind::Anon).unwrap();
        if kind == PartKind::Anon {
            entity.parts.remove(anon);
        }
    }
    incident
}

#[test]
fn parent_and_child_are_named_together() {
    let found = diagnose(&snapshot(PartKind::Anon));
    let culprit = found.culprit.as_ref().expect(&found.summary);
    assert_eq!(
        (culprit.kind, culprit.comm.clone()),
        (CulpritKind::Family, Some("server".into())),
        "{}",
        found.summary
    );
    assert_eq!(culprit.members, Some(2));
    assert!(culprit.is_victim);
}

#[test]
fn growth_of_another_kind_is_not_theirs() {
    let found = diagnose(&snapshot(PartKind::Kernel));
    assert_eq!(found.verdict, VerdictKind::KernelMemory, "{}", found.summary);
}

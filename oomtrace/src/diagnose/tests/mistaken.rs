//! What was taken for something else once.

use super::super::diagnose;
use super::world::{MIB, World};
use crate::model::*;

/// Services in cgroups of their own below one slice, each with its share, on a machine that is too small for them.
fn services(count: u32, share: impl Fn(u32) -> f64) -> Incident {
    let mut world = World::new(7);
    world.machine = true;
    world.limits = vec![("/".into(), None), ("/services.slice".into(), None)];
    let limit = world.limit;
    for at in 0..count {
        world.path = format!("/services.slice/{at}");
        world.limits.push((world.path.clone(), None));
        let rate = limit * share(at) / 60.0;
        let name = char::from(b'a' + at as u8).to_string();
        world.add(&name, -1000.0, Box::new(move |t| 0.01 * limit + rate * (t - 1000.0).max(0.0)));
    }
    world.run(None)
}

#[test]
fn neither_the_root_nor_a_slice_of_services_is_a_workload() {
    let found = diagnose(&services(8, |_| 0.12));
    assert_eq!((found.verdict, &found.culprit), (VerdictKind::HostTooSmall, &None), "{:?}", found.reasons);
    // One that made most of it is still found, below whatever it lives.
    let found = diagnose(&services(8, |at| if at == 3 { 1.0 } else { 0.01 }));
    let culprit = found.culprit.unwrap();
    assert_eq!((found.verdict, culprit.kind), (VerdictKind::NoLimit, CulpritKind::Process));
    assert_eq!(culprit.cgroup, Some("/services.slice/3".into()));
}

#[test]
fn a_scope_without_a_sample_in_the_window_does_not_deny_what_grew() {
    let mut incident = services(8, |_| 0.12);
    for entity in &mut incident.history.as_mut().unwrap().entities {
        let system = entity.kind == EntityKind::System;
        let kept = |t: i64| !system || t < -20_000;
        let keep: Vec<bool> = entity.points.iter().map(|(t, _)| kept(*t)).collect();
        let mut at = keep.iter();
        entity.points.retain(|_| *at.next().unwrap());
        for part in &mut entity.parts {
            let mut at = keep.iter();
            part.bytes.retain(|_| *at.next().unwrap());
        }
    }
    assert_eq!(diagnose(&incident).verdict, VerdictKind::HostTooSmall);
}

#[test]
fn what_takes_its_size_evenly_within_a_second_of_its_birth_came_at_once() {
    let fills_in = |seconds: f64| {
        let mut world = World::new(11);
        world.limit = 256.0 * MIB;
        world.processes_every = 0.1;
        let limit = world.limit;
        world.add("idle", -1000.0, Box::new(|_| 2.0 * MIB));
        world.add("taker", 5.0, Box::new(move |t| limit * t / seconds));
        diagnose(&world.run(None))
    };
    let at_once = fills_in(1.0);
    assert_eq!(at_once.verdict, VerdictKind::Burst, "{:?}", at_once.reasons);
    assert!(at_once.confidence <= Confidence::Medium && at_once.summary.contains("at once"), "{at_once:?}");
    assert_eq!(fills_in(4.0).verdict, VerdictKind::Leak);
}

/// A program that takes and gives back 30 % of the limit every 2 s, `share` of it a second beside.
fn churner(world: &mut World) {
    let limit = world.limit;
    world.add("python", 0.0, Box::new(move |t| limit * (0.05 + 0.3 * (t % 2.0) / 2.0)));
}

#[test]
fn who_goes_up_and_down_as_before_does_not_grow() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.processes_every = 0.1;
        churner(&mut world);
        let limit = world.limit;
        let rate = limit / world.dice.range(15.0, 40.0);
        let pid = world.add("python", 1.0, Box::new(move |t| rate * t));
        let found = diagnose(&world.run(None));
        let culprit = found.culprit.clone().unwrap();
        assert_eq!((culprit.kind, culprit.pid), (CulpritKind::Process, Some(pid)), "{seed}: {found:#?}");
        assert_eq!(found.verdict, VerdictKind::Leak, "{seed}: {:?}", found.reasons);
    }
}

#[test]
fn one_in_the_place_of_another_does_not_grow_to_what_that_one_held() {
    let mut world = World::new(3);
    world.processes_every = 0.1;
    let limit = world.limit;
    for at in 0..40 {
        let born = f64::from(at) * 2.0;
        world.add("python", born, Box::new(move |t| limit * 0.25 * t / 2.0));
        world.actors.last_mut().unwrap().exit = Some(born + 2.0);
    }
    let pid = world.add("python", 0.0, Box::new(move |t| limit * t / 30.0));
    let found = diagnose(&world.run(None));
    assert_eq!(found.culprit.and_then(|culprit| culprit.pid), Some(pid), "{:?}", found.reasons);
}

#[test]
fn who_came_to_its_size_before_the_other_began_is_only_its_neighbour() {
    let mut world = World::new(2);
    let limit = world.limit;
    // It passes 75 % of the limit while it loads, so that the window begins with a part of that.
    let big = world.add("store", 0.0, Box::new(move |t| limit * 0.81 * (t / 8.0).min(1.0)));
    let pid = world.add("leaker", 20.0, Box::new(move |t| limit * 0.01 * t));
    let found = diagnose(&world.run(Some(big)));
    assert_eq!(found.verdict, VerdictKind::Neighbour, "{:?}", found.reasons);
    assert_eq!(found.culprit.unwrap().pid, Some(pid));
}

/// tmpfs that fills the last half at once, after the last statistics.
fn last_gulp(with_report: bool) -> Diagnosis {
    let mut world = World::new(5);
    world.limit = 128.0 * MIB;
    world.add("dd", -1000.0, Box::new(|_| 2.0 * MIB));
    world.tmpfs = Box::new(|t| 5.0 * MIB * t + (t - 10.0).max(0.0) * 800.0 * MIB);
    let mut incident = world.run(None);
    let scope = incident.history.as_mut().unwrap().entities.iter_mut();
    let scope = scope.filter(|entity| entity.kind == EntityKind::Cgroup).last().unwrap();
    let last = scope.points.iter().rposition(|(t, _)| *t < -150).unwrap();
    scope.points.drain(last + 1..scope.points.len() - 1);
    for part in &mut scope.parts {
        part.bytes.truncate(last + 1);
        // The values at the kill are those of the last statistics.
        part.bytes.push(part.bytes[last]);
    }
    if with_report {
        let shmem = Some((120.0 * MIB) as u64);
        incident.scope.stats = Some(MemcgStats { shmem_bytes: shmem, ..MemcgStats::default() });
    }
    diagnose(&incident)
}

#[test]
fn what_came_after_the_last_statistics_is_of_the_kind_that_grew_until_then() {
    let carried = last_gulp(false);
    assert_eq!(carried.verdict, VerdictKind::Shmem, "{:?}", carried.reasons);
    assert_eq!(carried.confidence, Confidence::Medium);
    assert!(carried.reasons.iter().any(|reason| reason.contains("last statistics")), "{:?}", carried.reasons);
    let told = last_gulp(true);
    assert_eq!((told.verdict, told.confidence), (VerdictKind::Shmem, Confidence::High));
    assert!(!told.reasons.iter().any(|reason| reason.contains("last statistics")), "{:?}", told.reasons);
}

#[test]
fn a_rate_between_two_samples_is_called_a_lower_bound() {
    let grows_in = |seconds: f64| {
        let mut world = World::new(13);
        world.limit = 256.0 * MIB;
        (world.cgroups_every, world.processes_every) = (0.1, 0.1);
        let limit = world.limit;
        world.add("flash", -1000.0, Box::new(move |t| 4.0 * MIB + (t - 1030.0).max(0.0) * limit / seconds));
        let found = diagnose(&world.run(None));
        assert_eq!(found.summary.contains("at least"), found.culprit.as_ref().unwrap().rate_at_least);
        found.culprit.unwrap().rate_at_least
    };
    assert!(grows_in(0.05));
    assert!(!grows_in(20.0));
}

#[test]
fn the_rate_and_those_of_its_halves_are_of_the_same_time() {
    let mut world = World::new(17);
    world.limit = 200.0 * MIB;
    (world.cgroups_every, world.processes_every) = (0.1, 0.1);
    // At the limit for half of the time, where reclaim holds it.
    world.add("node", 0.0, Box::new(|t| MIB * if t < 20.0 { 9.8 * t } else { 196.0 + 0.2 * (t - 20.0) }));
    let found = diagnose(&world.run(None));
    let rate = found.culprit.unwrap().rate_bytes_per_s.unwrap() / MIB;
    assert!((9.3..10.3).contains(&rate), "{rate} {:?}", found.reasons);
    let halves = found.reasons.iter().find(|reason| reason.contains("first half")).unwrap();
    assert!(halves.contains("until the limit was reached"), "{halves}");
}

#[test]
fn a_swarm_so_small_that_the_cheap_counters_miss_it_is_one_all_the_same() {
    let mut world = World::new(19);
    world.limit = 20.0 * MIB;
    (world.cgroups_every, world.processes_every) = (0.1, 0.1);
    for at in 0..600 {
        world.add("sleep", f64::from(at) * 0.05, Box::new(|_| 0.06 * MIB));
    }
    let mut incident = world.run(None);
    // Each one's counters say nothing of its 60 KiB; the cgroup has them.
    for entity in &mut incident.history.as_mut().unwrap().entities {
        if entity.kind == EntityKind::Process {
            entity.points.iter_mut().for_each(|point| point.1 -= (0.06 * MIB) as u64);
        }
    }
    let found = diagnose(&incident);
    assert_eq!(found.verdict, VerdictKind::ForkSwarm, "{:?}", found.reasons);
    assert!(
        found.reasons.iter().any(|reason| reason.contains("per-process counters")),
        "{:?}",
        found.reasons
    );
}

#[test]
fn a_leak_that_reclaim_of_page_cache_slows_down_is_not_filling_up() {
    let mut world = World::new(23);
    world.limit = 200.0 * MIB;
    (world.cgroups_every, world.processes_every) = (0.1, 0.1);
    world.cache = Box::new(|_| 36.0 * MIB);
    // From 164 MiB on each page has to be taken from the cache.
    world.add("node", 0.0, Box::new(|t| MIB * if t < 30.0 { 5.5 * t } else { 165.0 + 0.9 * (t - 30.0) }));
    let found = diagnose(&world.run(None));
    assert_eq!(found.verdict, VerdictKind::Leak, "{:?}", found.reasons);
    let rate = found.culprit.unwrap().rate_bytes_per_s.unwrap() / MIB;
    assert!((5.2..5.8).contains(&rate), "{rate}");
}

#[test]
fn one_that_died_as_the_window_began_is_not_who_grew() {
    // The cgroup was seen when the memory was given back already, the process only once it was gone.
    let process = |pid, points, started, exited| Entity {
        kind: EntityKind::Process,
        pid: Some(pid),
        comm: Some("cache".into()),
        path: Some("/a".into()),
        in_scope: true,
        points,
        started_ms: Some(started),
        exited_ms: exited,
        ..Entity::default()
    };
    let points = vec![(-4209, 1), (-3343, 106), (-2784, 167), (-1745, 30), (-487, 139), (0, 178)];
    let scope = Entity {
        kind: EntityKind::Cgroup,
        path: Some("/a".into()),
        in_scope: true,
        limit_bytes: Some(178 << 20),
        points: points.into_iter().map(|(t, mib)| (t, mib << 20)).collect(),
        ..Entity::default()
    };
    let incident = Incident {
        scope: Scope { constraint: Some(Constraint::Memcg), total_pages: Some(178 << 8), ..Scope::default() },
        host: Host { page_size: 4096, ..Host::default() },
        victims: vec![Victim {
            pid: 2,
            comm: "cache".into(),
            memory: Memory { anon_bytes: Some(177 << 20), ..Memory::default() },
            ..Victim::default()
        }],
        history: Some(History {
            entities: vec![
                scope,
                process(1, vec![(-1729, 193 << 20)], -4023, Some(-1729)),
                process(2, vec![(-487, 140 << 20), (0, 178 << 20)], -1322, None),
            ],
            ..History::default()
        }),
        ..Incident::default()
    };
    let found = diagnose(&incident);
    let culprit = found.culprit.unwrap();
    assert_eq!(culprit.pid, Some(2), "{:?}", found.reasons);
    assert_ne!(found.verdict, VerdictKind::Neighbour);
}

//! Just below and just above thresholds.

use super::super::diagnose;
use super::super::thresholds::*;
use super::world::{MIB, World};
use crate::model::*;

/// Two grow steadily; the first makes `part` of the growth.
fn two(part: f64, first_dies: bool) -> (Diagnosis, u32) {
    let mut world = World::new(7);
    world.limit = 512.0 * MIB;
    let rate = world.limit / 100.0;
    let first =
        world.add("first", -1000.0, Box::new(move |t| 20.0 * MIB + (t - 1000.0).max(0.0) * rate * part));
    let second = world.add(
        "second",
        -1000.0,
        Box::new(move |t| 20.0 * MIB + (t - 1000.0).max(0.0) * rate * (1.0 - part)),
    );
    (diagnose(&world.run(Some(if first_dies { first } else { second }))), first)
}

#[test]
fn half_of_the_growth_makes_a_culprit() {
    let (above, first) = two(CULPRIT_SHARE + 0.03, true);
    assert_eq!(above.culprit.unwrap().pid, Some(first));
    let mut world = World::new(7);
    let rate = world.limit / 100.0;
    for (name, part) in [("a", CULPRIT_SHARE - 0.03), ("b", 0.27), ("c", 0.26)] {
        world.add(name, -1000.0, Box::new(move |t| 9.0 * MIB + (t - 1000.0).max(0.0) * rate * part));
    }
    assert_eq!(diagnose(&world.run(None)).culprit, None);
}

#[test]
fn a_victim_with_a_fifth_of_the_growth_took_part() {
    let (below, _) = two(VICTIM_SHARE - 0.03, true);
    assert_eq!(below.verdict, VerdictKind::Neighbour, "{:?}", below.reasons);
    let (above, _) = two(VICTIM_SHARE + 0.03, true);
    assert_ne!(above.verdict, VerdictKind::Neighbour, "{:?}", above.reasons);
}

#[test]
fn half_of_the_growth_makes_a_kind() {
    let verdict = |part: f64| {
        let mut world = World::new(3);
        let rate = world.limit / 60.0;
        world.tmpfs = Box::new(move |t| rate * t * part);
        world.add("own", -1000.0, Box::new(move |t| (t - 1000.0).max(0.0) * rate * (1.0 - part)));
        diagnose(&world.run(None)).verdict
    };
    assert_eq!(verdict(KIND_SHARE + 0.04), VerdictKind::Shmem);
    assert_eq!(verdict(KIND_SHARE - 0.04), VerdictKind::Leak);
}

#[test]
fn eight_make_a_swarm() {
    let verdict = |count: usize| {
        let mut world = World::new(5);
        let size = world.limit / count as f64 * 1.02;
        for at in 0..count {
            world.add("child", at as f64 * 2.0 + 1.0, Box::new(move |t| size * t.min(1.0)));
        }
        diagnose(&world.run(None)).verdict
    };
    assert_eq!(verdict(SWARM_MEMBERS + 1), VerdictKind::ForkSwarm);
    assert_ne!(verdict(SWARM_MEMBERS - 1), VerdictKind::ForkSwarm);
}

#[test]
fn growth_that_slows_down_by_half_fills_up() {
    let verdict = |late_by_early: f64| {
        let mut world = World::new(11);
        let limit = world.limit;
        // Two straight lines that reach the limit after 200 s.
        let early = limit / (100.0 * (1.0 + late_by_early));
        world.add(
            "bend",
            0.0,
            Box::new(move |t| early * (t.min(100.0) + (t - 100.0).max(0.0) * late_by_early)),
        );
        diagnose(&world.run(None)).verdict
    };
    assert_eq!(verdict(SLOWING - 0.12), VerdictKind::LimitTooLow);
    assert_eq!(verdict(SLOWING + 0.12), VerdictKind::Leak);
}

#[test]
fn what_was_there_before_the_marginal_window_is_not_blamed() {
    let culprit = |reached: f64| {
        let mut world = World::new(13);
        let limit = world.limit;
        // The first comes up at once and stays; the second makes the rest.
        world.add("large", 1.0, Box::new(move |t| limit * reached * (t * 2.0).min(1.0)));
        world.add("small", 20.0, Box::new(move |t| limit * t / 100.0));
        diagnose(&world.run(None))
            .culprit
            .and_then(|culprit| culprit.comm)
            .map(|comm| comm.lossy().into_owned())
    };
    assert_eq!(culprit(MARGINAL_LEVEL - 0.05).as_deref(), Some("small"));
}

#[test]
fn ripple_is_no_growth() {
    let mut world = World::new(17);
    world.limit = 100.0 * MIB;
    world.add("level", -1000.0, Box::new(|t| if t < 1030.0 { 98.8 * MIB } else { 100.1 * MIB }));
    let found = diagnose(&world.run(None));
    assert_eq!(found.verdict, VerdictKind::Undetermined, "{:?}", found.reasons);
    assert!(found.reasons[0].contains("no growth"), "{:?}", found.reasons);
}

#[test]
fn few_samples_have_low_confidence() {
    let found = |every: f64| {
        let mut world = World::new(19);
        world.limit = 300.0 * MIB;
        (world.cgroups_every, world.processes_every) = (every, every);
        world.add("leaker", -1000.0, Box::new(|t| 3.0 * MIB * (t - 1000.0).max(0.0)));
        diagnose(&world.run(None)).confidence
    };
    assert_eq!(found(1.0), Confidence::High);
    assert!(found(10.0) <= Confidence::Medium);
    assert_eq!(found(40.0), Confidence::Low);
}

#[test]
fn oom_score_adj_and_inexact_counters_are_proven() {
    let candidate = |pid, comm: &str, mib: u64, adj: i32, step: i64| Candidate {
        pid,
        comm: comm.into(),
        points: Some((mib * 256) as i64 + i64::from(adj) * step),
        rss_bytes: Some(mib << 20),
        oom_score_adj: Some(adj),
        ..Candidate::default()
    };
    let mut incident = Incident {
        host: Host { page_size: 4096, ..Host::default() },
        scope: Scope { total_pages: Some(131_072), constraint: Some(Constraint::None), ..Scope::default() },
        victims: vec![Victim { pid: 1, comm: "small".into(), ..Victim::default() }],
        candidates: vec![candidate(1, "small", 50, 900, 131), candidate(2, "big", 300, 0, 131)],
        ..Incident::default()
    };
    let reasons = |incident: &Incident| diagnose(incident).reasons.join("\n");
    assert!(reasons(&incident).contains("oom_score_adj decided: big (pid 2)"), "{}", reasons(&incident));
    incident.candidates = vec![candidate(1, "small", 310, 0, 131), candidate(2, "big", 300, 0, 131)];
    assert!(!reasons(&incident).contains("oom_score_adj"));
    incident.victims[0].memory = Memory {
        anon_bytes: Some(280 << 20),
        file_bytes: Some(0),
        shmem_bytes: Some(0),
        kernel_view: Some(KernelView { anon_bytes: 310 << 20, ..KernelView::default() }),
        ..Memory::default()
    };
    incident.history = Some(History {
        entities: vec![Entity { pid: Some(2), points: vec![(0, 300 << 20)], ..Entity::default() }],
        ..History::default()
    });
    assert!(
        reasons(&incident).contains("by exact ones big (pid 2) would have been killed"),
        "{}",
        reasons(&incident)
    );
}

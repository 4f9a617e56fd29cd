//! Threads that are never joined: their kernel stacks are in no process.

use super::super::diagnose;
use super::world::{MIB, World};
use crate::model::*;

/// `pool` takes a part of the growth itself; the rest is kernel stacks.
fn threads(part: f64, first: u32, last: u32, victim: bool) -> Incident {
    let mut world = World::new(61);
    world.limit = 200.0 * MIB;
    (world.cgroups_every, world.processes_every) = (0.5, 1.0);
    let rate = 3.0 * MIB;
    let own = world.add("pool", -1000.0, Box::new(move |t| 10.0 * MIB + (t - 1000.0).max(0.0) * rate * part));
    let other = world.add("calm", -1000.0, Box::new(|_| 20.0 * MIB));
    world.add("more", -1000.0, Box::new(|_| 5.0 * MIB));
    world.kernel = Box::new(move |t| t * rate * (1.0 - part));
    let mut incident = world.run(Some(if victim { own } else { other }));
    for entity in &mut incident.history.as_mut().unwrap().entities {
        let counts = if entity.pid == Some(own) { (first, last) } else { (4, 4) };
        (entity.threads_first, entity.threads) =
            entity.pid.map_or((None, None), |_| (Some(counts.0), Some(counts.1)));
    }
    incident
}

#[test]
fn kernel_stacks_are_no_unexplained_growth() {
    let few = diagnose(&threads(0.53, 12, 12, true));
    assert!(few.confidence < Confidence::High, "47 % in no process: {:?}", few.reasons);
    let found = diagnose(&threads(0.53, 12, 4012, true));
    assert_eq!(found.culprit.as_ref().unwrap().comm, Some("pool".into()), "{}", found.summary);
    assert_eq!(found.confidence, Confidence::High, "{:?}", found.reasons);
    assert!(
        found.reasons.iter().any(|reason| reason.contains("rose from 12 to 4012")),
        "{:?}",
        found.reasons
    );
}

#[test]
fn who_has_the_threads_is_named_where_kernel_memory_is_most_of_it() {
    let found = diagnose(&threads(0.2, 12, 6000, false));
    assert_eq!(found.verdict, VerdictKind::KernelMemory);
    let culprit = found.culprit.unwrap();
    assert_eq!(
        (culprit.comm, culprit.is_victim),
        (Some("pool".into()), false),
        "not the task that asked last"
    );
    assert!(
        found.reasons.iter().any(|reason| reason.contains("rose from 12 to 6000")),
        "{:?}",
        found.reasons
    );
}

//! A workload that is killed again and again: one case, not as many as there are kills.

use super::super::diagnose;
use super::super::thresholds::*;
use super::world::{MIB, World};
use crate::model::*;

/// A program that takes `limit` in `seconds` from its start on, sampled every `every` s, after `before` runs like it.
fn looped(seed: u64, seconds: f64, every: f64, before: u32) -> Incident {
    let mut world = World::new(seed);
    world.limit = 58.0 * MIB;
    (world.cgroups_every, world.processes_every) = (every, every);
    let (bend, rate) = (world.dice.range(0.6, 1.4), world.limit / seconds);
    world.add("app", 0.0, Box::new(move |t| rate * seconds * (t / seconds).powf(bend)));
    let mut incident = world.run(None);
    incident.host.cgroup_version = Some(2);
    let ms = |seconds: f64| (seconds * 1000.0) as i64;
    let lives = (1..=before).map(|at| {
        let ended = -ms(seconds + 0.4) * i64::from(at) + 400;
        Life {
            pid: Some(10 + at),
            comm: "app".into(),
            path: Some("/srv".into()),
            started_ms: ended - ms(seconds),
            exited_ms: ended,
            peak_bytes: 58 << 20,
            oom_killed: true,
            ..Life::default()
        }
    });
    incident.history.as_mut().unwrap().earlier_lives = lives.collect();
    incident
}

#[test]
fn all_kills_of_a_crash_loop_have_one_verdict() {
    for seed in 0..40 {
        for (seconds, every) in [(0.4, 0.1), (1.2, 0.1), (1.2, 0.5), (6.0, 0.2)] {
            let mut said = Vec::new();
            for before in LOOP_KILLS - 1..8 {
                let found = diagnose(&looped(seed, seconds, every, before));
                said.push((found.verdict, found.confidence));
                assert_eq!(found.recurrence.as_ref().map(|again| again.kills), Some(before + 1));
            }
            assert!(
                said.iter().all(|(verdict, _)| *verdict == VerdictKind::LimitTooLow),
                "{seed} {seconds}: {said:?}"
            );
            assert!(said.iter().all(|(_, confidence)| *confidence >= Confidence::Medium));
        }
    }
}

#[test]
fn how_often_how_long_and_how_fast_is_in_one_sentence() {
    let found = diagnose(&looped(3, 1.2, 0.1, 4));
    assert!(found.summary.contains("OOM-killed 5 times in 7.2 s"), "{}", found.summary);
    assert!(
        found.summary.contains("each time after about 1.2 s with 58 MiB (48.3 MiB/s)"),
        "{}",
        found.summary
    );
    assert_eq!(found.confidence, Confidence::Medium);
    let raise = &found.advice[0];
    assert!(raise.value_bytes > Some(58 << 20), "{raise:?}");
}

#[test]
fn a_pause_or_another_program_ends_the_row() {
    let mut incident = looped(5, 1.2, 0.1, 6);
    let lives = &mut incident.history.as_mut().unwrap().earlier_lives;
    for life in &mut lives[2..] {
        life.started_ms -= LOOP_GAP_MS + 10_000;
        life.exited_ms -= LOOP_GAP_MS + 10_000;
    }
    lives[0].comm = "other".into();
    lives[0].exe = Some("/bin/other".into());
    assert_eq!(diagnose(&incident).recurrence.map(|again| again.kills), Some(2));
}

#[test]
fn the_victim_itself_is_no_earlier_run() {
    let mut incident = looped(5, 1.2, 0.1, 0);
    let own = Life {
        pid: Some(incident.victims[0].pid),
        comm: "app".into(),
        path: Some("/srv".into()),
        started_ms: -1200,
        exited_ms: -1,
        oom_killed: true,
        ..Life::default()
    };
    incident.history.as_mut().unwrap().earlier_lives = vec![own];
    assert_eq!(diagnose(&incident).recurrence, None);
}

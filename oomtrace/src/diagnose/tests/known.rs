//! Facts that hold whatever the course was, and what too few samples do not show.

use super::super::diagnose;
use super::super::thresholds::*;
use super::world::{MIB, World};
use crate::model::*;

/// Grows evenly from its birth on, for so many seconds.
fn steady(seconds: f64, every: f64) -> World {
    let mut world = World::new(23);
    world.limit = 200.0 * MIB;
    (world.cgroups_every, world.processes_every) = (every, every);
    let rate = world.limit / seconds;
    world.add("java", 0.0, Box::new(move |t| rate * t));
    world
}

fn runtime(kind: RuntimeKind, name: &str, mib: u64) -> Option<Runtime> {
    let setting = RuntimeSetting {
        name: name.into(),
        value_bytes: Some(mib << 20),
        from: "command_line".into(),
        ..RuntimeSetting::default()
    };
    Some(Runtime { kind, settings: vec![setting], environment_read: true })
}

#[test]
fn a_heap_that_may_exceed_the_limit_comes_before_the_course() {
    for (kind, name) in [
        (RuntimeKind::Jvm, "-Xmx"),
        (RuntimeKind::Node, "--max-old-space-size"),
        (RuntimeKind::Go, "GOMEMLIMIT"),
        (RuntimeKind::Redis, "maxmemory"),
        (RuntimeKind::Mysql, "innodb_buffer_pool_size"),
        (RuntimeKind::Postgresql, "shared_buffers"),
        (RuntimeKind::Php, "memory_limit"),
    ] {
        let mut incident = steady(600.0, 1.0).run(None);
        assert_eq!(diagnose(&incident).confidence, Confidence::High);
        incident.victims[0].runtime = runtime(kind, name, 1024);
        let found = diagnose(&incident);
        assert_eq!((found.verdict, found.confidence), (VerdictKind::Leak, Confidence::Medium), "{kind:?}");
        assert!(
            found.reasons[0].contains("1 GiB") && found.reasons[0].contains("no proof of a leak"),
            "{:?}",
            found.reasons
        );
        assert!(!found.advice.is_empty());
        incident.victims[0].runtime = runtime(kind, name, 64);
        assert_eq!(diagnose(&incident).confidence, Confidence::High, "{kind:?}: it fits");
    }
}

#[test]
fn what_grew_since_its_start_may_be_finite_work() {
    for seconds in [35.0, 60.0, 250.0] {
        let found = diagnose(&steady(seconds, 0.5).run(None));
        assert!(found.confidence < Confidence::High, "{seconds}: {:?}", found.reasons);
        assert!(!found.advice.iter().any(|advice| advice.why.contains("gave nothing back: no limit")));
    }
}

#[test]
fn a_leak_of_less_than_ten_seconds_is_of_low_confidence_whatever_was_before() {
    let mut world = World::new(29);
    world.limit = 300.0 * MIB;
    world.processes_every = 0.2;
    world.add("late", -1000.0, Box::new(|t| 40.0 * MIB + (t - 1010.0).max(0.0) * 29.0 * MIB));
    let found = diagnose(&world.run(None));
    assert_eq!(
        (found.verdict, found.confidence),
        (VerdictKind::Leak, Confidence::Low),
        "{:?}",
        found.reasons
    );
}

#[test]
fn a_few_points_have_no_course() {
    for every in [35.0, 60.0] {
        let incident = steady(30.0, every).run(None);
        let points = |entity: &Entity| entity.points.len();
        let most = incident.history.as_ref().unwrap().entities.iter().map(points).max().unwrap();
        assert!(most < COURSE_POINTS, "{most}");
        let found = diagnose(&incident);
        assert!(
            !found.reasons.iter().any(|reason| reason.contains("slow down") || reason.contains("slowed")),
            "{:?}",
            found.reasons
        );
        assert_ne!(found.verdict, VerdictKind::Leak, "{:?}", found.reasons);
    }
}

#[test]
fn one_that_no_sample_saw_is_unknown_and_not_nothing() {
    let mut incident = steady(60.0, 0.5).run(None);
    let (victim, held) = (incident.victims[0].pid, 150_u64 << 20);
    // Neither it nor its growth is in the history.
    incident.history.as_mut().unwrap().entities.retain(|entity| entity.pid != Some(victim));
    incident.history.as_mut().unwrap().process_interval_ms = None;
    incident.history.as_mut().unwrap().interval_ms = 0;
    incident.victims[0].memory = Memory::default();
    incident.candidates =
        vec![Candidate { pid: victim, comm: "java".into(), rss_bytes: Some(held), ..Candidate::default() }];
    let found = diagnose(&incident);
    let said = found.reasons.join("\n");
    assert!(said.contains(&format!("java (pid {victim}) held 150 MiB at the kill")), "{said}");
    assert_ne!(found.verdict, VerdictKind::KernelMemory, "{said}");
}

#[test]
fn who_was_not_seen_since_a_late_pass_is_not_taken_to_be_young() {
    let mut world = World::new(31);
    world.limit = 400.0 * MIB;
    world.add("idle", -1000.0, Box::new(|_| 20.0 * MIB));
    let pid =
        world.add("unseen", -1000.0, Box::new(|t| if t < 1050.0 { 0.0 } else { (t - 1050.0) * 20.0 * MIB }));
    let mut incident = world.run(None);
    let history = incident.history.as_mut().unwrap();
    history.entities.retain(|entity| entity.pid != Some(pid));
    for entity in history.entities.iter_mut().filter(|entity| entity.kind == EntityKind::Process) {
        // The last pass was 28 s before the kill.
        let kept = entity.points.iter().filter(|(t, _)| *t <= -28_000).count();
        entity.points.truncate(kept);
        entity.parts.iter_mut().for_each(|part| part.bytes.truncate(kept));
    }
    incident.victims[0].memory = Memory::default();
    incident.victims[0].start_time = None;
    incident.candidates =
        vec![Candidate { pid, comm: "unseen".into(), rss_bytes: Some(370 << 20), ..Candidate::default() }];
    let found = diagnose(&incident);
    let culprit = found.culprit.as_ref().unwrap();
    assert_ne!(found.verdict, VerdictKind::Burst, "{:?}", found.reasons);
    assert!(culprit.since_ms.is_none_or(|since| since <= -15_000), "{culprit:?}");
}

/// `+99.7 MiB in 4.1 s, 24.3 MiB/s since ...`: bytes, seconds, bytes a second.
fn figures(summary: &str) -> Option<(f64, f64, f64)> {
    let size = |text: &str| crate::words::bytes::parse(text).ok().map(|bytes| bytes as f64);
    let (bytes, rest) = summary.split_once('+')?.1.split_once(" in ")?;
    let (time, rest) = rest.split_once(", ")?;
    let rate = rest.trim_start_matches("at least ").split_once("/s")?.0;
    let units = [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("ms", 0.001), ("s", 1.0)];
    let mut words = time.split(' ');
    let mut seconds = 0.0;
    while let (Some(value), Some(unit)) = (words.next(), words.next()) {
        seconds += value.parse::<f64>().ok()? * units.iter().find(|(name, _)| *name == unit)?.1;
    }
    Some((size(bytes)?, seconds, size(rate)?))
}

proptest::proptest! {
    /// Growth, time and rate of one line agree, wherever the growth bends or stops.
    #[test]
    fn rate_by_time_is_growth(seed in 0_u64..500, quick in 0.3_f64..60.0, stall in 0.0_f64..40.0, most in 0.5_f64..1.1, teeth in 0.0_f64..0.4) {
        let mut world = World::new(seed);
        world.limit = 160.0 * MIB;
        let limit = world.limit;
        // It takes most of the limit quickly, then hardly anything for a while.
        world.add("stalls", 0.0, Box::new(move |t| {
            let early = limit * most.min(0.99) * (t / quick).min(1.0);
            let late = if t > quick + stall { (t - quick - stall) * limit } else { (t - quick).max(0.0) * 16_000.0 };
            early + late + limit * teeth * ((t * 0.9).fract()) * f64::from(u8::from(t < quick))
        }));
        let found = diagnose(&world.run(None));
        if let Some((bytes, seconds, rate)) = figures(&found.summary) {
            let product = rate * seconds;
            let near = |by: f64| (product / bytes - 1.0).abs() <= by || (product - bytes).abs() < 0.2 * MIB;
            proptest::prop_assert!(near(0.4), "{} ({product} for {bytes})", found.summary);
        }
    }
}

#[test]
fn a_stall_at_the_limit_is_not_a_slow_leak() {
    let mut world = World::new(37);
    world.limit = 128.0 * MIB;
    let limit = world.limit;
    world.processes_every = 0.1;
    world.add(
        "stalls",
        0.0,
        Box::new(
            move |t| if t < 0.4 { t * 0.99 * limit / 0.4 } else { 0.99 * limit + (t - 0.4) * 0.3 * MIB },
        ),
    );
    let found = diagnose(&world.run(None));
    let (bytes, seconds, rate) = figures(&found.summary).unwrap();
    assert!((rate * seconds / bytes - 1.0).abs() < 0.3, "{}", found.summary);
    assert!(
        !found.advice.iter().any(|advice| advice.action.contains(" h ") || advice.why.contains(" h ")),
        "{:?}",
        found.advice
    );
}

#[test]
fn a_process_whose_exit_was_seen_twice_is_one_run_that_was_killed() {
    let mut incident = steady(20.0, 0.2).run(None);
    let life = Life {
        pid: None,
        comm: "java".into(),
        exe: Some("/usr/bin/java".into()),
        path: Some("/srv".into()),
        started_ms: -60_000,
        exited_ms: -40_000,
        peak_bytes: 195 << 20,
        oom_killed: true,
    };
    let again = Life { exited_ms: -39_800, oom_killed: false, ..life.clone() };
    let of = |incident: &mut Incident, lives: Vec<Life>| {
        incident.history.as_mut().unwrap().earlier_lives = lives;
        diagnose(incident)
    };
    let found = of(&mut incident, vec![again, life.clone()]);
    let said = found.reasons.join("\n");
    assert!(!said.contains("ended by itself") && said.contains("OOM-killed 2 times in 1 min"), "{said}");
    assert_eq!(found.confidence, Confidence::Low);
    // Its own entry is no earlier run.
    let own = Life { started_ms: -20_000, exited_ms: -1, oom_killed: false, ..life };
    let start = incident.victims[0].start_time.clone();
    let found = of(&mut incident, vec![own]);
    assert!(start.is_some() && !found.reasons.join("\n").contains("ended by itself"), "{:?}", found.reasons);
}

#[test]
fn two_that_grow_alike_are_both_named() {
    let mut world = World::new(41);
    world.limit = 512.0 * MIB;
    for (name, part) in [("alpha", 0.51), ("beta", 0.49)] {
        world.add(name, -1000.0, Box::new(move |t| 20.0 * MIB + (t - 1000.0).max(0.0) * 1.2 * MIB * part));
    }
    let found = diagnose(&world.run(None));
    assert!(found.confidence < Confidence::High, "{:?}", found.reasons);
    assert!(found.summary.contains("alpha") && found.summary.contains("beta"), "{}", found.summary);
}

#[test]
fn a_neighbour_with_teeth_is_not_blamed_for_the_leak_beside_it() {
    for tooth in [0.27, 0.3, 0.4] {
        let mut world = World::new(43);
        world.limit = 400.0 * MIB;
        let limit = world.limit;
        (world.cgroups_every, world.processes_every) = (0.5, 1.0);
        let saw =
            world.add("saw", -1000.0, Box::new(move |t| 10.0 * MIB + tooth * limit * (t / 9.0).fract()));
        let leaker =
            world.add("leaker", -1000.0, Box::new(move |t| 15.0 * MIB + (t - 1000.0).max(0.0) * 1.5 * MIB));
        let found = diagnose(&world.run(Some(leaker)));
        let culprit = found.culprit.as_ref().and_then(|culprit| culprit.pid);
        assert_ne!(culprit, Some(saw), "{tooth}: {} {:?}", found.summary, found.reasons);
        assert_ne!(found.verdict, VerdictKind::Neighbour, "{tooth}: {:?}", found.reasons);
    }
}

#[test]
fn the_page_tables_of_one_process_are_kernel_memory() {
    let mut world = World::new(47);
    world.limit = 128.0 * MIB;
    world.add("sparse", 0.0, Box::new(|t| t * 2.0 * MIB));
    let mut incident = world.run(None);
    incident.victims[0].memory =
        Memory { anon_bytes: Some(4 << 20), page_table_bytes: Some(122 << 20), ..Memory::default() };
    let found = diagnose(&incident);
    assert_eq!(found.verdict, VerdictKind::KernelMemory, "{:?}", found.reasons);
    assert!(found.reasons.join("\n").contains("are page tables") && found.culprit.unwrap().is_victim);
}

#[test]
fn the_machine_s_swap_is_a_fact() {
    for (total, free, words) in [(0, 0, "the machine has no swap"), (1 << 30, 1 << 20, "swap is full")] {
        let mut world = World::new(53);
        world.machine = true;
        world.limit = 1200.0 * MIB;
        world.add("next", 0.0, Box::new(|t| 40.0 * MIB + t * 17.0 * MIB));
        world.limits = vec![("/srv".into(), None)];
        let mut incident = world.run(None);
        incident.system = Some(System {
            mem_total_bytes: Some(1200 << 20),
            swap_total_bytes: Some(total),
            swap_free_bytes: Some(free),
            ..System::default()
        });
        let found = diagnose(&incident);
        assert_eq!(
            (found.verdict, found.confidence),
            (VerdictKind::NoLimit, Confidence::High),
            "{:?}",
            found.reasons
        );
        assert!(found.reasons.iter().any(|reason| reason.contains(words)), "{:?}", found.reasons);
        // Both: nothing limited it, and it never slowed down.
        let said = found.reasons.join("\n");
        assert!(said.contains("leak") && said.contains("did not slow down"), "{said}");
        assert!(found.summary.contains("leak"), "{}", found.summary);
    }
}

#[test]
fn a_program_that_works_through_its_input_is_no_leak() {
    for (name, expected) in [
        ("xz", VerdictKind::LimitTooLow),
        ("jq", VerdictKind::LimitTooLow),
        ("ffmpeg", VerdictKind::LimitTooLow),
        ("server", VerdictKind::Leak),
    ] {
        let mut incident = steady(50.0, 0.5).run(None);
        let exe: Text = format!("/usr/bin/{name}").as_str().into();
        incident.history.as_mut().unwrap().entities[0].exe = Some(exe.clone());
        incident.victims[0].exe = Some(exe);
        let found = diagnose(&incident);
        assert_eq!(found.verdict, expected, "{name}: {:?}", found.reasons);
        assert!(found.confidence <= Confidence::Medium, "{name}");
        assert!(
            !found.advice.iter().any(|advice| advice.why.ends_with("no limit is large enough for that."))
        );
    }
}

#[test]
fn a_container_whose_child_was_killed_keeps_running() {
    let mut incident = steady(50.0, 0.5).run(None);
    incident.victims[0].container = Some(Container {
        pod_uid: Some("0a1b2c3d-1111-2222-3333-444455556666".into()),
        ..Container::default()
    });
    let says = |incident: &Incident| {
        diagnose(incident).reasons.iter().any(|reason| reason.contains("keeps running"))
    };
    incident.victims[0].ns_pid = Some(17);
    assert!(says(&incident));
    incident.victims[0].ns_pid = Some(1);
    assert!(!says(&incident));
    incident.victims[0].ns_pid = None;
    assert!(!says(&incident), "unknown is not said");
}

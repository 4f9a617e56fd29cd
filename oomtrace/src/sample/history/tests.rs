use super::*;
use crate::model::{
    Candidate, CgroupRef, Constraint, EntityKind, Host, Incident, LimitMemcg, MemcgLevel, Memory, PartKind,
    Scope, Text, Victim,
};

pub(super) const MIB: u64 = 1 << 20;
pub(super) const S: u64 = 1_000_000_000;
pub(super) const MS: u64 = 1_000_000;

pub(super) fn process(pid: u32, start: u64, cgroup: u64, comm: &str, anon: u64) -> ProcessSample {
    let mut name = [0; 16];
    name[..comm.len()].copy_from_slice(comm.as_bytes());
    let key = ProcessKey { pid, start_ns: start };
    ProcessSample { key, ppid: 1, cgroup, comm: name, anon, file: MIB, ..ProcessSample::default() }
}

fn cgroup(id: u64, parent: u64, usage: u64, limit: Option<u64>) -> CgroupSample {
    CgroupSample { id, parent, usage, limit, anon: Some(usage), ..CgroupSample::default() }
}

/// `/` (1), `/pod` (2, limit 100 MiB) with `a` (3) and `b` (4), and `/other` (5).
pub(super) fn named() -> History {
    let mut history = History::with_pool(4 * MIB as usize);
    let all = [(1, 0), (2, 1), (3, 2), (4, 2), (5, 1)];
    let samples: Vec<_> = all.map(|(id, parent)| cgroup(id, parent, 0, None)).into();
    history.cgroups(&samples, 900 * MS, true);
    for (id, path) in [(1, "/"), (2, "/pod"), (3, "/pod/a"), (4, "/pod/b"), (5, "/other")] {
        history.name_cgroup(id, path.as_bytes());
    }
    history
}

fn name_all(history: &mut History) {
    let (mut keys, mut ids) = (Vec::new(), Vec::new());
    history.nameless(10_000, &mut keys, &mut ids);
    for key in keys {
        history.name_process(key, &Image { exe: Some(b"/bin/x".to_vec()), ..Image::default() });
    }
}

/// In `/pod/a` 10 grows by 5 MiB/s, in `/pod/b` 11 stays, in `/other` 12 grows faster; one pass a second for 10 s.
fn grown() -> History {
    let mut history = named();
    for second in 1..=10 {
        let now = second * S;
        let grower = second * 5 * MIB;
        let samples = [
            cgroup(1, 0, 0, None),
            cgroup(2, 1, grower + 40 * MIB, Some(100 * MIB)),
            cgroup(3, 2, grower, None),
            cgroup(4, 2, 40 * MIB, None),
            cgroup(5, 1, second * 20 * MIB, None),
        ];
        history.cgroups(&samples, now, true);
        let processes = [
            process(10, S / 2, 3, "grower", grower),
            process(11, S / 2, 4, "calm", 40 * MIB),
            process(12, S / 2, 5, "outside", second * 20 * MIB),
        ];
        history.processes(&processes, now, true);
        name_all(&mut history);
    }
    history
}

fn level(id: u64, path: &str, limit: Option<u64>, usage: u64) -> MemcgLevel {
    MemcgLevel {
        path: Text::from(path),
        id: Some(id.to_string()),
        limit_bytes: limit,
        usage_bytes: Some(usage),
        ..MemcgLevel::default()
    }
}

/// The pod's limit is hit at `kill`; 11 is killed, 10 is a candidate.
pub(super) fn incident(kill: u64) -> Incident {
    Incident {
        boottime_ns: kill,
        time: "2026-01-01T00:01:00Z".to_owned(),
        host: Host { page_size: 4096, cgroup_version: Some(2), ..Host::default() },
        scope: Scope {
            constraint: Some(Constraint::Memcg),
            memcg: Some(LimitMemcg {
                level: level(2, "/pod", Some(100 * MIB), 100 * MIB),
                levels_above_victim: Some(1),
            }),
            below: vec![level(4, "/pod/b", None, 41 * MIB)],
            ..Scope::default()
        },
        victims: vec![Victim {
            pid: 11,
            comm: Text::from("calm"),
            cgroup: Some(CgroupRef { path: Text::from("/pod/b"), id: Some("4".to_owned()) }),
            memory: Memory {
                anon_bytes: Some(41 * MIB),
                file_bytes: Some(MIB),
                shmem_bytes: Some(0),
                swap_bytes: Some(0),
                page_table_bytes: Some(4096),
                ..Memory::default()
            },
            ..Victim::default()
        }],
        candidates: vec![candidate(10, "grower", 58 * MIB), candidate(11, "calm", 1)],
        ..Incident::default()
    }
}

fn candidate(pid: u32, comm: &str, rss: u64) -> Candidate {
    Candidate {
        pid,
        comm: Text::from(comm),
        rss_bytes: Some(rss),
        swap_bytes: Some(0),
        page_table_bytes: Some(8192),
        ..Candidate::default()
    }
}

pub(super) fn find(history: &model::History, kind: EntityKind, what: &str) -> model::Entity {
    let found = history.entities.iter().find(|e| {
        e.kind == kind && [&e.comm, &e.path].iter().any(|t| t.as_ref().is_some_and(|t| t.lossy() == what))
    });
    found.unwrap_or_else(|| panic!("{what} is not among {:#?}", history.entities)).clone()
}

use crate::model;

#[test]
fn the_last_values_are_those_of_the_record() {
    let kill = 10 * S + 500 * MS;
    let before = grown().before(&incident(kill), kill);
    let grower = find(&before, EntityKind::Process, "grower");
    assert_eq!(grower.points[..2], [(-9500, 6 * MIB), (-8500, 11 * MIB)]);
    assert_eq!(*grower.points.last().unwrap(), (0, 58 * MIB + 8192));
    assert_eq!(grower.part(PartKind::Anon).unwrap().last(), Some(&(57 * MIB)), "file as last sampled");
    let calm = find(&before, EntityKind::Process, "calm");
    assert_eq!(*calm.points.last().unwrap(), (0, 42 * MIB + 4096), "the victim's own memory goes first");
    let pod = find(&before, EntityKind::Cgroup, "/pod");
    assert_eq!((pod.limit_bytes, *pod.points.last().unwrap()), (Some(100 * MIB), (0, 100 * MIB)));
    assert_eq!(find(&before, EntityKind::Cgroup, "/pod/b").points.last(), Some(&(0, 41 * MIB)));
    let other = find(&before, EntityKind::Cgroup, "/pod/a");
    assert_eq!(other.points.last(), Some(&(-500, 50 * MIB)), "no value at the kill is made up");
    assert_eq!((before.interval_ms, before.process_interval_ms, before.span_ms), (1000, Some(1000), 9600));
    for entity in &before.entities {
        assert!(entity.parts.iter().all(|part| part.bytes.len() == entity.points.len()));
        assert!(entity.counters.iter().all(|counter| counter.values.len() == entity.points.len()));
        assert!(entity.low.is_empty() || entity.low.len() == entity.points.len());
    }
}

#[test]
fn events_are_counted_since_the_beginning() {
    let mut history = named();
    for (second, hits) in [(1, 1000), (2, 1000), (3, 1007)] {
        let sample = CgroupSample { limit_hits: Some(hits), ..cgroup(2, 1, second * MIB, None) };
        history.cgroups(&[sample], second * S, true);
        let faults = ProcessSample { major_faults: hits, ..process(10, 1, 3, "grower", second * MIB) };
        history.processes(&[faults], second * S, true);
    }
    let before = history.before(&incident(4 * S), 4 * S);
    let pod = find(&before, EntityKind::Cgroup, "/pod");
    assert_eq!(pod.counter(model::CounterKind::LimitHits).unwrap()[1..], [1000, 1000, 1007, 1007]);
    let grower = find(&before, EntityKind::Process, "grower");
    assert_eq!(grower.counter(model::CounterKind::MajorFaults).unwrap(), [1000, 1000, 1007, 1007]);
}

#[test]
fn the_scope_is_the_subtree_of_the_limit() {
    let kill = 10 * S + 500 * MS;
    let history = grown();
    let before = history.before(&incident(kill), kill);
    assert!(find(&before, EntityKind::Process, "grower").in_scope);
    assert!(find(&before, EntityKind::Cgroup, "/pod").in_scope);
    assert!(!before.entities.iter().any(|e| e.comm == Some(Text::from("outside"))), "{before:#?}");
    assert!(!before.entities.iter().any(|e| e.kind == EntityKind::System && e.in_scope));
    let mut global = incident(kill);
    global.scope = Scope { constraint: Some(Constraint::None), ..Scope::default() };
    let before = history.before(&global, kill);
    assert!(find(&before, EntityKind::Process, "outside").in_scope);
    // Only paths are known of a kill that the log alone told of.
    let mut logged = incident(kill);
    logged.scope.memcg.as_mut().unwrap().level.id = None;
    logged.scope.below.clear();
    let before = history.before(&logged, kill);
    assert!(find(&before, EntityKind::Process, "grower").in_scope);
    assert_eq!(find(&before, EntityKind::Cgroup, "/pod").points.len(), 12);
}

#[test]
fn nothing_from_after_the_kill() {
    let kill = 10 * S + 500 * MS;
    let mut history = grown();
    let calm = history.before(&incident(kill), kill);
    for second in 11..400 {
        history.cgroups(&[cgroup(2, 1, 7 * MIB, Some(100 * MIB))], second * S, true);
        history.processes(&[process(10, S / 2, 3, "grower", 990 * MIB)], second * S, true);
    }
    let late = history.before(&incident(kill), kill);
    let grower = find(&late, EntityKind::Process, "grower");
    assert_eq!(*grower.points.last().unwrap(), (0, 58 * MIB + 8192));
    assert!(grower.points.iter().all(|(t, bytes)| *t <= 0 && *bytes < 100 * MIB), "{grower:?}");
    assert_eq!(find(&late, EntityKind::Process, "calm").exited_ms, None, "it was there at the kill");
    let lows = |h: &model::History| find(h, EntityKind::Cgroup, "/pod").low.iter().min().copied();
    assert!(lows(&late).is_none_or(|low| low >= 45 * MIB), "{:?} {:?}", lows(&late), lows(&calm));
}

#[test]
fn a_process_that_no_pass_saw_is_told_of_by_the_kill() {
    let kill = 10 * S + 500 * MS;
    let mut burst = incident(kill);
    burst.candidates.push(candidate(99, "new", 30 * MIB));
    let new = find(&grown().before(&burst, kill), EntityKind::Process, "new");
    assert_eq!((new.points, new.in_scope, new.parts.len()), (vec![(0, 30 * MIB + 8192)], true, 0));
}

#[test]
fn a_number_that_was_given_out_again_is_another_process() {
    let mut history = grown();
    let now = 11 * S;
    history.processes(&[process(10, 10 * S + 900 * MS, 3, "young", 2 * MIB)], now, true);
    let kill = now + S;
    let before = history.before(&incident(kill), kill);
    let young = find(&before, EntityKind::Process, "young");
    assert_eq!((young.started_ms, young.points.len()), (Some(-1100), 2));
    assert_eq!(find(&before, EntityKind::Process, "grower").exited_ms, Some(-1000));
    // /proc cuts start times to 10 ms: the same process for the iterators and for the files.
    history.processes(&[process(10, 10 * S + 905 * MS, 3, "young", 3 * MIB)], now + 500 * MS, true);
    let before = history.before(&incident(kill), kill);
    assert_eq!(find(&before, EntityKind::Process, "young").points.len(), 3);
}

#[test]
fn a_victim_bears_the_name_that_it_had_at_the_kill() {
    let mut history = grown();
    let (start, kill) = (10 * S, 10 * S + 500 * MS);
    history.processes(&[process(50, start, 3, "sh", 2 * MIB)], start + 100 * MS, true);
    let mut incident = incident(kill);
    let victim = &mut incident.victims[0];
    victim.pid = 50;
    victim.comm = Text::from("java");
    for (start_time, name) in [("2026-01-01T00:00:59.500Z", "java"), ("2026-01-01T00:00:57Z", "sh")] {
        incident.victims[0].start_time = Some(start_time.to_owned());
        let one = find(&history.before(&incident, kill), EntityKind::Process, name);
        assert_eq!((one.pid, one.started_ms), (Some(50), Some(-500)));
    }
}

#[test]
fn short_lives_count_in_their_family_and_are_remembered() {
    let mut history = grown();
    for number in 0..200_u32 {
        let time = 10 * S + u64::from(number) * MS;
        let last = process(1000 + number, time - 5 * MS, 3, "child", MIB);
        history.exited(&[Exited { last, peak: 20 * MIB, time_ns: time }]);
    }
    let kill = 10 * S + 500 * MS;
    let before = history.before(&incident(kill), kill);
    let children: Vec<_> = before.entities.iter().filter(|e| e.exited_ms.is_some()).collect();
    assert!(!children.is_empty() && children.len() <= 4, "{children:?}");
    let id = history.families.by_comm(*b"child\0\0\0\0\0\0\0\0\0\0\0", 3).unwrap();
    let family = history.families.get(id).unwrap();
    assert_eq!((family.seen, family.living), (200, 0));
}

#[test]
fn earlier_lives_of_the_same_workload() {
    let mut history = grown();
    // It is killed, starts again, and is killed again.
    history.killed(&[10], 10 * S + 100 * MS);
    history.processes(&[process(11, S / 2, 4, "calm", 40 * MIB)], 11 * S, true);
    for second in 12..20 {
        history.cgroups(
            &[cgroup(2, 1, 0, None), cgroup(3, 2, 0, None), cgroup(4, 2, 0, None)],
            second * S,
            true,
        );
        history.processes(&[process(20, 11 * S + MS, 3, "grower", second * MIB)], second * S, true);
        name_all(&mut history);
    }
    let kill = 20 * S;
    let mut again = incident(kill);
    again.victims[0].pid = 20;
    let before = history.before(&again, kill);
    let of_grower = |life: &&model::Life| life.comm == Text::from("grower");
    assert_eq!(before.earlier_lives.iter().filter(of_grower).count(), 1, "{:?}", before.earlier_lives);
    let life = before.earlier_lives.iter().find(of_grower).unwrap();
    assert_eq!((life.peak_bytes, life.oom_killed, life.exited_ms), (51 * MIB, true, -9000));
    assert_eq!(life.started_ms, -19_500);
}

#[test]
fn sleep_is_no_time_to_grow_in() {
    let mut history = grown();
    history.asleep(3600 * S, 3580 * S);
    history.processes(&[process(10, S / 2, 3, "grower", 60 * MIB)], 3600 * S + MS, true);
    let kill = 3600 * S + 500 * MS;
    let before = history.before(&incident(kill), kill);
    let grower = find(&before, EntityKind::Process, "grower");
    assert_eq!(grower.points.len(), 2, "{:?}", grower.points);
    assert_eq!(before.span_ms, 500);
    assert!(before.notes.iter().any(|note| note.contains("slept for 3580 s")), "{:?}", before.notes);
    assert!(before.entities.iter().all(|entity| entity.started_ms.is_none()), "{:?}", before.entities);
    assert_eq!(before.process_interval_ms, None, "there was one pass only");
}

#[test]
fn who_exited_before_a_sleep_is_left_out() {
    let mut history = grown();
    let last = process(10, S / 2, 3, "grower", 60 * MIB);
    history.exited(&[Exited { last, peak: 60 * MIB, time_ns: 10 * S + MS }]);
    let kill = 100 * S + 500 * MS;
    let is_there = |history: &History| {
        let before = history.before(&incident(kill), kill);
        before
            .entities
            .iter()
            .any(|e| e.kind == EntityKind::Process && e.pid == Some(10) && e.exited_ms.is_some())
    };
    assert!(is_there(&history));
    history.asleep(100 * S, 80 * S);
    assert!(!is_there(&history));
}

#[test]
fn a_kill_right_after_a_sleep_has_nothing_from_before_it() {
    let mut history = grown();
    let kill = 3600 * S;
    history.asleep_before(kill, 3580 * S);
    let before = history.before(&incident(kill), kill);
    assert_eq!(before.span_ms, 0);
    assert!(before.entities.iter().flat_map(|e| &e.points).all(|(t, _)| *t == 0), "{:?}", before.entities);
    assert!(before.notes.iter().any(|note| note.contains("slept for 3580 s")), "{:?}", before.notes);
}

#[test]
fn a_kill_before_a_sleep_keeps_its_history() {
    let mut history = grown();
    let kill = 10 * S + 500 * MS;
    let awake = history.before(&incident(kill), kill);
    history.asleep_before(kill, 3580 * S);
    assert_eq!(history.before(&incident(kill), kill), awake);
    history.asleep(3600 * S, 3580 * S);
    assert_eq!(history.before(&incident(kill), kill), awake);
}

#[test]
fn no_samples_for_a_while_is_said() {
    let kill = 25 * S;
    let before = grown().before(&incident(kill), kill);
    assert!(before.notes.iter().any(|note| note.starts_with("processes were last sampled 15000 ms")));
    let empty = History::default().before(&incident(kill), kill);
    assert!(empty.notes.iter().any(|note| note == "cgroups were not sampled before the kill"));
    assert_eq!(empty.entities.iter().filter(|e| e.points == [(0, 100 * MIB)]).count(), 1);
}

#[test]
fn a_record_stays_small() {
    let mut history = named();
    for second in 1..=4000_u64 {
        let now = second * S;
        let wave = |n: u64| (second * 7919 * (n + 1)) % 997 * MIB;
        let processes: Vec<_> = (0..60).map(|n| process(100 + n, 0, 3, "p", wave(n.into()))).collect();
        history.processes(&processes, now, true);
        let cgroups: Vec<_> = (1..=5).map(|id| cgroup(id, id.min(2) - 1, wave(id), None)).collect();
        history.cgroups(&cgroups, now, true);
    }
    let kill = 4001 * S;
    let json = serde_json::to_string(&history.before(&incident(kill), kill)).unwrap();
    assert!(json.len() < 100 * 1024, "{}", json.len());
}

#[test]
fn bounded_whatever_comes() {
    let mut history = History::with_pool(MIB as usize);
    for pass in 1..20_u64 {
        let now = pass * S;
        // More processes than there is room for, all of them changing, half of them new each time.
        let pid = |n: u32| if n.is_multiple_of(2) { n } else { n + u32::try_from(pass).unwrap() * 20_000 };
        let samples: Vec<_> = (0..20_000)
            .map(|n| process(pid(n), u64::from(pid(n)), 2, "x", (pass + u64::from(n)) * MIB))
            .collect();
        history.processes(&samples, now, true);
        name_all(&mut history);
        let first = pass * 10_000;
        let cgroups: Vec<_> = (first..first + 15_000).map(|id| cgroup(id, 0, id * MIB, None)).collect();
        history.cgroups(&cgroups, now, true);
    }
    assert!(history.bytes() <= MIB as usize);
    assert!(history.processes.iter().count() <= processes::MOST);
    assert!(history.cgroups.iter().count() <= cgroups::MOST);
    let kill = 20 * S;
    let before = history.before(&incident(kill), kill);
    assert!(before.evicted > 10_000, "{}", before.evicted);
}

#[test]
fn cgroups_that_come_and_go_a_thousand_times_a_second() {
    let mut history = History::with_pool(MIB as usize);
    for pass in 1..300_u64 {
        let cgroups: Vec<_> = (pass * 100..pass * 100 + 100).map(|id| cgroup(id, 2, MIB, None)).collect();
        let stays = [cgroup(2, 0, pass * MIB, Some(400 * MIB))];
        history.cgroups(&[&stays[..], &cgroups[..]].concat(), pass * S / 10, true);
        let mut ids = Vec::new();
        history.nameless(64, &mut Vec::new(), &mut ids);
        for id in ids {
            history.name_cgroup(id, format!("/pod/{id}").as_bytes());
        }
    }
    assert!(history.cgroups.iter().count() < 1000);
    let kill = 30 * S;
    let before = history.before(&incident(kill), kill);
    assert!(before.evicted > 20_000);
    assert!(find(&before, EntityKind::Cgroup, "/pod").points.len() > 30);
}

#[test]
fn a_cgroup_whose_name_is_late_is_asked_for_again() {
    let mut history = History::with_pool(4 * MIB as usize);
    history.cgroups(&[cgroup(1, 0, 0, None), cgroup(2, 1, 0, None)], S, true);
    let asked = |history: &mut History| {
        let (mut keys, mut ids) = (Vec::new(), Vec::new());
        history.nameless(10, &mut keys, &mut ids);
        ids
    };
    assert_eq!(asked(&mut history), [1, 2]);
    history.name_cgroup(1, b"/");
    assert_eq!(asked(&mut history), [2], "its path was not known the first time");
    history.name_cgroup(2, b"/pod");
    assert!(asked(&mut history).is_empty());
    // One whose path can't be found out is not asked for for ever.
    history.cgroups(&[cgroup(1, 0, 0, None), cgroup(3, 1, 0, None)], 2 * S, true);
    assert!((0..1000).any(|_| asked(&mut history).is_empty()));
}

#[test]
fn who_lived_in_the_cgroup_at_its_limit_has_its_path_from_the_record() {
    let mut history = History::with_pool(4 * MIB as usize);
    for second in 1..=5 {
        let usage = second * 10 * MIB;
        history.cgroups(&[cgroup(1, 0, 0, None), cgroup(2, 1, usage, Some(100 * MIB))], second * S, true);
        let workers: Vec<_> =
            (0..second as u32 * 4).map(|at| process(100 + at, S / 2, 2, "worker", 3 * MIB)).collect();
        history.processes(&workers, second * S, true);
        name_all(&mut history);
    }
    let before = history.before(&incident(6 * S), 6 * S);
    let of = |kind| before.entities.iter().filter(move |entity| entity.kind == kind);
    assert_eq!(of(EntityKind::Family).count(), 1);
    for entity in of(EntityKind::Family).chain(of(EntityKind::Process)).filter(|e| e.exe.is_some()) {
        assert_eq!(entity.path.as_ref(), Some(&Text::from("/pod")), "{entity:?}");
    }
}

#[test]
fn cgroups_that_are_gone_do_not_crowd_out_those_that_are_there() {
    let mut history = History::with_pool(4 * MIB as usize);
    let root = || cgroup(1, 0, 0, None);
    let old: Vec<_> = (100..130).map(|id| cgroup(id, 1, 500 * MIB, None)).collect();
    history.cgroups(&[vec![root()], old].concat(), S, true);
    for second in 2..=5 {
        let there = (10..16).map(|id| cgroup(id, 1, second * id * MIB, None));
        history.cgroups(&std::iter::once(root()).chain(there).collect::<Vec<_>>(), second * S, true);
        let (mut keys, mut ids) = (Vec::new(), Vec::new());
        history.nameless(100, &mut keys, &mut ids);
        for id in ids {
            history.name_cgroup(id, format!("/{id}").as_bytes());
        }
    }
    let mut machine = incident(6 * S);
    machine.scope = Scope { constraint: Some(Constraint::None), ..Scope::default() };
    let before = history.before(&machine, 6 * S);
    let cgroups: Vec<_> = before.entities.iter().filter(|e| e.kind == EntityKind::Cgroup).collect();
    let there = cgroups.iter().filter(|entity| entity.exited_ms.is_none());
    assert_eq!(there.filter(|entity| entity.path.as_ref() != Some(&Text::from("/1"))).count(), 6);
    assert!(cgroups.iter().filter(|entity| entity.exited_ms.is_some()).count() <= 3, "{cgroups:?}");
}

//! A server that nothing limits grows until its machine is full: the record, and the log of the same kill.

use super::super::diagnose;
use crate::model::*;
use crate::render::{Ndjson, Render, Text, TextStyle};

const MIB: u64 = 1 << 20;
const SESSION: &str = "/user.slice/user-1000.slice/session-3.scope";

/// 17 MiB/s for 57 s, from 40 MiB on.
fn held(t: i64) -> u64 {
    40 * MIB + (t + 57_000).max(0).unsigned_abs() * 17 * MIB / 1000
}

fn points(every: i64, value: impl Fn(i64) -> u64) -> Vec<(i64, u64)> {
    (-120_000 / every..=0).map(|n| (n * every, value(n * every))).collect()
}

fn cgroup(path: &str, value: impl Fn(i64) -> u64) -> Entity {
    Entity {
        kind: EntityKind::Cgroup,
        path: Some(path.into()),
        in_scope: true,
        points: points(1000, value),
        ..Entity::default()
    }
}

/// What the recorder writes for it.
pub(super) fn server() -> Incident {
    let others = |t: i64| 150 * MIB + t.unsigned_abs() % 7 * MIB / 4;
    let runtime = Some(Runtime { kind: RuntimeKind::Node, settings: Vec::new(), environment_read: true });
    let node = Entity {
        kind: EntityKind::Process,
        pid: Some(1337),
        comm: Some("next-server".into()),
        exe: Some("/usr/bin/node".into()),
        path: Some(SESSION.into()),
        in_scope: true,
        points: points(1000, held),
        runtime: runtime.clone(),
        ..Entity::default()
    };
    let mut entities = vec![
        node,
        Entity {
            kind: EntityKind::System,
            limit_bytes: Some(1200 * MIB),
            in_scope: true,
            points: points(1000, |t| (held(t) + others(t)).min(1190 * MIB)),
            ..Entity::default()
        },
    ];
    for path in ["/user.slice", "/user.slice/user-1000.slice", SESSION] {
        entities.push(cgroup(path, held));
    }
    let victim = Victim {
        pid: 1337,
        comm: "next-server".into(),
        exe: Some("/usr/bin/node".into()),
        cmdline: vec!["next-server (v14.2.3)".into()],
        cgroup: Some(CgroupRef { path: SESSION.into(), id: None }),
        memory: Memory {
            anon_bytes: Some(held(0)),
            file_bytes: Some(0),
            swap_bytes: Some(0),
            ..Memory::default()
        },
        runtime,
        ..Victim::default()
    };
    Incident {
        time: "2026-11-23T14:03:11.000000000Z".into(),
        host: Host { cgroup_version: Some(2), page_size: 4096, ..Host::default() },
        scope: Scope { constraint: Some(Constraint::None), ..Scope::default() },
        victims: vec![victim],
        system: Some(System {
            mem_total_bytes: Some(1200 * MIB),
            mem_available_bytes: Some(8 * MIB),
            swap_total_bytes: Some(0),
            swap_free_bytes: Some(0),
            ..System::default()
        }),
        history: Some(History {
            span_ms: 120_000,
            interval_ms: 1000,
            process_interval_ms: Some(1000),
            entities,
            ..History::default()
        }),
        ..Incident::default()
    }
}

#[test]
fn both_causes_are_said() {
    let found = diagnose(&server());
    assert_eq!((found.verdict, found.confidence), (VerdictKind::NoLimit, Confidence::High), "{found:#?}");
    assert!(found.summary.contains("never slowed down, so a leak is likely"), "{}", found.summary);
    let says = |what: &str| found.reasons.iter().any(|reason| reason.contains(what));
    assert!(says("no memory cgroup between it and the root has a limit"), "{:?}", found.reasons);
    assert!(
        says("next-server (pid 1337) runs on Node.js: its executable is /usr/bin/node"),
        "{:?}",
        found.reasons
    );
    assert!(says("the machine has no swap"), "{:?}", found.reasons);
    let rate = found.culprit.as_ref().and_then(|culprit| culprit.rate_bytes_per_s).unwrap() / MIB as f64;
    assert!((16.5..17.5).contains(&rate), "{rate}");
}

#[test]
fn all_advice_for_it_in_order_of_what_helps_first() {
    let advice = diagnose(&server()).advice;
    let [limit, heap, swap, find, alert] = advice.as_slice() else { panic!("{advice:#?}") };
    let command = |advice: &Advice| advice.command.clone().unwrap_or_default();
    // 90 % of 1009 MiB; the 40 MiB that it began with are no measure of what it needs.
    assert_eq!(limit.value_bytes, Some(896 * MIB), "{limit:?}");
    assert!(command(limit).starts_with("sudo systemd-run --scope"), "{limit:?}");
    for place in ["MemoryMax=896M in its unit", "--memory=896m"] {
        assert!(limit.action.contains(place), "{limit:?}");
    }
    assert!(command(heap).contains("--max-old-space-size="), "{heap:?}");
    assert!(heap.why.contains("V8's default for 1.17 GiB of memory is about 600 MiB"), "{heap:?}");
    assert!(heap.why.contains("its title hides it"), "{heap:?}");
    assert!(heap.action.contains("Buffers") && heap.value_bytes < Some(600 * MIB), "{heap:?}");
    assert!(
        find.action.contains("process.memoryUsage()") && command(find).contains("heapsnapshot-signal"),
        "{find:?}"
    );
    assert_eq!(swap.value_bytes, Some(512 * MIB), "{swap:?}");
    assert!(swap.action.contains("only buys time"), "{swap:?}");
    assert!(
        alert.action.contains("above 85 % for 5 minutes") && command(alert).starts_with("ps "),
        "{alert:?}"
    );
}

#[test]
fn what_if_is_in_every_report() {
    let mut incident = server();
    let found = diagnose(&incident);
    let [more, limit] = found.what_if.as_slice() else { panic!("{:#?}", found.what_if) };
    // 1.25 x 1200 is 1500: 320 MiB, rounded up, at 17 MiB/s.
    assert_eq!((more.kind, more.value_bytes), (WhatIfKind::MoreMemory, Some(320 * MIB)), "{more:?}");
    assert!(more.ms.is_some_and(|ms| (18_000..20_000).contains(&ms)), "{more:?}");
    assert_eq!((limit.kind, limit.value_bytes), (WhatIfKind::CulpritLimit, Some(896 * MIB)), "{limit:?}");
    assert!(limit.ms.is_some_and(|ms| (5_000..8_000).contains(&ms)), "{limit:?}");
    incident.diagnosis = Some(found);
    let event = Event::OomKill(Box::new(incident));
    let style = TextStyle { width: 600, ..TextStyle::default() };
    let renderers: [Box<dyn Render>; 2] = [Box::new(Text::new(style)), Box::new(Ndjson::new())];
    for mut renderer in renderers {
        let mut out = Vec::new();
        renderer.event(&event, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("320 MiB") && out.contains("would have fitted"), "{out}");
    }
}

#[test]
fn what_it_held_before_is_what_it_began_with() {
    let mut incident = server();
    // A level of 300 MiB until the growth begins.
    for entity in &mut incident.history.as_mut().unwrap().entities {
        if entity.kind != EntityKind::System {
            for (_, bytes) in &mut entity.points {
                *bytes = (*bytes).max(300 * MIB);
            }
        }
    }
    let advice = diagnose(&incident).advice;
    // No heap fits beside what is outside of it.
    assert!(advice[1].action.contains("outside of V8's heap"), "{advice:#?}");
    assert!(advice[0].why.starts_with("It held 300 MiB before it grew"), "{advice:#?}");
}

#[test]
fn a_heap_that_the_command_line_may_set_is_said_to_be_hidden_only_then() {
    let mut incident = server();
    incident.victims[0].cmdline = vec!["node".into(), "server.js".into()];
    let heap = |incident: &Incident| diagnose(incident).advice[1].why.clone();
    assert!(!heap(&incident).contains("title"), "{}", heap(&incident));
    incident.victims[0].runtime.as_mut().unwrap().environment_read = false;
    incident.history.as_mut().unwrap().entities[0].runtime.as_mut().unwrap().environment_read = false;
    assert!(!heap(&incident).contains("V8's default"), "{}", heap(&incident));
}

/// The kernel's report of the same kill, by a kernel with a task table.
const LOG: &str = "\
[ 4021.100000] node invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
[ 4021.100010] Mem-Info:
[ 4021.100011] active_anon:1024 inactive_anon:259000 isolated_anon:0
[ 4021.100020] Free swap  = 0kB
[ 4021.100021] Total swap = 0kB
[ 4021.100022] 307200 pages RAM
[ 4021.100023] 0 pages HighMem/MovableOnly
[ 4021.100024] 12000 pages reserved
[ 4021.100030] Tasks state (memory values in pages):
[ 4021.100031] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[ 4021.100032] [    411]     0   411     4000     1024    61440        0         -1000 sshd
[ 4021.100033] [   1337]  1000  1337   700000   258304  2560000        0             0 next-server
[ 4021.100040] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice/user-1000.slice/session-3.scope,task=next-server,pid=1337,uid=1000
[ 4021.100041] Out of memory: Killed process 1337 (next-server) total-vm:2800000kB, anon-rss:1033216kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:2500kB oom_score_adj:0
";

#[test]
fn the_log_alone_supports_a_limit_a_heap_swap_and_an_alert() {
    let found = super::moment::only(LOG).diagnosis.unwrap();
    let all = found.advice.iter().map(|advice| advice.action.as_str()).collect::<Vec<_>>().join("\n");
    for what in ["896 MiB", "Node.js", "512 MiB of swap", "above 85 % for 5 minutes"] {
        assert!(all.contains(what), "{what}: {all}\n{found:#?}");
    }
}

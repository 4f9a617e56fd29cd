//! Servers and runtimes with knobs of their own; the machine that ran out.

use super::tests::{MIB, SHOP, commands, diagnosis, incident, runtime};
use super::*;
use crate::model::*;

fn with_line(line: &[&str], kind: RuntimeKind, settings: &[(&str, u64)]) -> Incident {
    let mut incident = incident();
    incident.victims[0].cmdline = line.iter().map(|arg| Text::from(*arg)).collect();
    incident.victims[0].exe = Some(line[0].into());
    incident.victims[0].runtime = runtime(kind, settings);
    incident
}

fn of_exe(exe: &str, verdict: VerdictKind) -> Diagnosis {
    let mut found = diagnosis(verdict, 1e6);
    found.culprit.as_mut().unwrap().exe = Some(exe.into());
    found
}

#[test]
fn php_gets_its_own_limit() {
    let incident = with_line(&["/usr/bin/php8.2", "run.php"], RuntimeKind::Php, &[]);
    assert_eq!(
        commands(&incident, &of_exe("/usr/bin/php8.2", VerdictKind::Leak))[0],
        "/usr/bin/php8.2 -d memory_limit=352M run.php"
    );
}

#[test]
fn erlang_gets_a_bound_for_the_vm() {
    let incident = with_line(&["/usr/lib/erlang/beam.smp"], RuntimeKind::Erlang, &[]);
    let commands = commands(&incident, &diagnosis(VerdictKind::Leak, 1e6));
    assert_eq!(commands[0], "export ERL_FLAGS='+MMscs 384'");
}

#[test]
fn memcached_gets_its_size_even_where_the_verdict_is_unsure() {
    let incident = with_line(&["/usr/bin/memcached", "-m", "2048", "-u", "nobody"], RuntimeKind::Native, &[]);
    let mut found = of_exe("/usr/bin/memcached", VerdictKind::Leak);
    found.confidence = Confidence::Low;
    let first = &advise(&incident, &found)[0];
    assert_eq!(first.command.as_deref(), Some("/usr/bin/memcached -m 2048 -u nobody -m 352"));
    assert!(first.why.contains("-m is 2048 MiB today"), "{first:?}");
    let small = with_line(&["/usr/bin/memcached", "-m100"], RuntimeKind::Native, &[]);
    let found = of_exe("/usr/bin/memcached", VerdictKind::Leak);
    assert!(!commands(&small, &found).iter().any(|command| command.starts_with("/usr/bin/memcached -m")));
}

#[test]
fn mariadb_gets_its_pool_or_its_temporary_tables() {
    let found = of_exe("/usr/sbin/mariadbd", VerdictKind::Burst);
    let large =
        with_line(&["/usr/sbin/mariadbd"], RuntimeKind::Mysql, &[("innodb_buffer_pool_size", 1024 * MIB)]);
    assert_eq!(commands(&large, &found)[0], "mariadb -e 'SET GLOBAL innodb_buffer_pool_size = 251658240'");
    let small =
        with_line(&["/usr/sbin/mariadbd"], RuntimeKind::Mysql, &[("innodb_buffer_pool_size", 64 * MIB)]);
    assert!(commands(&small, &found)[0].contains("GLOBAL max_heap_table_size = "));
}

#[test]
fn a_java_heap_larger_than_the_limit_is_a_fact_at_any_confidence() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Jvm, &[("-Xmx", 1024 * MIB), ("-Xms", 512 * MIB)]);
    for verdict in [VerdictKind::Leak, VerdictKind::LimitTooLow, VerdictKind::Undetermined] {
        let mut found = diagnosis(verdict, 1e6);
        found.confidence = Confidence::Low;
        let advice = advise(&incident, &found);
        let heap = advice.iter().find(|advice| advice.action.contains("heap that fits")).unwrap();
        assert_eq!(heap.command.as_deref(), Some("export _JAVA_OPTIONS='-Xms352m -Xmx352m'"), "{verdict:?}");
        assert!(heap.why.contains("Its heap may grow to 1 GiB, more than fits"), "{heap:?}");
    }
}

#[test]
fn page_tables_are_no_matter_of_arenas() {
    let mut incident = incident();
    let memory = &mut incident.victims[0].memory;
    (memory.anon_bytes, memory.page_table_bytes, memory.total_vm_bytes) =
        (Some(40 * MIB), Some(400 * MIB), Some(1 << 40));
    incident.victims[0].runtime = runtime(RuntimeKind::Python, &[]);
    let arenas = |incident: &Incident| {
        commands(incident, &diagnosis(VerdictKind::Leak, 1e6)).iter().any(|command| command.contains("ARENA"))
    };
    assert!(!arenas(&incident));
    incident.victims[0].memory.anon_bytes = Some(500 * MIB);
    assert!(arenas(&incident));
}

#[test]
fn what_kernel_memory_is_not_is_said_only_of_what_is_counted() {
    let mut found = Diagnosis {
        verdict: VerdictKind::KernelMemory,
        confidence: Confidence::High,
        ..Diagnosis::default()
    };
    found.growth = vec![Growth { kind: PartKind::Kernel, bytes: 200 << 20 }];
    let action = advise(&incident(), &found)[0].action.clone();
    assert!(!action.contains("slab") && !action.contains("socket"), "{action}");
    found.growth.push(Growth { kind: PartKind::Slab, bytes: 2 << 20 });
    assert!(advise(&incident(), &found)[0].action.contains("not slab."));
}

/// A machine of 1.2 GiB without swap; `next-server`, which is Node.js, fills it from 40 MiB on.
fn seed() -> (Incident, Diagnosis) {
    let session = "/user.slice/user-0.slice/session-3.scope";
    let mut incident = incident();
    incident.scope = Scope { constraint: Some(Constraint::None), ..Scope::default() };
    incident.system =
        Some(System { mem_total_bytes: Some(1229 * MIB), swap_total_bytes: Some(0), ..System::default() });
    let victim = &mut incident.victims[0];
    victim.cmdline = vec!["next-server (v14.2.3)".into()];
    (victim.comm, victim.exe) = ("next-server (v1".into(), Some("/usr/bin/node".into()));
    victim.cgroup = Some(CgroupRef { path: session.into(), id: None });
    victim.memory.anon_bytes = Some(1000 * MIB);
    victim.runtime = runtime(RuntimeKind::Node, &[]);
    incident.history.as_mut().unwrap().entities = vec![Entity {
        pid: Some(7),
        comm: Some("next-server (v1".into()),
        exe: Some("/usr/bin/node".into()),
        path: Some(session.into()),
        points: (-57..=0)
            .map(|t: i64| (t * 1000, (40 * MIB).max(1009 * MIB - t.unsigned_abs() * 17 * MIB)))
            .collect(),
        ..Entity::default()
    }];
    let mut found = diagnosis(VerdictKind::NoLimit, 17.0 * 1048576.0);
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.comm, culprit.exe) = (Some("next-server (v1".into()), Some("/usr/bin/node".into()));
    (culprit.cgroup, culprit.since_ms) = (Some(session.into()), Some(-57_000));
    (culprit.bytes, culprit.growth_bytes) = (Some(1009 * MIB), 379 * MIB);
    (incident, found)
}

#[test]
fn a_machine_without_limits_gets_all_that_helps_in_order() {
    let (incident, found) = seed();
    let advice = advise(&incident, &found);
    let actions: Vec<_> = advice.iter().map(|advice| advice.action.as_str()).collect();
    for (at, words) in [
        (0, "a limit of its own"),
        (1, "heap limit"),
        (2, "of swap"),
        (3, "Find what"),
        (4, "above 85 % for 5 minutes"),
    ] {
        assert!(actions[at].contains(words), "{at}: {actions:#?}");
    }
    // 630 MiB were there when the window began, 40 when it began to grow.
    assert!(!advice[0].why.contains("630") && advice[0].value_bytes == Some(896 * MIB), "{:?}", advice[0]);
    let command = advice[0].command.as_deref().unwrap();
    assert_eq!(command, "sudo systemd-run --scope --uid=\"$(id -u)\" -p MemoryMax=896M -- sh");
    assert!(
        actions[1].contains("Buffers") && advice[1].command.as_deref().unwrap().contains("NODE_OPTIONS"),
        "{:?}",
        advice[1]
    );
    // A quarter of 1229 MiB, in steps of 256.
    assert_eq!(advice[2].value_bytes, Some(512 * MIB));
    assert!(actions[2].contains("only buys time: at 17 MiB/s it is full after 30.1 s"), "{:?}", advice[2]);
    assert!(advice[4].why.contains("a limit catches this one"), "{:?}", advice[4]);
}

#[test]
fn a_level_before_the_growth_is_that_at_its_begin() {
    let (mut incident, mut found) = seed();
    found.culprit.as_mut().unwrap().since_ms = Some(-30_000);
    // 300 MiB for a while, then it grows.
    incident.history.as_mut().unwrap().entities[0].points = (-57..=0)
        .map(|t: i64| (t * 1000, if t < -30 { 300 * MIB } else { 1009 * MIB - t.unsigned_abs() * 23 * MIB }))
        .collect();
    let first = &advise(&incident, &found)[0];
    assert!(
        first.why.starts_with("It held 319 MiB") || first.why.starts_with("It held 300 MiB"),
        "{first:?}"
    );
}

#[test]
fn a_limit_of_its_own_is_below_what_ran_out() {
    for (held, growth) in [(400, 10), (400, 200), (400, 390), (511, 1)] {
        let mut found = diagnosis(VerdictKind::Neighbour, 1e6);
        let culprit = found.culprit.as_mut().unwrap();
        (culprit.pid, culprit.is_victim, culprit.cgroup) = (Some(8), false, Some(SHOP.into()));
        (culprit.bytes, culprit.growth_bytes) = (Some(held * MIB), growth * MIB);
        let first = &advise(&incident(), &found)[0];
        assert!(first.value_bytes.unwrap() <= held * MIB * 9 / 10, "{first:?}");
    }
}

#[test]
fn a_swarm_of_unknown_kind_gets_a_guard_with_room_for_the_others() {
    let mut found = diagnosis(VerdictKind::ForkSwarm, 3e6);
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.kind, culprit.pid, culprit.members) = (CulpritKind::Family, None, Some(20));
    culprit.bytes = Some(500 * MIB);
    let mut incident = incident();
    incident.history.as_mut().unwrap().entities = (0..3)
        .map(|pid| Entity {
            pid: Some(pid),
            comm: Some("other".into()),
            path: Some(SHOP.into()),
            ..Entity::default()
        })
        .collect();
    assert_eq!(commands(&incident, &found), ["sudo systemctl set-property shop.service TasksMax=13"]);
}

#[test]
fn an_option_of_the_command_line_is_changed_there_for_it_overrides_the_variable() {
    let mut incident = incident();
    let mut node = runtime(RuntimeKind::Node, &[("--max-old-space-size", 2000 * MIB)]).unwrap();
    node.settings[0].from = "command_line".into();
    let victim = &mut incident.victims[0];
    (victim.runtime, victim.exe) = (Some(node), Some("/usr/bin/node".into()));
    victim.cmdline = vec!["node".into(), "--max_old_space_size=2000".into(), "a b.js".into()];
    let heap = |incident: &Incident| {
        let all = advise(incident, &diagnosis(VerdictKind::Leak, 3e6));
        all.into_iter().find(|advice| advice.action.contains("NODE_OPTIONS")).unwrap()
    };
    assert_eq!(heap(&incident).command.as_deref(), Some("node --max-old-space-size=352 'a b.js'"));
    // A title hides the line: the change is said in words.
    incident.victims[0].cmdline = vec!["next-server (v14)".into()];
    let found = heap(&incident);
    assert_eq!(found.command, None, "{found:?}");
    assert!(found.action.contains("change it there to --max-old-space-size=352"), "{found:?}");
}

#[test]
fn workers_of_a_tool_get_its_own_option() {
    for (line, option) in [
        ("org.gradle.process.internal.worker.GradleWorkerMain", "gradle --max-workers="),
        ("/app/node_modules/jest-worker/build/processChild.js", "npx jest --maxWorkers="),
        ("/usr/bin/pytest", "pytest -n "),
    ] {
        let mut incident = incident();
        incident.victims[0].cmdline = vec!["prog".into(), line.into()];
        let mut found = diagnosis(VerdictKind::ForkSwarm, 1e6);
        let culprit = found.culprit.as_mut().unwrap();
        (culprit.kind, culprit.pid, culprit.members) = (CulpritKind::Family, None, Some(20));
        // 1.5 x 25 MiB each: 10 of them fit into 80 % of 505 MiB.
        let first = &advise(&incident, &found)[0];
        assert_eq!(first.command.as_deref(), Some(format!("{option}10").as_str()), "{first:?}");
    }
}

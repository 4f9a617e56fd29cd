use proptest::prelude::*;

use super::*;
use crate::model::*;

pub(super) const MIB: u64 = 1 << 20;
pub(super) const SHOP: &str = "/system.slice/shop.service";

/// `shop` alone in its unit at a limit of 512 MiB.
pub(super) fn incident() -> Incident {
    let memory = Memory {
        anon_bytes: Some(500 * MIB),
        file_bytes: Some(4 * MIB),
        shmem_bytes: Some(0),
        swap_bytes: Some(0),
        page_table_bytes: Some(MIB),
        ..Memory::default()
    };
    let level = MemcgLevel {
        path: SHOP.into(),
        limit_bytes: Some(512 * MIB),
        usage_bytes: Some(512 * MIB),
        ..MemcgLevel::default()
    };
    Incident {
        host: Host { cgroup_version: Some(2), page_size: 4096, ..Host::default() },
        scope: Scope {
            constraint: Some(Constraint::Memcg),
            memcg: Some(LimitMemcg { level, levels_above_victim: Some(0) }),
            total_pages: Some(512 * MIB / 4096),
            ..Scope::default()
        },
        victims: vec![Victim {
            pid: 7,
            comm: "shop".into(),
            cgroup: Some(CgroupRef { path: SHOP.into(), id: None }),
            memory,
            ..Victim::default()
        }],
        history: Some(History { span_ms: 600_000, interval_ms: 100, ..History::default() }),
        ..Incident::default()
    }
}

/// The victim is the culprit; it grew by 400 MiB at `rate`.
pub(super) fn diagnosis(verdict: VerdictKind, rate: f64) -> Diagnosis {
    Diagnosis {
        verdict,
        confidence: Confidence::High,
        culprit: Some(Culprit {
            pid: Some(7),
            comm: Some("shop".into()),
            cgroup: Some(SHOP.into()),
            is_victim: true,
            share_of_growth: 0.95,
            growth_bytes: 400 * MIB,
            rate_bytes_per_s: Some(rate),
            since_ms: Some(-60_000),
            bytes: Some(505 * MIB),
            ..Culprit::default()
        }),
        ..Diagnosis::default()
    }
}

pub(super) fn runtime(kind: RuntimeKind, settings: &[(&str, u64)]) -> Option<Runtime> {
    let setting = |(name, bytes): &(&str, u64)| RuntimeSetting {
        name: (*name).into(),
        value_bytes: Some(*bytes),
        from: if name.starts_with("--") { "NODE_OPTIONS" } else { "command_line" }.into(),
        ..RuntimeSetting::default()
    };
    Some(Runtime { kind, settings: settings.iter().map(setting).collect(), environment_read: true })
}

pub(super) fn commands(incident: &Incident, diagnosis: &Diagnosis) -> Vec<String> {
    advise(incident, diagnosis).into_iter().filter_map(|advice| advice.command).collect()
}

#[test]
fn nothing_is_advised_on_what_is_not_known() {
    for verdict in [
        VerdictKind::Leak,
        VerdictKind::Burst,
        VerdictKind::NoLimit,
        VerdictKind::ForkSwarm,
        VerdictKind::Shmem,
    ] {
        let bare = Diagnosis { verdict, confidence: Confidence::High, ..Diagnosis::default() };
        let none = Incident { history: None, ..Incident::default() };
        assert_eq!(advise(&none, &bare), [], "{verdict:?}");
    }
    let undetermined = Diagnosis::default();
    let mut incident = incident();
    assert_eq!(advise(&incident, &undetermined).len(), 1);
    incident.history = None;
    assert!(advise(&incident, &undetermined)[0].action.contains("Keep oomtrace running"));
}

#[test]
fn a_heap_that_fits() {
    // 500 MiB private with a heap of 400: 100 outside. 505 + 7 of others: 505 - 125 = 380, rounded down.
    for (kind, setting, command) in [
        (RuntimeKind::Jvm, "-Xmx", "export _JAVA_OPTIONS='-Xmx352m -XX:+HeapDumpOnOutOfMemoryError'"),
        (
            RuntimeKind::Node,
            "--max-old-space-size",
            "export NODE_OPTIONS=\"${NODE_OPTIONS:+$NODE_OPTIONS }--max-old-space-size=352\"",
        ),
        (RuntimeKind::Dotnet, "DOTNET_GCHeapHardLimit", "export DOTNET_GCHeapHardLimit=0x16000000"),
    ] {
        let mut incident = incident();
        incident.victims[0].runtime = runtime(kind, &[(setting, 400 * MIB)]);
        let commands = commands(&incident, &diagnosis(VerdictKind::Leak, 3e6));
        assert_eq!(commands[0], command);
    }
}

#[test]
fn a_heap_that_fits_already_is_left_alone() {
    for (anon, max) in [(300, 256), (500, 300)] {
        let mut incident = incident();
        incident.victims[0].memory.anon_bytes = Some(anon * MIB);
        incident.victims[0].runtime = runtime(RuntimeKind::Jvm, &[("-Xmx", max * MIB)]);
        let commands = commands(&incident, &diagnosis(VerdictKind::Burst, 3e6));
        let smaller = commands.iter().any(|command| command.contains("-Xmx"));
        assert_eq!(smaller, anon == 500, "{commands:?}");
    }
}

#[test]
fn what_is_outside_of_the_java_heap_is_not_cured_by_a_smaller_one() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Jvm, &[("-Xmx", 128 * MIB)]);
    let commands = commands(&incident, &diagnosis(VerdictKind::Leak, 3e6));
    assert!(commands[0].contains("NativeMemoryTracking"), "{commands:?}");
}

#[test]
fn java_with_a_low_limit_gets_room_for_its_heap() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Jvm, &[("-Xmx", 480 * MIB)]);
    incident.scope.memcg.as_mut().unwrap().level.limit_bytes = Some(512 * MIB);
    incident.victims[0].memory.anon_bytes = Some(640 * MIB);
    // 480 + 1.25 * 160 + 7 = 687.
    let advice = advise(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5));
    assert_eq!(advice[0].value_bytes, Some(704 * MIB), "{advice:?}");
}

#[test]
fn go_gets_a_limit_but_not_for_a_leak() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Go, &[]);
    let of = |verdict| commands(&incident, &diagnosis(verdict, 3e6)).join("\n");
    assert!(of(VerdictKind::Burst).contains("export GOMEMLIMIT=448MiB"), "{}", of(VerdictKind::Burst));
    assert!(!of(VerdictKind::Leak).contains("GOMEMLIMIT"));
    assert!(of(VerdictKind::Leak).contains("pprof"));
    incident.victims[0].runtime = runtime(RuntimeKind::Go, &[("GOMEMLIMIT", 400 * MIB)]);
    assert!(!commands(&incident, &diagnosis(VerdictKind::Burst, 3e6)).join("\n").contains("GOMEMLIMIT"));
}

#[test]
fn redis_gets_a_bound_before_anything_else() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Redis, &[]);
    let first = &advise(&incident, &diagnosis(VerdictKind::Leak, 3e6))[0];
    assert_eq!(first.command.as_deref(), Some("redis-cli CONFIG SET maxmemory 352mb"));
}

#[test]
fn a_neighbour_gets_a_limit_of_its_own() {
    let mut found = diagnosis(VerdictKind::Neighbour, 3e6);
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.pid, culprit.is_victim, culprit.comm) = (Some(8), false, Some("report".into()));
    culprit.cgroup = Some("/system.slice/$(reboot).service".into());
    (culprit.bytes, culprit.growth_bytes) = (Some(400 * MIB), 300 * MIB);
    let mut incident = incident();
    incident.scope.memcg.as_mut().unwrap().level.path = "/system.slice".into();
    let first = &advise(&incident, &found)[0];
    // It held 100 MiB before.
    assert_eq!(
        first.command.as_deref(),
        Some(
            "sudo systemctl stop '$(reboot).service' && sudo systemctl set-property '$(reboot).service' MemoryMax=128M && sudo \
             systemctl start '$(reboot).service'"
        )
    );
    // In one cgroup with the victim no limit separates them.
    found.culprit.as_mut().unwrap().cgroup = Some(SHOP.into());
    let first = &advise(&incident, &found)[0];
    assert_eq!(
        first.command.as_deref(),
        Some("sudo systemd-run --scope --uid=\"$(id -u)\" -p MemoryMax=128M -- sh")
    );
}

#[test]
fn the_kernel_is_made_to_take_the_one_that_grew() {
    let mut found = diagnosis(VerdictKind::Neighbour, 3e6);
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.pid, culprit.is_victim) = (Some(8), false);
    let candidate = |pid, mib: u64, adj: i64| Candidate {
        pid,
        points: i64::try_from(mib * MIB / 4096).ok().map(|points| points + adj * 131),
        rss_bytes: Some(mib * MIB),
        oom_score_adj: i32::try_from(adj).ok(),
        ..Candidate::default()
    };
    let mut incident = incident();
    incident.candidates = vec![candidate(7, 100, 0), candidate(8, 380, -900)];
    let advice = advise(&incident, &found);
    let choom =
        advice.iter().find_map(|advice| advice.command.as_ref().filter(|c| c.contains("choom"))).unwrap();
    // 280 MiB are 547 thousandths of 512 MiB.
    assert_eq!(choom, "sudo choom -n -540 -p 8");
    // It scores more already: nothing to say.
    incident.candidates[1].oom_score_adj = Some(0);
    assert!(!commands(&incident, &found).iter().any(|command| command.contains("choom")));
}

#[test]
fn a_swarm_gets_fewer() {
    let mut found = diagnosis(VerdictKind::ForkSwarm, 3e6);
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.kind, culprit.pid, culprit.members) = (CulpritKind::Family, None, Some(20));
    culprit.bytes = Some(500 * MIB);
    culprit.exe = Some("/usr/bin/cc1plus".into());
    let mut incident = incident();
    incident.history.as_mut().unwrap().entities = vec![Entity {
        kind: EntityKind::Family,
        comm: Some("shop".into()),
        exe: Some("/usr/bin/cc1plus".into()),
        path: Some(SHOP.into()),
        runtime: runtime(RuntimeKind::Build, &[]),
        ..Entity::default()
    }];
    // 25 MiB on average, 37.5 when grown; 80 % of 500 MiB are 10. What starts them is unknown.
    let first = &advise(&incident, &found)[0];
    assert!(first.action.contains("-j 10") && first.command.is_none(), "{first:?}");
    let process = |exe: &str, mib: u64| Entity {
        exe: Some(exe.into()),
        path: Some(SHOP.into()),
        points: vec![(-500, mib * MIB)],
        ..Entity::default()
    };
    let entities = &mut incident.history.as_mut().unwrap().entities;
    entities.extend([process("/usr/bin/ninja", 5), process("/usr/bin/cc1plus", 80)]);
    assert_eq!(commands(&incident, &found), ["ninja -j5"], "the largest was of 80 MiB");
    incident.history.as_mut().unwrap().entities.push(process("/usr/bin/cc1plus", 450));
    let first = &advise(&incident, &found)[0];
    assert!(first.action.contains("not even one fits") && first.command.is_none(), "{first:?}");
}

#[test]
fn tmpfs_is_bounded() {
    let mut incident = incident();
    incident.scope.stats = Some(MemcgStats { shmem_bytes: Some(400 * MIB), ..MemcgStats::default() });
    let found =
        Diagnosis { verdict: VerdictKind::Shmem, confidence: Confidence::High, ..Diagnosis::default() };
    let advice = advise(&incident, &found);
    assert!(advice[0].command.as_ref().unwrap().contains("/dev/shm"));
    // 400 of 512 MiB are left beside the rest: 320.
    assert_eq!(advice[1].value_bytes, Some(320 * MIB));
    // Which file system it is no counter shows: to resize one would hit the wrong one.
    assert!(advice.iter().all(|advice| !advice.command.as_deref().unwrap_or_default().contains("mount")));
}

#[test]
fn shared_memory_that_one_process_maps_is_looked_for_there() {
    let mut incident = incident();
    incident.scope.stats = Some(MemcgStats { shmem_bytes: Some(400 * MIB), ..MemcgStats::default() });
    let mut found = diagnosis(VerdictKind::Shmem, 3e6);
    let first = &advise(&incident, &found)[0];
    assert!(first.action.contains("shop (pid 7)") && first.command.is_none(), "it is dead: {first:?}");
    let culprit = found.culprit.as_mut().unwrap();
    (culprit.pid, culprit.is_victim) = (Some(8), false);
    assert!(commands(&incident, &found)[0].contains("/proc/8/maps"));
}

#[test]
fn kernel_memory_by_its_largest_kind() {
    let mut found = Diagnosis {
        verdict: VerdictKind::KernelMemory,
        confidence: Confidence::High,
        ..Diagnosis::default()
    };
    let growth = |kind, mib: i64| Growth { kind, bytes: mib << 20 };
    for (kind, word) in
        [(PartKind::Sock, "ss "), (PartKind::Slab, "slabtop"), (PartKind::PageTables, "VmPTE")]
    {
        found.growth = vec![growth(PartKind::Kernel, 200), growth(kind, 180)];
        assert!(commands(&incident(), &found)[0].contains(word), "{kind:?}");
    }
    found.growth = vec![growth(PartKind::Kernel, 200), growth(PartKind::Slab, 20)];
    assert!(commands(&incident(), &found)[0].contains("KernelStack"));
}

#[test]
fn swap_is_for_machines_that_are_too_small_and_have_none() {
    let mut incident = incident();
    incident.scope = Scope { constraint: Some(Constraint::None), ..Scope::default() };
    incident.system =
        Some(System { mem_total_bytes: Some(4 << 30), swap_total_bytes: Some(0), ..System::default() });
    let small = diagnosis(VerdictKind::HostTooSmall, 1e5);
    let swaps = |incident: &Incident, found: &Diagnosis| {
        commands(incident, found).iter().any(|c| c.contains("mkswap"))
    };
    assert!(swaps(&incident, &small));
    assert!(!swaps(&incident, &diagnosis(VerdictKind::Leak, 1e5)));
    incident.system.as_mut().unwrap().swap_total_bytes = Some(1 << 30);
    assert!(!swaps(&incident, &small));
}

#[test]
fn a_group_that_died_for_one() {
    let mut incident = incident();
    incident.scope.memcg.as_mut().unwrap().level.oom_group = Some(true);
    let other = Victim { pid: 9, role: Role::GroupMember, ..incident.victims[0].clone() };
    incident.victims.push(other);
    let commands = commands(&incident, &diagnosis(VerdictKind::Leak, 3e6));
    assert!(
        commands.iter().any(|c| c.contains("OOMPolicy=continue") && c.contains("shop.service.d")),
        "{commands:?}"
    );
    let pod = "/kubepods.slice/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice";
    incident.scope.memcg.as_mut().unwrap().level.path = pod.into();
    let advice = advise(&incident, &diagnosis(VerdictKind::Leak, 3e6));
    assert!(advice.iter().any(|advice| advice.action.contains("singleProcessOOMKill: true")), "{advice:?}");
}

#[test]
fn page_cache_that_is_locked_or_dirty() {
    let mut incident = incident();
    let found =
        Diagnosis { verdict: VerdictKind::PageCache, confidence: Confidence::High, ..Diagnosis::default() };
    incident.scope.stats = Some(MemcgStats { unevictable_bytes: Some(300 * MIB), ..MemcgStats::default() });
    assert!(commands(&incident, &found)[0].contains("VmLck"));
    incident.scope.stats = Some(MemcgStats { dirty_bytes: Some(300 * MIB), ..MemcgStats::default() });
    assert!(commands(&incident, &found).is_empty(), "v2 holds writers back by itself");
    incident.host.cgroup_version = Some(1);
    assert!(commands(&incident, &found)[0].contains("vm.dirty_bytes=50331648"));
}

#[test]
fn postgresql_by_its_backends() {
    let mut incident = incident();
    incident.victims[0].runtime = runtime(RuntimeKind::Postgresql, &[]);
    incident.scope.stats = Some(MemcgStats { shmem_bytes: Some(128 * MIB), ..MemcgStats::default() });
    let mut found = diagnosis(VerdictKind::Burst, 3e7);
    found.culprit.as_mut().unwrap().members = Some(8);
    // (512 - 128) / 8 / 4 = 12.
    assert!(commands(&incident, &found)[0].contains("work_mem = '12MB'"));
}

fn size() -> impl Strategy<Value = Option<u64>> {
    let sizes = vec![0, 1, 4096, MIB, 64 * MIB, 512 * MIB, 1 << 40, u64::MAX - 1, u64::MAX];
    proptest::option::of(proptest::sample::select(sizes))
}

fn kinds() -> impl Strategy<Value = (VerdictKind, CulpritKind, RuntimeKind)> {
    use CulpritKind as C;
    use RuntimeKind as R;
    use VerdictKind as V;
    (
        proptest::sample::select(vec![
            V::Leak,
            V::Burst,
            V::NoLimit,
            V::LimitTooLow,
            V::HostTooSmall,
            V::Shmem,
            V::KernelMemory,
            V::PageCache,
            V::ForkSwarm,
            V::Neighbour,
            V::Undetermined,
        ]),
        proptest::sample::select(vec![C::Process, C::Family, C::Cgroup, C::KernelMemory, C::Shmem]),
        proptest::sample::select(vec![
            R::Native,
            R::Node,
            R::Jvm,
            R::Go,
            R::Python,
            R::Dotnet,
            R::Redis,
            R::Postgresql,
            R::Build,
            R::Php,
        ]),
    )
}

proptest! {
    /// Whatever the figures: no panic, not too much, no empty value, no command that a terminal would mind.
    #[test]
    fn any_figures_are_survived(
        (verdict, culprit_kind, kind) in kinds(),
        sizes in proptest::collection::vec(size(), 16),
        name in proptest::collection::vec(any::<u8>(), 0..20),
        rate in any::<f64>(),
        high in any::<bool>(),
        version in proptest::option::of(1..=2_u8),
    ) {
        let mut incident = incident();
        incident.host.cgroup_version = version;
        let path = Text::new([b"/system.slice/", name.as_slice(), b".service"].concat());
        let level = &mut incident.scope.memcg.as_mut().unwrap().level;
        (level.limit_bytes, level.usage_bytes, level.peak_bytes) = (sizes[0], sizes[1], sizes[2]);
        level.path = path.clone();
        let victim = &mut incident.victims[0];
        (victim.memory.anon_bytes, victim.memory.swap_bytes, victim.memory.total_vm_bytes) = (sizes[3], sizes[4], sizes[5]);
        victim.comm = Text::new(name);
        victim.runtime = runtime(kind, &[("-Xmx", sizes[6].unwrap_or(0)), ("--max-old-space-size", sizes[6].unwrap_or(0))]);
        incident.scope.stats = Some(MemcgStats {
            shmem_bytes: sizes[7], dirty_bytes: sizes[8], unevictable_bytes: sizes[9], ..MemcgStats::default()
        });
        incident.system = Some(System { mem_total_bytes: sizes[10], swap_total_bytes: sizes[11], ..System::default() });
        let mut found = diagnosis(verdict, rate);
        found.confidence = if high { Confidence::High } else { Confidence::Low };
        let culprit = found.culprit.as_mut().unwrap();
        (culprit.kind, culprit.bytes, culprit.growth_bytes) = (culprit_kind, sizes[12], sizes[13].unwrap_or(0));
        (culprit.members, culprit.cgroup) = (sizes[14].map(|members| members as u32), Some(path));
        let advice = advise(&incident, &found);
        prop_assert!(advice.len() <= MOST);
        for advice in &advice {
            prop_assert!(!advice.why.is_empty() && advice.value_bytes != Some(0), "{advice:?}");
            let command = advice.command.as_deref().unwrap_or_default();
            prop_assert!(!command.contains("   #"), "a comment would hide what follows: {command:?}");
            prop_assert!(command.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{command:?}");
        }
        if verdict == VerdictKind::Undetermined {
            // A heap that may exceed the limit is a fact whatever the verdict.
            let is_heap = |command: &str| command.starts_with("export ");
            prop_assert!(advice.iter().all(|advice| advice.command.as_deref().is_none_or(is_heap)), "{advice:?}");
        }
    }
}

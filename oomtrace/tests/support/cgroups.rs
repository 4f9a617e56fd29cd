//! Limits of memory cgroups.

use oomtrace::model::*;

use super::*;

/// A service that outgrows its own limit: victim, trigger and limit are in one place.
pub(crate) fn own_limit() -> Incident {
    let total = 64 * MIB;
    let path = "/system.slice/shop.service";
    let only = candidate(4711, "shop", 62 * MIB, 0, 0, total);
    let mut victim = victim(&only, path, total);
    victim.cmdline = args("/usr/bin/shop --listen :8080 --db-password [redacted]");
    victim.unit = Some("shop.service".into());
    Incident {
        scope: Scope {
            ancestors: vec![level("/system.slice", 0, 900 * MIB)],
            ..scope(level(path, total, total), 0, total)
        },
        trigger: Some(itself(&victim)),
        victims: vec![victim],
        candidates: vec![only],
        candidates_scored: Some(1),
        system: Some(scene()),
        ..base("1")
    }
}

fn scope(limit: MemcgLevel, levels: u32, total: u64) -> Scope {
    let peak = limit.usage_bytes;
    Scope {
        constraint: Some(Constraint::Memcg),
        message: Some("Memory cgroup out of memory".into()),
        total_pages: Some(total / PAGE),
        gfp_flags: Some(GfpFlags { value: 0xcc0, names: "GFP_KERNEL".into() }),
        order: Some(0),
        sysrq: Some(false),
        memcg: Some(LimitMemcg {
            level: MemcgLevel {
                id: Some("7300".into()),
                peak_bytes: peak,
                swap_limit_bytes: Some(0),
                swap_usage_bytes: Some(0),
                oom_group: Some(false),
                ..limit
            },
            levels_above_victim: Some(levels),
        }),
        ..Scope::default()
    }
}

const POD: &str = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice";
const ID: &str = "3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";

/// A pod's limit, two levels above the process in its container; a sidecar asked for the memory.
pub(crate) fn pod_limit() -> Incident {
    let total = 512 * MIB;
    let container = format!("{POD}/cri-containerd-{ID}.scope");
    let leaf = format!("{container}/app");
    let candidates = ranked(vec![
        candidate(4711, "java", 380 * MIB, 0, 936, total),
        candidate(4712, "envoy", 90 * MIB, 0, 936, total),
        candidate(4690, "pause", 300 * KIB, 0, -998, total),
        candidate(4800, "sh", 900 * KIB, 0, 936, total),
    ]);
    let mut victim = victim(&candidates[0], &leaf, total);
    victim.tid = Some(4713);
    victim.ns_pid = Some(1);
    victim.cmdline = args("java -Xmx400m -XX:+UseG1GC -jar /app/shop.jar --spring.profiles.active=prod");
    victim.container = Some(Container {
        runtime: Some("containerd".into()),
        id: Some(ID.into()),
        name: Some("shop".into()),
        image: Some("registry.local/shop:1.42".into()),
        pod_uid: Some("0a1b2c3d-1111-2222-3333-444455556666".into()),
        pod_name: Some("shop-7d4b9c-x2x1p".into()),
        namespace: Some("prod".into()),
        owner_uid: None,
    });
    victim.unit = Some(format!("cri-containerd-{ID}.scope"));
    Incident {
        scope: Scope {
            below: vec![level(&leaf, 0, 384 * MIB), level(&container, 600 * MIB, 386 * MIB)],
            ancestors: vec![
                level("/kubepods.slice/kubepods-burstable.slice", 0, 9 * GIB),
                level("/kubepods.slice", 29 * GIB, 20 * GIB),
            ],
            ..scope(level(POD, total, total - 100 * KIB), 2, total)
        },
        trigger: Some(Trigger {
            tgid: Some(4712),
            pid: 4730,
            comm: Text::from("wrk:worker_1"),
            cgroup: Some(Text::from(format!("{POD}/cri-containerd-{}.scope", "b".repeat(64)).as_str())),
            ..Trigger::default()
        }),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(4),
        system: Some(scene()),
        ..base("2")
    }
}

/// `memory.oom.group`: one chosen, nineteen die with it.
pub(crate) fn group_of_20() -> Incident {
    let total = 2 * GIB;
    let path = "/batch.slice/train.service";
    let candidates = ranked(
        (0..20)
            .map(|n| candidate(2101 + n + n / 15, "python3", (96 + u64::from(n)) * MIB, 0, 0, total))
            .collect(),
    );
    let mut victims: Vec<_> = candidates.iter().map(|c| victim(c, path, total)).collect();
    for (at, victim) in victims.iter_mut().enumerate() {
        victim.cmdline = args("python3 -m train --workers 20");
        victim.unit = Some("train.service".into());
        if at > 0 {
            victim.role = Role::GroupMember;
            victim.badness = None;
        }
    }
    victims[7].comm = Text::from("sh");
    let mut scope = scope(level(path, total, total), 0, total);
    if let Some(memcg) = &mut scope.memcg {
        memcg.level.oom_group = Some(true);
        memcg.level.high_bytes = Some(1900 * MIB);
    }
    Incident {
        trigger: Some(itself(&victims[3])),
        scope,
        victims,
        candidates,
        candidates_scored: Some(20),
        ..base("3")
    }
}

/// A small process dies for a large one that is protected.
pub(crate) fn adj_decided() -> Incident {
    let total = GIB;
    let path = "/system.slice/db.service";
    let candidates = ranked(vec![
        candidate(812, "postgres", 700 * MIB, 0, -900, total),
        candidate(813, "pgbouncer", 60 * MIB, 0, 0, total),
        candidate(814, "exporter", 58 * MIB, 0, 0, total),
        candidate(810, "init-helper", 150 * MIB, 0, -1000, total),
    ]);
    let victim = victim(&candidates[0], path, total);
    Incident {
        trigger: Some(itself(&self::victim(&candidates[2], path, total))),
        scope: scope(level(path, total, total), 0, total),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(3),
        ..base("4")
    }
}

/// A kernel that shows the mark but not the decision.
pub(crate) fn inferred() -> Incident {
    let total = 256 * MIB;
    let path = "/docker/3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
    let only = candidate(77_001, "node", 250 * MIB, 0, 0, total);
    let mut victim = victim(&only, path, total);
    victim.badness = Some(Badness {
        points: None,
        total_pages: None,
        permille: None,
        recomputed: None,
        ..victim.badness.unwrap_or_default()
    });
    victim.memory.accuracy = Some(Accuracy::Approximate);
    victim.container = Some(Container {
        runtime: Some("docker".into()),
        id: Some(path.trim_start_matches("/docker/").into()),
        ..Container::default()
    });
    victim.kill_to_exit_ns = None;
    let mut incident = Incident {
        scope: Scope {
            constraint: Some(Constraint::Memcg),
            inferred: true,
            memcg: Some(LimitMemcg { level: level(path, total, total), levels_above_victim: Some(0) }),
            ..Scope::default()
        },
        victims: vec![victim],
        // The kernel's log had its table.
        candidates: vec![only, candidate(77_002, "sleep", 1536 * KIB, 0, 0, total)],
        candidates_scored: Some(2),
        ..base("5")
    };
    incident.source.probes = vec!["raw_tp:mark_victim".into(), "kernel log".into()];
    incident.source.lost_events = 3;
    incident.source.notes = vec![
        "whose limit was hit is inferred: the cgroup above the victim that is closest to its limit".into(),
    ];
    incident
}

//! The whole machine or a part of it.

use oomtrace::model::*;

use super::*;

fn global(total: u64) -> Scope {
    Scope {
        constraint: Some(Constraint::None),
        message: Some("Out of memory".into()),
        total_pages: Some(total / PAGE),
        gfp_flags: Some(GfpFlags { value: 0x0014_0cca, names: "GFP_HIGHUSER_MOVABLE|__GFP_COMP".into() }),
        order: Some(0),
        sysrq: Some(false),
        ..Scope::default()
    }
}

/// Everything is full, swap too; the one that asks is small.
pub(crate) fn global_with_swap() -> Incident {
    let total = 10 * GIB;
    let mut candidates = vec![
        candidate(31_337, "clickhouse-serv", 5 * GIB, GIB + 500 * MIB, 0, total),
        candidate(900, "Web Content", 400 * MIB, 120 * MIB, 167, total),
        candidate(901, "firefox", 700 * MIB, 200 * MIB, 100, total),
        candidate(1, "systemd-journal", 90 * MIB, 0, -250, total),
        candidate(411, "sshd", 4 * MIB, MIB, -1000, total),
    ];
    candidates
        .extend((0..7).map(|n| candidate(2000 + n, "nginx", (30 - u64::from(n)) * MIB, 2 * MIB, 0, total)));
    let candidates = ranked(candidates);
    let mut victim = victim(&candidates[0], "/user.slice/user-1000.slice/session-3.scope", total);
    victim.cmdline = args("clickhouse-server --config-file=/etc/clickhouse-server/config.xml");
    victim.unit = Some("session-3.scope".into());
    victim.kill_to_exit_ns = Some(812_000_000);
    victim.memory.kernel_view = Some(KernelView {
        anon_bytes: 4 * GIB + 990 * MIB,
        file_bytes: 20 * MIB,
        shmem_bytes: 0,
        swap_bytes: GIB + 500 * MIB,
    });
    Incident {
        scope: global(total),
        trigger: Some(Trigger {
            tgid: Some(2003),
            pid: 2003,
            comm: Text::from("nginx"),
            cgroup: Some(Text::from("/system.slice/nginx.service")),
            kernel_stack: vec!["out_of_memory+0x1e4".into(), "__alloc_pages+0x9a1".into()],
            ..Trigger::default()
        }),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(143),
        system: Some(System {
            mem_available_bytes: Some(90 * MIB),
            mem_free_bytes: Some(70 * MIB),
            mem_total_bytes: Some(8 * GIB),
            swap_total_bytes: Some(2 * GIB),
            swap_free_bytes: Some(12 * KIB),
            psi: Some(Psi { some_avg10: 81.25, full_avg10: Some(64.0) }),
            zones: vec![zone(0, "DMA32", 40 * MIB, 12 * MIB), zone(0, "Normal", 44 * MIB, 65 * MIB)],
            top_processes: vec![
                TopProcess { swap_bytes: Some(GIB + 500 * MIB), ..top(31_337, "clickhouse-serv", 5 * GIB) },
                top(901, "firefox", 700 * MIB),
                top(900, "Web Content", 400 * MIB),
            ],
            ..scene()
        }),
        ..base("6")
    }
}

/// Three processes on one memory: the kernel kills all of them.
pub(crate) fn shared_mm() -> Incident {
    let total = 4 * GIB;
    let candidates = ranked(vec![
        candidate(510, "vfork-parent", GIB, 0, 0, total),
        candidate(511, "vfork-child", GIB, 0, 0, total),
        candidate(77, "mysqld", 800 * MIB, 0, 0, total),
    ]);
    let first = victim(&candidates[0], "/system.slice/legacy.service", total);
    let share = |pid, comm: &str| Victim {
        role: Role::SharedMm,
        pid,
        comm: Text::from(comm),
        badness: None,
        cmdline: args("/opt/legacy/bin/worker --slot 1"),
        ..first.clone()
    };
    let victims = vec![first.clone(), share(511, "vfork-child"), share(512, "vfork-child2")];
    Incident {
        scope: global(total),
        trigger: Some(itself(&first)),
        victims,
        candidates,
        candidates_scored: Some(3),
        ..base("7")
    }
}

/// The nodes of a cpuset.
pub(crate) fn cpuset() -> Incident {
    let total = 16 * GIB;
    let candidates = ranked(vec![
        candidate(6001, "hpc-solver", 12 * GIB, 0, 0, total),
        candidate(6002, "hpc-solver", 3 * GIB, 0, 0, total),
    ]);
    let victim = victim(&candidates[0], "/hpc/job-17", total);
    Incident {
        scope: Scope {
            constraint: Some(Constraint::Cpuset),
            mems_allowed: Some("0-1".into()),
            cpuset: Some(Text::from("job-17")),
            ..global(total)
        },
        trigger: Some(itself(&victim)),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(2),
        ..base("8")
    }
}

/// SysRq-f.
pub(crate) fn sysrq() -> Incident {
    let total = 8 * GIB;
    let candidates = ranked(vec![
        candidate(300, "stress", 300 * MIB, 0, 0, total),
        candidate(301, "bash", 6 * MIB, 0, 0, total),
    ]);
    let victim = victim(&candidates[0], "/user.slice/user-0.slice/session-1.scope", total);
    Incident {
        scope: Scope { sysrq: Some(true), order: Some(-1), ..global(total) },
        trigger: Some(Trigger {
            tgid: Some(9),
            pid: 9,
            comm: Text::from("kworker/0:1"),
            ..Trigger::default()
        }),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(2),
        ..base("9")
    }
}

/// `vm.oom_kill_allocating_task`: no scores.
pub(crate) fn allocating_task() -> Incident {
    let total = 8 * GIB;
    let small = candidate(4242, "cron-job", 20 * MIB, 0, 0, total);
    let mut victim = victim(&small, "/system.slice/cron.service", total);
    if let Some(badness) = &mut victim.badness {
        badness.points = None;
    }
    let mut incident = Incident {
        scope: Scope { message: Some("Out of memory (oom_kill_allocating_task)".into()), ..global(total) },
        trigger: Some(itself(&victim)),
        victims: vec![victim],
        ..base("10")
    };
    incident.source.notes = vec![
        "vm.oom_kill_allocating_task is set: the kernel killed the allocating task without scoring".into(),
    ];
    incident
}

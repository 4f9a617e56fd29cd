//! Names that attack, records with little in them, other witnesses.

use oomtrace::model::*;

use super::*;

/// Every name tries to break the terminal.
pub(crate) fn hostile_names() -> Incident {
    let total = 64 * MIB;
    let long = format!("/{}", "\u{1b}[2J\n".repeat(50));
    let path = format!("/evil\n\u{202e}slice{long}");
    let mut candidates = vec![
        candidate(666, "\u{1b}]0;pwned\u{7}", 60 * MIB, 0, 0, total),
        candidate(667, "a\nb\rc\td", 2 * MIB, 0, 0, total),
        candidate(668, "数据库数据", MIB, 0, 0, total),
        candidate(669, "", MIB, 0, 0, total),
    ];
    candidates[3].comm = Text::new(b"\xff\xfe\x80,'\"`$(x)".to_vec());
    let mut victim = victim(&candidates[0], &path, total);
    victim.cmdline =
        [&b"./\x1b[31mred"[..], b"", b"two words", b"it's", b"\xc3\x28", "\u{2066}bidi".as_bytes()]
            .map(|arg| Text::new(arg.to_vec()))
            .into();
    victim.unit = Some("evil\u{1b}.service".into());
    let mut incident = Incident {
        scope: Scope {
            constraint: Some(Constraint::Memcg),
            total_pages: Some(total / PAGE),
            memcg: Some(LimitMemcg { level: level(&path, total, total), levels_above_victim: Some(0) }),
            ..Scope::default()
        },
        trigger: Some(Trigger {
            tgid: Some(667),
            pid: 667,
            comm: Text::from("a\nb\rc\td"),
            cgroup: Some(Text::new(b"/\xff\x9b31m".to_vec())),
            ..Trigger::default()
        }),
        victims: vec![victim],
        candidates: ranked(candidates),
        candidates_scored: Some(4),
        ..base("11")
    };
    incident.host.name = "host\u{1b}[5m".into();
    incident.source.notes = vec!["a note with \u{1b}[31m in it".into()];
    incident
}

/// The oldest rung: a process id and no more.
pub(crate) fn minimal() -> Incident {
    Incident {
        schema: SCHEMA.into(),
        id: "boot-1".into(),
        time: "2026-11-23T14:03:11.482913746Z".into(),
        boottime_ns: 1,
        victims: vec![Victim { pid: 4711, ..Victim::default() }],
        ..Incident::default()
    }
}

/// Only `oom_kill` of /proc/vmstat moved.
pub(crate) fn counters_only() -> Incident {
    let mut incident = Incident { victims: Vec::new(), ..base("12") };
    incident.source = Source {
        kind: SourceKind::Counters,
        probes: vec!["/proc/vmstat".into()],
        notes: vec!["no hook could be attached: run oomtrace doctor".into()],
        ..Source::default()
    };
    incident
}

/// Read from an old kernel log on another machine.
pub(crate) fn kernel_log() -> Incident {
    let total = 512 * MIB;
    let path = "/docker/3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
    let candidates = ranked(vec![
        candidate(14_210, "ruby", 230 * MIB, 0, 0, total),
        candidate(14_209, "ruby", 230 * MIB, 0, 0, total),
        candidate(14_208, "ruby", 230 * MIB, 0, 0, total),
    ]);
    let mut victim = victim(&candidates[1], path, total);
    victim.start_time = None;
    victim.ppid = None;
    victim.kill_to_exit_ns = None;
    victim.memory.accuracy = None;
    if let Some(badness) = &mut victim.badness {
        badness.points = None;
    }
    let mut incident = Incident {
        scope: Scope {
            constraint: Some(Constraint::Memcg),
            message: Some("Memory cgroup out of memory".into()),
            total_pages: Some(total / PAGE),
            memcg: Some(LimitMemcg {
                level: MemcgLevel {
                    swap_limit_bytes: Some(2 * total),
                    swap_usage_bytes: Some(total),
                    ..level(path, total, total)
                },
                levels_above_victim: Some(0),
            }),
            ..Scope::default()
        },
        trigger: Some(Trigger { pid: 14_230, comm: Text::from("puma srv tp 001"), ..Trigger::default() }),
        victims: vec![victim],
        candidates,
        candidates_scored: Some(3),
        ..base("13")
    };
    incident.host.cgroup_version = Some(1);
    incident.source =
        Source { kind: SourceKind::KernelLog, probes: vec!["/var/log/kern.log".into()], ..Source::default() };
    incident
}

/// A kernel that prints its score, in thousandths, and no table.
pub(crate) fn old_kernel() -> Incident {
    let total = 2 * GIB;
    let mongod = candidate(21, "mongod", 1500 * MIB, 0, 0, total);
    let mut victim = victim(&mongod, "/", total);
    victim.cgroup = None;
    victim.badness =
        Some(Badness { total_pages: Some(total / PAGE), permille: Some(733), ..Badness::default() });
    let mut incident = Incident {
        scope: Scope {
            constraint: Some(Constraint::None),
            total_pages: Some(total / PAGE),
            ..Scope::default()
        },
        victims: vec![victim],
        ..base("14")
    };
    incident.host.kernel = "4.18.0-240.el8.x86_64".into();
    incident.source.kind = SourceKind::KernelLog;
    incident.source.probes = vec!["dmesg".into()];
    incident
}

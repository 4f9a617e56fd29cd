//! The events around the kills.

use oomtrace::model::*;

use super::*;

/// One of each kind but the kills, and both ends of a stream that can end well or badly.
pub(crate) fn stream() -> Vec<Event> {
    let time = || "2026-11-23T14:03:11.482913746Z".to_owned();
    vec![
        Event::Header(Header {
            schema: SCHEMA.into(),
            version: "0.1.0".into(),
            time: time(),
            boottime_ns: 86_461_482_913_746,
            host: host(),
            probes: ["fentry:oom_kill_process", "raw_tp:mark_victim"].map(Into::into).into(),
            notes: vec!["stacks have no names: CAP_SYSLOG is missing".into()],
            command: None,
        }),
        Event::Update(Update {
            id: "1f0c9a77-6".into(),
            exits: vec![VictimExit { pid: 31_337, kill_to_exit_ns: 812_000_000, ..VictimExit::default() }],
            victims: vec![Victim {
                role: Role::GroupMember,
                ..victim(&candidate(31_340, "ch-\u{1b}worker", 90 * MIB, 0, 0, GIB), "/", GIB)
            }],
            notes: vec!["/proc/vmstat counted 2 kills, 1 was seen".into()],
        }),
        Event::OomNoKill(NoKill {
            time: time(),
            boottime_ns: 1,
            reason: NoKillReason::AlreadyDying,
            pid: Some(7),
            comm: Some(Text::from("s\u{1b}h")),
            report: None,
        }),
        Event::OomNoKill(NoKill {
            time: time(),
            boottime_ns: 1,
            reason: NoKillReason::AlreadyExited,
            ..NoKill::default()
        }),
        Event::Sigkill(Box::new(Sigkill {
            time: time(),
            boottime_ns: 1,
            sender: Sender {
                kind: SenderKind::SystemdOomd,
                why: "its name and its unit systemd-oomd.service".into(),
                pid: Some(812),
                comm: "systemd-oomd".into(),
                uid: Some(998),
                unit: Some("systemd-oomd.service".into()),
                ..Sender::default()
            },
            how: SentHow::CgroupKill,
            target: Victim {
                role: Role::Signalled,
                ..victim(&candidate(31_341, "n\u{1b}ode", 90 * MIB, 0, 0, GIB), "/", GIB)
            },
        })),
        Event::UserspaceKill(Box::new(UserspaceKill {
            time: time(),
            host: host(),
            sender: Sender {
                kind: SenderKind::SystemdOomd,
                why: "the unit that the journal found it in".into(),
                pid: Some(812),
                comm: "systemd-oomd".into(),
                unit: Some("systemd-oomd.service".into()),
                ..Sender::default()
            },
            signal: Some(KillSignal::Kill),
            target: KillTarget {
                cgroup: Some(CgroupRef { path: Text::from("/system.slice/sh\u{1b}op.service"), id: None }),
                unit: Some("sh\u{1b}op.service".into()),
                processes: Some(3),
                ..KillTarget::default()
            },
            reason: KillReason {
                kind: KillReasonKind::MemoryPressure,
                pressure_percent: Some(71.73),
                pressure_limit_percent: Some(60.0),
                pressure_for: Some("30s".into()),
                pressure_cgroup: Some("/system.slice".into()),
                ..KillReason::default()
            },
            signal_to_exit_ns: Some(812_000_000),
            log: LogSource { name: "the journal".into(), format: "journal".into(), time: None },
            notes: vec!["it was marked for killing; that it was killed has no line of its own".into()],
        })),
        Event::Lost(Lost {
            time: time(),
            kills: 2,
            records: 1,
            why: "the ring buffer was full: start with a larger --ring-size".into(),
        }),
        Event::Footer(Footer {
            time: time(),
            kills: 3,
            filtered: 1,
            complete: true,
            vmstat_oom_kill: Some(3),
            ..Footer::default()
        }),
        Event::Footer(Footer {
            time: time(),
            kills: 1,
            lost_kills: 2,
            notes: vec!["the kernel counted more kills than were seen".into()],
            ..Footer::default()
        }),
    ]
}

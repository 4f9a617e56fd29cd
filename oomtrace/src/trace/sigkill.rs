//! A record of a SIGKILL into the event that is shown.

use oomtrace_common::{SigKill, UNKNOWN_32, signal_info};

use super::cgroup_path::CgroupPaths;
use super::worker::locate;
use crate::{
    collect::{Builder, Member},
    enrich::Enricher,
    kernel::{Roots, clock},
    model::{Event, Incident, Role, Sender, SentHow, Sigkill, Text, Victim},
    sigkill::{look, recognise},
};

/// `SI_QUEUE` and `SI_TKILL` of `include/uapi/asm-generic/siginfo.h`.
const SI_QUEUE: i32 = -1;
const SI_TKILL: i32 = -6;

/// Builds the event; who sender and target are is taken from what is remembered of them, else from `/proc`.
pub(super) fn event(
    record: &SigKill,
    builder: &Builder,
    enricher: &mut Enricher,
    paths: Option<&CgroupPaths>,
    roots: &Roots,
) -> (Incident, Event) {
    let time = record.header.time;
    let member = Member {
        role: Role::Signalled,
        task: record.task,
        signalled: Some(time),
        marked: None,
        exited: None,
    };
    let sender = Victim {
        role: Role::Signalled,
        pid: record.header.current_tgid,
        comm: Text::until_nul(&record.header.current_comm),
        uid: known(record.sender_uid),
        ppid: known(record.sender_ppid),
        cgroup: paths.and_then(|paths| paths.of(record.sender_memcg_id)),
        ..Victim::default()
    };
    let mut target = builder.late_victim(&member, &[]);
    // The kernel side tells numbers alone. The cgroups are often removed soon after, so they are looked at first.
    target.cgroup = target.cgroup.or_else(|| paths?.of(record.task.memcg_id));
    let mut both = Incident { victims: vec![target, sender], ..Incident::default() };
    let starts =
        [(record.task.tgid, record.task.start_time), (record.header.current_tgid, record.sender_start_time)];
    enricher.enrich(&mut both, &starts);
    locate(&mut both);
    let sender = both.victims.pop().unwrap_or_default();
    let target = both.victims.first().cloned().unwrap_or_default();
    let how = how(record);
    let mut sender = from_victim(sender);
    let ns_init = record.sender_ns_pid == 1 && record.header.current_tgid != 1;
    let seen = look(roots, enricher.cache(), &sender);
    sender.exe = seen.exe.map(Text::new);
    recognise(&mut sender, how, &target, seen.claim, ns_init);
    let sigkill = Sigkill { time: clock::rfc3339(time), boottime_ns: time, sender, how, target };
    (both, Event::Sigkill(Box::new(sigkill)))
}

fn known(value: u32) -> Option<u32> {
    (value != UNKNOWN_32).then_some(value)
}

fn how(record: &SigKill) -> SentHow {
    match (record.info, record.code) {
        (signal_info::KERNEL, _) => SentHow::Kernel,
        (signal_info::NONE, _) => SentHow::CgroupKill,
        (_, SI_TKILL) => SentHow::Tgkill,
        (_, SI_QUEUE) => SentHow::Sigqueue,
        _ => SentHow::Kill,
    }
}

/// The enricher fills victims; of a sender less is wanted.
fn from_victim(victim: Victim) -> Sender {
    let Victim { pid, comm, cmdline, exe, uid, ppid, cgroup, container, unit, .. } = victim;
    Sender { pid: Some(pid), comm, cmdline, exe, uid, ppid, cgroup, container, unit, ..Sender::default() }
}

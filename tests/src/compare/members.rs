//! The further victims: every "Killed process" line has its victim in the record, and the numbers agree.

use serde_json::Value;

use super::json::{bytes_at, number_at};
use super::{Counters, Machine, Outcome, array};
use crate::protocol::printable;
use crate::report::{Killed, Report};

/// Every line is a victim (once), and every chosen or group victim has such a line.
pub(super) fn check(record: &Value, report: &Report, machine: &Machine, outcome: &mut Outcome) {
    let victims: Vec<&Value> =
        array(record, "/victims").iter().filter(|v| v["role"] != "shared_mm").collect();
    let mut kernel: Vec<u64> = report.killed.iter().map(|killed| killed.pid.into()).collect();
    kernel.sort_unstable();
    // With `memory.oom.group` the chosen one is logged twice.
    kernel.dedup();
    let mut ours: Vec<u64> = victims.iter().filter_map(|victim| thread(victim)).collect();
    ours.sort_unstable();
    outcome.check("victims", ours == kernel, format_args!("{ours:?}"), format_args!("{kernel:?}"));
    let chosen = report.killed.first().map(|killed| killed.pid);
    for killed in report.killed.iter().filter(|killed| Some(killed.pid) != chosen) {
        if let Some(victim) = victims.iter().find(|victim| thread(victim) == Some(killed.pid.into())) {
            member(victim, killed, machine, outcome);
            // The log says of which cgroup the group is, not where below it each member lives.
            if record["source"]["kind"] != "kernel_log" {
                home(victim, killed, report, outcome);
            }
        }
    }
}

/// The thread that the log names.
fn thread(victim: &Value) -> Option<u64> {
    victim["tid"].as_u64().or(victim["pid"].as_u64())
}

fn member(victim: &Value, killed: &Killed, machine: &Machine, outcome: &mut Outcome) {
    let name = |field: &str| format!("victim[{}].{field}", killed.pid);
    let numbers: [(&str, &str, i128, i128); 7] = [
        ("uid", "/uid", 1, killed.uid.into()),
        ("oom_score_adj", "/oom_score_adj", 1, killed.oom_score_adj.into()),
        ("total_vm", "/memory/total_vm_bytes", 1024, killed.total_vm_kb.into()),
        ("anon", "anon_bytes", 1024, killed.anon_kb.into()),
        ("file", "file_bytes", 1024, killed.file_kb.into()),
        ("shmem", "shmem_bytes", 1024, killed.shmem_kb.into()),
        ("page_tables", "/memory/page_table_bytes", 1024, killed.page_table_kb.into()),
    ];
    for (field, pointer, unit, kernel) in numbers {
        let ours = match pointer.strip_prefix('/') {
            Some(_) => number_at(victim, pointer),
            None => viewed(victim, pointer, machine),
        };
        let ours = ours.map(|bytes| bytes / unit);
        // A member may exit before its line is printed; its parts are then what its thread had kept to itself higher.
        let most = if pointer.starts_with('/') { 0 } else { i128::from(machine.thread_slack()) / unit };
        let equal = ours.is_some_and(|ours| (0..=most).contains(&(kernel - ours)));
        outcome.check(&name(field), equal, format_args!("{ours:?}"), kernel);
    }
    let comm = bytes_at(victim, "/comm").unwrap_or_default();
    outcome.check(&name("comm"), comm == killed.comm, printable(&comm), printable(&killed.comm));
    let role = victim["role"].as_str().unwrap_or_default();
    outcome.check(&name("role"), role == "group_member", role, "group_member");
}

/// It lives in the group's cgroup or below.
fn home(victim: &Value, killed: &Killed, report: &Report, outcome: &mut Outcome) {
    let (path, group) = (bytes_at(victim, "/cgroup/path").unwrap_or_default(), report.group.clone());
    let group = group.unwrap_or_default();
    let name = format!("victim[{}].cgroup", killed.pid);
    outcome.check(&name, path.starts_with(&group), printable(&path), printable(&group));
}

/// Before 7.0 the log shows the kernel's view, where that differs.
fn viewed(victim: &Value, part: &str, machine: &Machine) -> Option<i128> {
    let exact = || number_at(victim, &format!("/memory/{part}"));
    if machine.counters == Counters::Exact {
        return exact();
    }
    number_at(victim, &format!("/memory/kernel_view/{part}")).or_else(exact)
}

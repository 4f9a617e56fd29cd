//! The candidates against the kernel's table of tasks.

use serde_json::Value;

use super::fields::{approximate, badness};
use super::json::{number_at, text_of};
use super::{Machine, Outcome, array};
use crate::report::{Report, TaskRow};

/// Whether the kernel scored anybody: not with `oom_kill_allocating_task`.
fn scored(report: &Report) -> bool {
    !report.killed.first().is_some_and(|killed| killed.message.contains("allocating_task"))
}

/// Each candidate has its row, and each row that could be killed is a candidate unless lower ones were left off.
pub(super) fn check(record: &Value, report: &Report, machine: &Machine, outcome: &mut Outcome) {
    let candidates = array(record, "/candidates");
    if report.tasks.is_empty() || (candidates.is_empty() && !scored(report)) {
        return;
    }
    for candidate in candidates {
        row(candidate, report, machine, record, outcome);
    }
    complete(record, candidates, report, machine, outcome);
    ordered(candidates, outcome);
}

/// By how many bytes a task may grow or shrink between its score and its row of the table.
const RUNS_ON: u64 = 1 << 20;
/// The same for the tracer, which is woken by this very kill and touches much of its memory and of its file for the first
/// time: 4.7 MiB were seen between the two.
const TRACER_RUNS_ON: u64 = 16 << 20;

fn row(candidate: &Value, report: &Report, machine: &Machine, record: &Value, outcome: &mut Outcome) {
    let pid = candidate["pid"].as_u64();
    let Some(row) = report.tasks.iter().find(|row| Some(u64::from(row.tgid)) == pid) else {
        return outcome.check("candidate", false, candidate, "no such row");
    };
    let name = |field: &str| format!("candidate[{}].{field}", row.tgid);
    // The table and the score are read one after the other; the central counters of a running task may be folded
    // between the two.
    // Tasks that are not killed run on meanwhile.
    let runs = record.pointer("/victims/0/pid").and_then(Value::as_u64) != pid;
    let moved = match &row.name[..] {
        _ if !runs => 0,
        b"oomtrace" => TRACER_RUNS_ON,
        _ => RUNS_ON,
    };
    let slack = moved + if approximate(machine) { 3 * machine.counter_slack() } else { 0 };
    // The table is printed after the scan.
    let grows = if runs { 0 } else { machine.runs_on(report) };
    let near = |ours: i128, kernel: i128, slack: u64, unit: u64| {
        (kernel - ours).unsigned_abs() <= u128::from(slack / unit)
            || (0..=i128::from(grows / unit)).contains(&(kernel - ours))
    };
    let expected = [
        ("rss", number_at(candidate, "/rss_bytes"), row.rss * machine.page, slack),
        ("swap", number_at(candidate, "/swap_bytes"), row.swap_entries * machine.page, moved),
        ("page_tables", number_at(candidate, "/page_table_bytes"), row.page_table_bytes, moved / 16),
    ];
    for (field, ours, kernel, slack) in expected {
        let ours = ours.unwrap_or(-1);
        outcome.check(&name(field), near(ours, kernel.into(), slack, 1), ours, kernel);
    }
    let adj = candidate["oom_score_adj"].as_i64();
    let kernel = Some(i64::from(row.oom_score_adj));
    outcome.check(&name("oom_score_adj"), adj == kernel, format_args!("{adj:?}"), format_args!("{kernel:?}"));
    if let (Some(points), Some(total)) =
        (number_at(candidate, "/points"), number_at(record, "/scope/total_pages"))
    {
        let kernel = badness(row, total, machine.page);
        outcome.check(&name("points"), near(points, kernel, slack, machine.page), points, kernel);
    }
    let comm = text_of(&candidate["comm"]).unwrap_or_default();
    let (ours, theirs) = (crate::protocol::printable(&comm), crate::protocol::printable(&row.name));
    // The table names the thread that has the memory, the score the leader: they differ when the leader has exited.
    outcome.check(&name("comm"), comm == row.name || row.pid != row.tgid, ours, theirs);
}

/// The list may end early, but never in the middle.
fn complete(record: &Value, candidates: &[Value], report: &Report, machine: &Machine, outcome: &mut Outcome) {
    let scored = number_at(record, "/candidates_scored");
    let listed = i128::try_from(candidates.len()).unwrap_or(0);
    let truncated = scored.is_some_and(|scored| scored > listed) && !candidates.is_empty();
    let lowest = candidates.iter().filter_map(|c| number_at(c, "/points")).min();
    let total = number_at(record, "/scope/total_pages").unwrap_or(0);
    let missing: Vec<u32> = report
        .tasks
        .iter()
        .filter(|row| killable(row))
        .filter(|row| !candidates.iter().any(|c| c["pid"].as_u64() == Some(row.tgid.into())))
        .filter(|row| !truncated || lowest.is_none_or(|lowest| badness(row, total, machine.page) > lowest))
        .map(|row| row.tgid)
        .collect();
    outcome.check("candidates", missing.is_empty(), "without some", format_args!("tasks {missing:?}"));
}

fn killable(row: &TaskRow) -> bool {
    row.oom_score_adj != -1000 && row.tgid != 1
}

fn ordered(candidates: &[Value], outcome: &mut Outcome) {
    let points: Vec<i128> = candidates.iter().filter_map(|c| number_at(c, "/points")).collect();
    let sorted = points.windows(2).all(|pair| pair[0] >= pair[1]);
    outcome.check("candidates.order", sorted, format_args!("{points:?}"), "highest first");
}

//! The fields, one row each: where the record has it, what the kernel's report says, who owes it.

use serde_json::Value;

use super::json::{Cell, cell_at, number_at};
use super::{Counters, Machine, Outcome, Rung};
use crate::report::{Report, TaskRow, UNLIMITED_KB, Usage};

use Rung::{Full, Log, Mark, Pid};

/// What the report says about a field.
enum Said {
    /// This value.
    Is(Cell),
    /// There must be none.
    Nothing,
    /// The report is silent.
    Unknown,
}

type Kernel = fn(&Context<'_>) -> Said;

/// All a field may look at.
struct Context<'a> {
    record: &'a Value,
    report: &'a Report,
    machine: &'a Machine,
}

/// A field of the comparison.
#[derive(Clone, Copy)]
pub(super) struct Field {
    /// As it is named to the user.
    name: &'static str,
    /// Where the record has it; the first that exists.
    pointers: &'static [&'static str],
    /// What the kernel says.
    kernel: Kernel,
    /// The difference that is no error, in the field's unit.
    slack: fn(&Machine) -> u64,
    /// It may be lower in the log: between the hook and the line, which takes long on a serial console, others in the
    /// cgroup exit. It was no higher than the limit.
    falls: bool,
    /// It may be higher in the log: see [`Machine::thread_slack`].
    rises: bool,
    /// It may be higher in the log: see [`Machine::runs_on`].
    grows: bool,
    /// The first pointer is the kernel's view of what the second has exactly: the log shows it before 7.0.
    view: bool,
    /// The record's unit in the kernel's: bytes in a KiB where the log cuts off.
    unit: u64,
    /// Rungs that owe it.
    owed: &'static [Rung],
}

impl Field {
    /// As it is named to the user.
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// True when a tracer on that rung must have it.
    #[cfg(test)]
    pub(super) fn is_owed(&self, rung: Rung) -> bool {
        self.owed.contains(&rung)
    }
}

/// Whatever the hooks leave open, the kernel's log completes.
const EVERY: &[Rung] = &[Full, Mark, Pid, Log];
/// Only from the kernel's decision itself.
const DECISION: &[Rung] = &[Full];
/// Only from the log, which is read where the hooks leave something open.
const LOGGED: &[Rung] = &[Mark, Pid, Log];
const VIEWS: [&[&str]; 4] = [
    &["/victims/0/memory/kernel_view/anon_bytes", "/victims/0/memory/anon_bytes"],
    &["/victims/0/memory/kernel_view/file_bytes", "/victims/0/memory/file_bytes"],
    &["/victims/0/memory/kernel_view/shmem_bytes", "/victims/0/memory/shmem_bytes"],
    &["/victims/0/memory/kernel_view/swap_bytes", "/victims/0/memory/swap_bytes"],
];

const fn field(
    name: &'static str,
    pointers: &'static [&'static str],
    owed: &'static [Rung],
    kernel: Kernel,
) -> Field {
    Field {
        name,
        pointers,
        kernel,
        slack: |_| 0,
        falls: false,
        rises: false,
        grows: false,
        view: false,
        unit: 1,
        owed,
    }
}

/// A size that the log gives in whole KiB.
const fn kib(
    name: &'static str,
    pointers: &'static [&'static str],
    owed: &'static [Rung],
    kernel: Kernel,
) -> Field {
    Field { unit: 1024, ..field(name, pointers, owed, kernel) }
}

/// A part of the memory that the record has in two views.
const fn viewed(field: Field) -> Field {
    Field { view: true, ..field }
}

/// A part that the line of the kill has.
const fn killed_part(field: Field) -> Field {
    Field { rises: true, grows: true, ..viewed(field) }
}

/// A number of the victim that is read once more for the log.
const fn read_again(field: Field) -> Field {
    Field { grows: true, ..field }
}

/// All of them.
pub(super) static FIELDS: &[Field] = &[
    field("victim.pid", &["/victims/0/pid"], EVERY, victim_pid),
    field("victim.tid", &["/victims/0/tid", "/victims/0/pid"], EVERY, |c| killed(c, |k| number(k.pid))),
    field("victim.comm", &["/victims/0/comm"], EVERY, |c| killed(c, |k| Cell::Bytes(k.comm.clone()))),
    field("victim.uid", &["/victims/0/uid"], EVERY, |c| killed(c, |k| number(k.uid))),
    field("victim.oom_score_adj", &["/victims/0/oom_score_adj"], EVERY, |c| {
        killed(c, |k| number(k.oom_score_adj))
    }),
    kib("victim.total_vm", &["/victims/0/memory/total_vm_bytes"], EVERY, |c| {
        killed(c, |k| number(k.total_vm_kb))
    }),
    killed_part(kib("victim.anon", VIEWS[0], EVERY, |c| killed(c, |k| number(k.anon_kb)))),
    killed_part(kib("victim.file", VIEWS[1], EVERY, |c| killed(c, |k| number(k.file_kb)))),
    killed_part(kib("victim.shmem", VIEWS[2], EVERY, |c| killed(c, |k| number(k.shmem_kb)))),
    read_again(kib("victim.page_tables", &["/victims/0/memory/page_table_bytes"], EVERY, |c| {
        killed(c, |k| number(k.page_table_kb))
    })),
    viewed(kib("victim.swap", VIEWS[3], EVERY, |c| {
        row(c, |r| number(r.swap_entries * c.machine.page / 1024))
    })),
    field("victim.cgroup", &["/victims/0/cgroup/path"], EVERY, |c| {
        choice(c, |k| Cell::Bytes(k.task_memcg.clone()))
    }),
    field("trigger.pid", &["/trigger/pid"], EVERY, |c| of(c.report.trigger_pid.map(number))),
    field("trigger.comm", &["/trigger/comm"], EVERY, |c| invoked(c, |i| Cell::Bytes(i.comm.clone()))),
    field("gfp.value", &["/scope/gfp_flags/value"], EVERY, |c| invoked(c, |i| number(i.gfp_value))),
    field("gfp.names", &["/scope/gfp_flags/names"], EVERY, |c| invoked(c, |i| text(&i.gfp_names))),
    field("order", &["/scope/order"], EVERY, |c| invoked(c, |i| number(i.order))),
    field("message", &["/scope/message"], EVERY, |c| killed(c, |k| text(&k.message))),
    field("constraint", &["/scope/constraint"], EVERY, |c| choice(c, |k| constraint(&k.constraint))),
    field("sysrq", &["/scope/sysrq"], &[], |c| invoked(c, |i| number(i32::from(i.order == -1)))),
    field("memcg.path", &["/scope/memcg/path"], EVERY, oom_memcg),
    field("memcg.levels", &["/scope/memcg/levels_above_victim"], EVERY, levels),
    kib("memcg.limit", &["/scope/memcg/limit_bytes"], EVERY, |c| limit(c.report.memory)),
    Field {
        slack: |machine| machine.usage_slack() / 1024,
        falls: true,
        ..kib("memcg.usage", &["/scope/memcg/usage_bytes"], EVERY, |c| used(c.report.memory))
    },
    kib("memcg.swap_limit", &["/scope/memcg/swap_limit_bytes"], EVERY, |c| limit(swap(c))),
    Field {
        slack: |machine| machine.usage_slack() / 1024,
        falls: true,
        ..kib("memcg.swap_usage", &["/scope/memcg/swap_usage_bytes"], EVERY, |c| used(swap(c)))
    },
    field("cpuset", &["/scope/cpuset"], LOGGED, |c| choice(c, |k| Cell::Bytes(k.cpuset.clone()))),
    field("mems_allowed", &["/scope/mems_allowed"], LOGGED, |c| choice(c, |k| text(&k.mems_allowed))),
    field("total_pages", &["/scope/total_pages"], DECISION, total_pages),
    read_again(field("badness.points", &["/victims/0/badness/points"], DECISION, points)),
    read_again(field("badness.recomputed", &["/victims/0/badness/recomputed"], DECISION, recomputed)),
    read_again(field("badness.rss", &["/victims/0/badness/parts/rss_pages"], DECISION, |c| {
        row(c, |r| number(r.rss))
    })),
    field("badness.swap", &["/victims/0/badness/parts/swap_pages"], DECISION, |c| {
        row(c, |r| number(r.swap_entries))
    }),
    read_again(field("badness.page_tables", &["/victims/0/badness/parts/page_table_pages"], DECISION, |c| {
        row(c, |r| number(r.page_table_bytes / c.machine.page))
    })),
    field("badness.adj", &["/victims/0/badness/parts/adj_pages"], DECISION, |c| {
        of(row_of(c).and_then(|r| adj(c, r)))
    }),
];

/// Compares one field.
pub(super) fn check(
    field: &Field,
    record: &Value,
    report: &Report,
    machine: &Machine,
    rung: Rung,
    outcome: &mut Outcome,
) {
    let ours = pointers(field, machine).iter().find_map(|pointer| cell_at(record, pointer));
    let ours = ours.map(|cell| scaled(cell, field.unit));
    match ((field.kernel)(&Context { record, report, machine }), ours) {
        (Said::Unknown, _) | (Said::Nothing, None) => {}
        (Said::Nothing, Some(ours)) => outcome.check(field.name, false, ours, "none"),
        (Said::Is(kernel), Some(ours)) => {
            let slack = slack(field, record, machine);
            let equal = near(&ours, &kernel, slack)
                || field.falls && fell(&ours, &kernel, report, rung, slack)
                || field.rises && rose(&ours, &kernel, report, rung, machine)
                || field.grows && grew(&ours, &kernel, report, field, rung, machine);
            outcome.check(field.name, equal, ours, kernel);
        }
        (Said::Is(kernel), None) => {
            if field.owed.contains(&rung) {
                outcome.check(field.name, false, "missing", kernel);
            }
        }
    }
}

/// Since 7.0 the log shows the exact value.
fn pointers(field: &Field, machine: &Machine) -> &'static [&'static str] {
    let skip = usize::from(field.view && machine.counters == Counters::Exact);
    &field.pointers[skip..]
}

/// A record that says its values are approximate may be off by what the per-CPU parts hold where the log is exact.
fn slack(field: &Field, record: &Value, machine: &Machine) -> u64 {
    let said = record.pointer("/victims/0/memory/accuracy").and_then(Value::as_str);
    if field.view && machine.counters == Counters::Exact && said == Some("approximate") {
        return machine.counter_slack() / field.unit;
    }
    (field.slack)(machine)
}

fn scaled(cell: Cell, unit: u64) -> Cell {
    match cell {
        Cell::Number(number) => Cell::Number(number / i128::from(unit)),
        bytes @ Cell::Bytes(_) => bytes,
    }
}

/// Whether the later of the two numbers is what is left of the earlier one, which was within the limit, in KiB. The hook on
/// the decision comes before the line, the one on the mark after it.
fn fell(ours: &Cell, kernel: &Cell, report: &Report, rung: Rung, slack: u64) -> bool {
    let (Cell::Number(ours), Cell::Number(kernel)) = (ours, kernel) else { return false };
    let (earlier, later) = if rung == Full { (ours, kernel) } else { (kernel, ours) };
    let limit = report.memory.map_or(0, |memory| memory.limit_kb);
    later <= earlier && *earlier <= i128::from(limit) + i128::from(slack)
}

/// Whether the log has, in KiB, what the victim's thread had kept to itself until it exited. The trigger is busy with the
/// kill, and a record made from the log has the log's numbers.
fn rose(ours: &Cell, kernel: &Cell, report: &Report, rung: Rung, machine: &Machine) -> bool {
    let (Cell::Number(ours), Cell::Number(kernel)) = (ours, kernel) else { return false };
    let itself = report.killed.first().map(|killed| killed.pid) == report.trigger_pid;
    let most = i128::from(machine.thread_slack() / 1024);
    !itself && rung != Log && (0..=most).contains(&(kernel - ours))
}

/// Whether the log has what the victim took while another task ran the OOM killer. What has no unit is in pages.
fn grew(ours: &Cell, kernel: &Cell, report: &Report, field: &Field, rung: Rung, machine: &Machine) -> bool {
    let (Cell::Number(ours), Cell::Number(kernel)) = (ours, kernel) else { return false };
    let unit = if field.unit == 1 { machine.page } else { field.unit };
    rung != Log && (0..=i128::from(machine.runs_on(report) / unit)).contains(&(kernel - ours))
}

fn near(ours: &Cell, kernel: &Cell, slack: u64) -> bool {
    match (ours, kernel) {
        (Cell::Number(a), Cell::Number(b)) => (a - b).unsigned_abs() <= u128::from(slack),
        (a, b) => a == b,
    }
}

fn number(value: impl Into<i128>) -> Cell {
    Cell::Number(value.into())
}

fn text(value: &str) -> Cell {
    Cell::Bytes(value.as_bytes().to_vec())
}

fn of(cell: Option<Cell>) -> Said {
    cell.map_or(Said::Unknown, Said::Is)
}

fn killed(c: &Context<'_>, get: impl FnOnce(&crate::report::Killed) -> Cell) -> Said {
    of(c.report.killed.first().map(get))
}

fn invoked(c: &Context<'_>, get: impl FnOnce(&crate::report::Invoked) -> Cell) -> Said {
    of(c.report.invoked.as_ref().map(get))
}

fn choice(c: &Context<'_>, get: impl FnOnce(&crate::report::Choice) -> Cell) -> Said {
    of(c.report.choice.as_ref().map(get))
}

fn row(c: &Context<'_>, get: impl FnOnce(&TaskRow) -> Cell) -> Said {
    of(row_of(c).map(get))
}

/// The victim's row of the table.
fn row_of<'a>(c: &Context<'a>) -> Option<&'a TaskRow> {
    let pid = c.report.choice.as_ref()?.pid;
    c.report.tasks.iter().find(|row| row.tgid == pid)
}

/// "oom-kill:" names the process, "Killed process" the thread: without the first there is no telling.
fn victim_pid(c: &Context<'_>) -> Said {
    choice(c, |choice| number(choice.pid))
}

fn constraint(name: &str) -> Cell {
    text(match name {
        "CONSTRAINT_NONE" => "none",
        "CONSTRAINT_CPUSET" => "cpuset",
        "CONSTRAINT_MEMORY_POLICY" => "memory_policy",
        "CONSTRAINT_MEMCG" => "memcg",
        other => other,
    })
}

fn oom_memcg(c: &Context<'_>) -> Said {
    match c.report.choice.as_ref().map(|choice| &choice.oom_memcg) {
        Some(Some(path)) => Said::Is(Cell::Bytes(path.clone())),
        Some(None) => Said::Nothing,
        None => Said::Unknown,
    }
}

/// Path components below the limit.
fn levels(c: &Context<'_>) -> Said {
    let depth = |path: &[u8]| path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).count();
    of(c.report.choice.as_ref().and_then(|choice| {
        let below = depth(&choice.task_memcg).checked_sub(depth(choice.oom_memcg.as_ref()?))?;
        Some(number(u64::try_from(below).ok()?))
    }))
}

/// v2 has swap by itself, v1 memory and swap together.
fn swap(c: &Context<'_>) -> Option<Usage> {
    c.report.swap.or(c.report.memory_swap)
}

fn limit(usage: Option<Usage>) -> Said {
    match usage {
        Some(usage) if usage.limit_kb >= UNLIMITED_KB => Said::Nothing,
        Some(usage) => Said::Is(number(usage.limit_kb)),
        None => Said::Unknown,
    }
}

fn used(usage: Option<Usage>) -> Said {
    of(usage.map(|usage| number(usage.usage_kb)))
}

/// The size of the domain, worked out from the report: the limit with the swap it may use, or the machine. The nodes of a
/// cpuset or a policy are not in the report.
fn total_pages(c: &Context<'_>) -> Said {
    of(c.report.choice.as_ref().and_then(|choice| domain_pages(c, &choice.constraint)).map(number))
}

fn domain_pages(c: &Context<'_>, constraint: &str) -> Option<u64> {
    let pages = |kb: u64| kb / (c.machine.page / 1024);
    match constraint {
        "CONSTRAINT_NONE" => Some(c.machine.ram_pages + c.machine.swap_pages),
        "CONSTRAINT_MEMCG" => {
            let memory = c.report.memory?;
            let swap = match (c.report.swap, c.report.memory_swap) {
                (Some(swap), _) => pages(swap.limit_kb),
                (None, Some(both)) => pages(both.limit_kb.saturating_sub(memory.limit_kb)),
                (None, None) => 0,
            };
            Some(pages(memory.limit_kb) + swap.min(c.machine.swap_pages))
        }
        _ => None,
    }
}

/// `oom_score_adj * (total_pages / 1000)`.
fn adj(c: &Context<'_>, row: &TaskRow) -> Option<Cell> {
    let total = number_at(c.record, "/scope/total_pages")?;
    Some(Cell::Number(i128::from(row.oom_score_adj) * (total / 1000)))
}

/// The formula of `oom_badness` on a row of the kernel's own table, in pages.
pub(super) fn badness(row: &TaskRow, total_pages: i128, page: u64) -> i128 {
    let pages = row.rss + row.swap_entries + row.page_table_bytes / page;
    i128::from(pages) + i128::from(row.oom_score_adj) * (total_pages / 1000)
}

fn recomputed(c: &Context<'_>) -> Said {
    let total = number_at(c.record, "/scope/total_pages");
    of(row_of(c).zip(total).map(|(row, total)| Cell::Number(badness(row, total, c.machine.page))))
}

/// The kernel scores nobody with `oom_kill_allocating_task`.
fn points(c: &Context<'_>) -> Said {
    let unscored = c.report.killed.first().is_some_and(|k| k.message.contains("allocating_task"));
    if unscored { Said::Nothing } else { recomputed(c) }
}

/// True when log and badness are only the central part of the counters.
pub(super) fn approximate(machine: &Machine) -> bool {
    machine.counters == Counters::Approximate
}

//! What the kernel's log says about one run of the OOM killer (5.10 and later).
//!
//! Written for the tests alone: the oracle must not share its mistakes with oomtrace's own reader of the log.

mod lines;
mod table;

use crate::kmsg::Line;

/// All the log says about one run of the OOM killer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// "X invoked oom-killer"; absent when the report was rate-limited (10 in 5 s).
    pub invoked: Option<Invoked>,
    /// Thread that hit the limit, from the line of dump_stack.
    pub trigger_pid: Option<u32>,
    /// "memory: usage".
    pub memory: Option<Usage>,
    /// v2 "swap: usage".
    pub swap: Option<Usage>,
    /// v1 "memory+swap: usage".
    pub memory_swap: Option<Usage>,
    /// "Tasks state".
    pub tasks: Vec<TaskRow>,
    /// "oom-kill:".
    pub choice: Option<Choice>,
    /// "Killed process", in the log's order; with `memory.oom.group` the chosen one appears twice.
    pub killed: Vec<Killed>,
    /// "Tasks in PATH are going to be killed".
    pub group: Option<Vec<u8>>,
    /// "Out of memory and no killable processes".
    pub nothing_killable: bool,
}

/// "X invoked oom-killer: gfp_mask=...".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invoked {
    /// Name of the task.
    pub comm: Vec<u8>,
    /// Flags.
    pub gfp_value: u32,
    /// Flags by name.
    pub gfp_names: String,
    /// Order; -1 for SysRq.
    pub order: i32,
    /// Its adjustment.
    pub oom_score_adj: i32,
}

/// A memory cgroup's counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// KiB.
    pub usage_kb: u64,
    /// KiB; [`UNLIMITED_KB`] when there is no limit.
    pub limit_kb: u64,
}

/// How a counter without limit shows, with pages of 4 KiB.
pub const UNLIMITED_KB: u64 = 9_007_199_254_740_988;

/// A row of the table of tasks; memory in pages, page tables in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskRow {
    /// The thread that has the memory.
    pub pid: u32,
    /// User.
    pub uid: u32,
    /// The process.
    pub tgid: u32,
    /// Address space.
    pub total_vm: u64,
    /// Resident.
    pub rss: u64,
    /// Page tables in bytes.
    pub page_table_bytes: u64,
    /// Swapped out.
    pub swap_entries: u64,
    /// Adjustment.
    pub oom_score_adj: i32,
    /// Name.
    pub name: Vec<u8>,
}

/// "oom-kill:".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// `CONSTRAINT_MEMCG` and so on.
    pub constraint: String,
    /// NUMA nodes of the allocation, `(null)` for all.
    pub nodemask: String,
    /// Name of the trigger's cpuset.
    pub cpuset: Vec<u8>,
    /// Its nodes.
    pub mems_allowed: String,
    /// The memory cgroup whose limit was hit.
    pub oom_memcg: Option<Vec<u8>>,
    /// Where the victim lived.
    pub task_memcg: Vec<u8>,
    /// The victim's leader.
    pub task: Vec<u8>,
    /// Its process id.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
}

/// "Killed process".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Killed {
    /// Words before it.
    pub message: String,
    /// The thread that had the memory.
    pub pid: u32,
    /// Its name.
    pub comm: Vec<u8>,
    /// KiB.
    pub total_vm_kb: u64,
    /// KiB.
    pub anon_kb: u64,
    /// KiB.
    pub file_kb: u64,
    /// KiB.
    pub shmem_kb: u64,
    /// User.
    pub uid: u32,
    /// KiB.
    pub page_table_kb: u64,
    /// Adjustment.
    pub oom_score_adj: i32,
}

/// Cuts the log into runs of the OOM killer.
///
/// A "Killed process" line without a report before it (rate limit) makes a run of its own.
#[must_use]
pub fn reports(log: &[Line]) -> Vec<Report> {
    let mut found: Vec<Report> = Vec::new();
    let mut rows = table::Table::default();
    for line in log {
        if let Some(invoked) = lines::invoked(&line.text) {
            found.push(Report { invoked: Some(invoked), ..Report::default() });
            rows = table::Table::default();
        } else if let Some(killed) = lines::killed(&line.text) {
            place_kill(&mut found, killed);
        } else if let Some(report) = found.last_mut() {
            add(report, &line.text, &mut rows);
        }
    }
    found
}

/// A kill belongs to the open report unless that one has its kill already and no group went along.
fn place_kill(found: &mut Vec<Report>, killed: Killed) {
    match found.last_mut() {
        Some(last) if last.killed.is_empty() || last.group.is_some() => last.killed.push(killed),
        _ => found.push(Report { killed: vec![killed], ..Report::default() }),
    }
}

fn add(report: &mut Report, text: &[u8], rows: &mut table::Table) {
    if let Some(row) = rows.row(text) {
        report.tasks.push(row);
    } else if let Some(choice) = lines::choice(text) {
        report.choice = Some(choice);
    } else if let Some(path) = lines::group(text) {
        report.group = Some(path);
    } else if text.starts_with(b"Out of memory and no killable processes") {
        report.nothing_killable = true;
    } else if report.trigger_pid.is_none() && text.starts_with(b"CPU: ") {
        report.trigger_pid = lines::stack_pid(text);
    } else if let Some(usage) = lines::usage(text, b"memory: usage ") {
        report.memory = Some(usage);
    } else if let Some(usage) = lines::usage(text, b"memory+swap: usage ") {
        report.memory_swap = Some(usage);
    } else if let Some(usage) = lines::usage(text, b"swap: usage ") {
        report.swap = Some(usage);
    }
}

#[cfg(test)]
mod tests;

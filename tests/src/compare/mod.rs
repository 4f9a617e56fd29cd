//! A record of oomtrace against the kernel's report of the same kill, field by field.
//!
//! Pure: no file is read here. A field the kernel reports must be equal in the record; where the kernel's own number may
//! move between the two readings the bound is stated beside the field. A field that the [`Rung`] owes and the record
//! lacks is a mismatch too.

mod candidates;
mod fields;
mod json;
mod members;

use std::fmt;

use serde_json::Value;

use crate::report::Report;

pub use json::{bytes_at, number_at, text_of};

/// How the kernel counts the resident memory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counters {
    /// To 6.1: one number.
    Atomic,
    /// 6.2 to 6.19: per-CPU parts; log and badness use only the central one.
    Approximate,
    /// Since 7.0: log and badness use the sum.
    Exact,
}

/// What the comparison must know about the machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Bytes.
    pub page: u64,
    /// CPUs that are possible.
    pub cpus: u64,
    /// MemTotal in pages.
    pub ram_pages: u64,
    /// SwapTotal in pages.
    pub swap_pages: u64,
    /// By kernel version.
    pub counters: Counters,
}

impl Machine {
    /// The counters of a kernel version.
    #[must_use]
    pub fn counters_of(version: (u32, u32)) -> Counters {
        match version {
            (7.., _) => Counters::Exact,
            (6, 2..) => Counters::Approximate,
            _ => Counters::Atomic,
        }
    }

    /// By how many bytes the central part of a per-CPU counter may be off: `(batch - 1) * CPUs` pages with
    /// `batch = max(32, 2 * CPUs)`.
    #[must_use]
    pub fn counter_slack(&self) -> u64 {
        (32.max(2 * self.cpus) - 1) * self.cpus * self.page
    }

    /// By how many bytes a part of a process's memory may be higher in the line "Killed process" than at the hook before it.
    ///
    /// To 6.1 a thread keeps to itself what it has faulted in, up to 64 pages (`TASK_RSS_EVENTS_THRESH`), and adds it at the
    /// latest when it exits (`exit_mm`). The kernel prints the line after it has sent SIGKILL.
    #[must_use]
    pub fn thread_slack(&self) -> u64 {
        if self.counters == Counters::Atomic { 64 * self.page } else { 0 }
    }

    /// By how many bytes a victim may grow while another task runs the OOM killer for the whole machine: it goes on with the
    /// pages that are freed meanwhile, until it gets its SIGKILL. In a memory cgroup there are none.
    #[must_use]
    pub fn runs_on(&self, report: &Report) -> u64 {
        let memcg = report.choice.as_ref().is_none_or(|choice| choice.constraint == "CONSTRAINT_MEMCG");
        let asked_for = report.invoked.as_ref().is_some_and(|invoked| invoked.order == -1);
        let itself = report.choice.as_ref().map(|choice| choice.pid) == report.trigger_pid;
        if memcg || asked_for || itself { 0 } else { 512 * self.page }
    }

    /// By how many bytes a memory cgroup's usage may move while the kernel is in the OOM killer: one charged batch of 64
    /// pages for each CPU, and one for the request.
    #[must_use]
    pub fn usage_slack(&self) -> u64 {
        64 * (self.cpus + 1) * self.page
    }
}

/// What the tracer saw the kill with; it decides which fields it owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// `oom_kill_process` by fentry or kprobe.
    Full,
    /// `mark_victim` with the task (tp_btf, raw_tp).
    Mark,
    /// `mark_victim` with the pid only.
    Pid,
    /// The kernel's log.
    Log,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Its name.
    pub field: String,
    /// What the record says.
    pub record: String,
    /// What the kernel says.
    pub kernel: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {}, kernel {}", self.field, self.record, self.kernel)
    }
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Names of the fields that were in both and agreed.
    pub agreed: Vec<String>,
    /// Those that did not, or are missing.
    pub mismatches: Vec<Mismatch>,
}

impl Outcome {
    /// Notes one comparison.
    pub fn check(&mut self, field: &str, equal: bool, record: impl fmt::Display, kernel: impl fmt::Display) {
        if equal {
            self.agreed.push(field.to_owned());
        } else {
            let (record, kernel) = (record.to_string(), kernel.to_string());
            self.mismatches.push(Mismatch { field: field.to_owned(), record, kernel });
        }
    }
}

/// Compares one record with one report.
#[must_use]
pub fn compare(record: &Value, report: &Report, machine: &Machine, rung: Rung) -> Outcome {
    let mut outcome = Outcome::default();
    for field in fields::FIELDS {
        fields::check(field, record, report, machine, rung, &mut outcome);
    }
    exact(record, machine, &mut outcome);
    members::check(record, report, machine, &mut outcome);
    candidates::check(record, report, machine, &mut outcome);
    outcome
}

/// Where the record has both, the exact value and the kernel's cheap one differ by no more than the per-CPU parts hold.
fn exact(record: &Value, machine: &Machine, outcome: &mut Outcome) {
    for part in ["anon", "file", "shmem", "swap"] {
        let at = |place: &str| number_at(record, &format!("/victims/0/memory/{place}{part}_bytes"));
        if let (Some(exact), Some(cheap)) = (at(""), at("kernel_view/")) {
            let near = (exact - cheap).unsigned_abs() <= u128::from(machine.counter_slack());
            outcome.check(&format!("victim.{part} (exact)"), near, exact, cheap);
        }
    }
}

/// The array at `pointer`, empty when there is none.
pub(crate) fn array<'a>(record: &'a Value, pointer: &str) -> &'a [Value] {
    record.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;

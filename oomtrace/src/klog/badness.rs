//! The kernel's score, worked out again from its task table.
//!
//! `points = rss + swapents + page tables + oom_score_adj * (totalpages / 1000)`, in pages; the division comes first. The
//! table and the score use the same counters, so that the sum is the kernel's own (5.9 and later; before, the kernel
//! raises values below 1 to 1). Tasks with `oom_score_adj` -1000 are listed but not scored.

use crate::model::{Badness, BadnessParts, Constraint};

use super::{Report, TaskRow};

/// What the log does not say about the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Bytes; 0 when it is not known.
    pub page_size: u64,
    /// Swap of the whole machine in bytes; a memory cgroup's report does not tell it.
    pub total_swap_bytes: Option<u64>,
    /// `vm.swappiness` (v1: of the cgroup): with 0, swap is no part of the domain.
    pub swappiness: Option<u32>,
    /// `oc->totalpages`, where it is known from elsewhere.
    pub total_pages: Option<u64>,
}

impl Facts {
    pub(super) fn pages(&self, kb: u64) -> Option<u64> {
        kb.checked_mul(1024)?.checked_div(self.page_size)
    }

    pub(super) fn bytes(&self, pages: u64) -> Option<u64> {
        if self.page_size == 0 { None } else { pages.checked_mul(self.page_size) }
    }
}

/// `oc->totalpages`, where the log determines it: not for cpusets and memory policies, whose nodes' sizes it does not tell.
#[must_use]
pub fn total_pages(report: &Report, facts: &Facts) -> Option<u64> {
    facts.total_pages.or_else(|| derive(report, facts))
}

/// The size that scores are worked out with, and whether it is assumed: where the log tells a cgroup's limit and not how much
/// swap there is, but nothing of the cgroup was swapped out although it was at its limit, there is taken to be none.
pub(super) fn scoring_pages(report: &Report, facts: &Facts) -> Option<(u64, bool)> {
    if let Some(known) = total_pages(report, facts) {
        return Some((known, false));
    }
    let memcg = &report.memcg;
    let used = match (memcg.swap, memcg.memory_swap, memcg.memory) {
        (Some(swap), ..) => swap.usage_kb,
        (None, Some(both), Some(memory)) => both.usage_kb.saturating_sub(memory.usage_kb),
        _ => return None,
    };
    let told = facts.total_swap_bytes.is_some() || facts.swappiness.is_some();
    let swapped = used > 0 || report.tasks.iter().any(|row| row.swapents > 0);
    let pages = limit_pages(report, facts)?;
    (!told && !swapped).then_some((pages, true))
}

/// The memory limit of the cgroup alone, in pages.
pub(super) fn limit_pages(report: &Report, facts: &Facts) -> Option<u64> {
    let is_memcg = report.domain.constraint == Some(Constraint::Memcg);
    facts.pages(report.memcg.memory?.limit_kb.filter(|_| is_memcg)?)
}

fn derive(report: &Report, facts: &Facts) -> Option<u64> {
    match report.domain.constraint? {
        Constraint::None => {
            let machine = &report.machine;
            let ram = machine.ram_pages?.checked_sub(machine.reserved_pages?)?;
            ram.checked_add(facts.pages(machine.total_swap_kb?)?)
        }
        Constraint::Memcg => {
            let memory = report.memcg.memory?.limit_kb?;
            facts.pages(memory)?.checked_add(facts.pages(swap_kb(report, facts, memory)?)?)
        }
        Constraint::Cpuset | Constraint::MemoryPolicy => None,
    }
}

/// How much swap belongs to the domain of a memory cgroup.
fn swap_kb(report: &Report, facts: &Facts, memory_kb: u64) -> Option<u64> {
    let machine = facts.total_swap_bytes.map(|bytes| bytes / 1024);
    let allowed = match (report.memcg.swap, report.memcg.memory_swap) {
        (Some(swap), _) => swap.limit_kb,
        (None, Some(both)) => both.limit_kb.map(|limit| limit.saturating_sub(memory_kb)),
        (None, None) => None,
    };
    if machine == Some(0) || allowed == Some(0) || facts.swappiness == Some(0) {
        return Some(0);
    }
    facts.swappiness?;
    Some(machine?.min(allowed.unwrap_or(u64::MAX)))
}

/// The summands of a task's score; `None` where the table has no column of page tables, or no page size is known.
#[must_use]
pub fn parts(row: &TaskRow, total_pages: Option<u64>, facts: &Facts) -> Option<BadnessParts> {
    let tables = match row.pgtables_bytes {
        Some(bytes) => bytes.checked_div(facts.page_size)?,
        None => row.page_table_pages?,
    };
    let signed = |pages: u64| i64::try_from(pages).ok();
    let adjustment = i64::from(row.oom_score_adj);
    let adj_pages = match (adjustment, total_pages) {
        (0, _) => Some(0),
        (_, Some(total)) => adjustment.checked_mul(signed(total / 1000)?),
        (_, None) => None,
    };
    Some(BadnessParts {
        rss_pages: signed(row.rss)?,
        swap_pages: signed(row.swapents)?,
        page_table_pages: signed(tables)?,
        adj_pages,
    })
}

/// The sum; `None` when the adjustment is not known.
#[must_use]
pub fn sum(parts: &BadnessParts) -> Option<i64> {
    parts
        .rss_pages
        .checked_add(parts.swap_pages)?
        .checked_add(parts.page_table_pages)?
        .checked_add(parts.adj_pages?)
}

/// The score of a task; `None` for one that may not be killed, or when a part is not known.
#[must_use]
pub fn points(row: &TaskRow, total_pages: Option<u64>, facts: &Facts) -> Option<i64> {
    if row.oom_score_adj == -1000 {
        return None;
    }
    sum(&parts(row, total_pages, facts)?)
}

/// What the log tells of the chosen task's score. `points` is absent: the log does not print it (5.1 and later).
#[must_use]
pub fn of_victim(report: &Report, tgid: u32, facts: &Facts) -> Option<Badness> {
    let total_pages = total_pages(report, facts);
    let scoring = scoring_pages(report, facts).map(|(pages, _)| pages);
    let parts = report.row_of(tgid).and_then(|row| parts(row, scoring, facts));
    let score = report.chosen.as_ref().filter(|chosen| chosen.task.pid == tgid).map(|chosen| chosen.score);
    let recomputed = parts.as_ref().and_then(sum);
    let known = parts.is_some() || score.is_some();
    known.then_some(Badness { points: None, total_pages, permille: score.map(i64::from), recomputed, parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::{Counter, Domain, Machine, MemcgUsage};

    const FACTS: Facts =
        Facts { page_size: 4096, total_swap_bytes: None, swappiness: None, total_pages: None };

    fn counter(limit_kb: Option<u64>) -> Option<Counter> {
        Some(Counter { usage_kb: 0, limit_kb, failcnt: 0 })
    }

    fn memcg(swap: Option<Counter>, memory_swap: Option<Counter>) -> Report {
        Report {
            domain: Domain { constraint: Some(Constraint::Memcg), ..Domain::default() },
            memcg: MemcgUsage { memory: counter(Some(20480)), swap, memory_swap, ..MemcgUsage::default() },
            ..Report::default()
        }
    }

    #[test]
    fn the_values_seen_on_6_12() {
        // memory.max=20M without swap: 5245 rss + 77824/4096 = 19 + 200 * (5120/1000 = 5) = 6264, the kernel's chosen_points.
        let row =
            TaskRow { rss: 5245, pgtables_bytes: Some(77824), oom_score_adj: 200, ..TaskRow::default() };
        let total = total_pages(&memcg(counter(Some(0)), None), &FACTS);
        assert_eq!(total, Some(5120));
        assert_eq!(points(&row, total, &FACTS), Some(6264));
        assert_eq!(points(&row, None, &FACTS), None);
        assert_eq!(points(&TaskRow { oom_score_adj: 0, ..row.clone() }, None, &FACTS), Some(5264));
        assert_eq!(points(&TaskRow { oom_score_adj: -1000, ..row }, total, &FACTS), None);
    }

    #[test]
    fn swap_counts_only_where_it_is_known_to() {
        let unlimited = memcg(counter(None), None);
        assert_eq!(total_pages(&unlimited, &FACTS), None);
        assert_eq!(total_pages(&unlimited, &Facts { total_swap_bytes: Some(0), ..FACTS }), Some(5120));
        let swapping = Facts { total_swap_bytes: Some(8 << 20), swappiness: Some(60), ..FACTS };
        assert_eq!(total_pages(&unlimited, &swapping), Some(5120 + 2048));
        assert_eq!(total_pages(&unlimited, &Facts { swappiness: None, ..swapping }), None);
        assert_eq!(total_pages(&unlimited, &Facts { swappiness: Some(0), ..swapping }), Some(5120));
        assert_eq!(total_pages(&memcg(counter(Some(4096)), None), &swapping), Some(5120 + 1024));
        assert_eq!(total_pages(&memcg(None, counter(Some(24576))), &swapping), Some(5120 + 1024));
        assert_eq!(total_pages(&memcg(None, None), &FACTS), None);
    }

    #[test]
    fn no_swap_is_assumed_where_nothing_was_swapped_out() {
        let unlimited = memcg(counter(None), None);
        assert_eq!(scoring_pages(&unlimited, &FACTS), Some((5120, true)));
        assert_eq!(scoring_pages(&memcg(counter(Some(0)), None), &FACTS), Some((5120, false)));
        assert_eq!(scoring_pages(&memcg(None, None), &FACTS), None, "nothing tells of swap at all");
        let told = Facts { total_swap_bytes: Some(8 << 20), ..FACTS };
        assert_eq!(scoring_pages(&unlimited, &told), None, "there is swap, how much counts is not known");
        let row = TaskRow { swapents: 1, ..TaskRow::default() };
        let swapped = Report { tasks: vec![row], ..unlimited };
        assert_eq!(scoring_pages(&swapped, &FACTS), None);
    }

    #[test]
    fn the_whole_machine() {
        let machine = Machine {
            ram_pages: Some(98206),
            reserved_pages: Some(9000),
            total_swap_kb: Some(4096),
            free_swap_kb: None,
            ..Machine::default()
        };
        let domain = Domain { constraint: Some(Constraint::None), ..Domain::default() };
        let report = Report { machine, domain, ..Report::default() };
        assert_eq!(total_pages(&report, &FACTS), Some(98206 - 9000 + 1024));
        assert_eq!(total_pages(&report, &Facts::default()), None);
    }

    #[test]
    fn tables_in_pages_before_4_15() {
        let row = TaskRow { rss: 10, page_table_pages: Some(3), ..TaskRow::default() };
        assert_eq!(points(&row, None, &FACTS), Some(13));
        assert_eq!(points(&TaskRow { rss: 10, ..TaskRow::default() }, None, &FACTS), None);
        assert_eq!(points(&TaskRow { rss: u64::MAX, ..row }, None, &FACTS), None);
    }
}

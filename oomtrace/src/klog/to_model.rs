//! What the kernel's log says, as parts of the incident record.

use oomtrace_common::CANDIDATES_MAX;

use super::badness::{self, Facts};
use super::{Counter, Killed, Report, holders, memcg_stats, shortage};
use crate::model;
use crate::model::{Candidate, CgroupRef, GfpFlags, LimitMemcg, MemcgLevel, Memory, Role, Scope, Victim};

/// The domain that ran out of memory.
#[must_use]
pub fn scope(report: &Report, facts: &Facts) -> Scope {
    let domain = &report.domain;
    let trigger = report.trigger.as_ref();
    let order = trigger.and_then(|trigger| trigger.order);
    Scope {
        constraint: domain.constraint,
        inferred: false,
        message: message(report),
        total_pages: badness::total_pages(report, facts),
        gfp_flags: trigger.and_then(|trigger| {
            let names = trigger.gfp_names.clone().filter(|names| !names.is_empty())?;
            Some(GfpFlags { value: trigger.gfp_mask?, names })
        }),
        order,
        allocation: shortage::allocation(report, facts),
        sysrq: order.map(|order| order == -1),
        memcg: memcg(report),
        stats: memcg_stats::of(report),
        holders: holders::of(report, facts),
        mems_allowed: domain.mems_allowed.clone().filter(|list| !list.is_empty()),
        cpuset: domain.cpuset.clone(),
        ..Scope::default()
    }
}

/// The kernel's words: with the kill since 5.1, before it up to 5.0.
fn message(report: &Report) -> Option<String> {
    let with_kill = report.killed.first().and_then(|killed| killed.message.clone());
    with_kill.or_else(|| report.chosen.as_ref().map(|chosen| chosen.message.clone()))
}

fn memcg(report: &Report) -> Option<LimitMemcg> {
    let path = report.domain.oom_memcg.as_ref().or(report.memcg.path.as_ref())?;
    let bytes = |kb: u64| kb.checked_mul(1024);
    let memory = report.memcg.memory;
    let swap = report.memcg.swap.or(report.memcg.memory_swap);
    let usage = |counter: Option<Counter>| counter.and_then(|counter| bytes(counter.usage_kb));
    let limit = |counter: Option<Counter>| counter.and_then(|counter| bytes(counter.limit_kb?));
    let level = MemcgLevel {
        path: path.clone(),
        limit_bytes: limit(memory),
        usage_bytes: usage(memory),
        swap_limit_bytes: limit(swap),
        swap_usage_bytes: usage(swap),
        ..MemcgLevel::default()
    };
    Some(LimitMemcg { level, levels_above_victim: levels_above(report) })
}

/// How many levels the limit is above the chosen task's cgroup.
fn levels_above(report: &Report) -> Option<u32> {
    let limit = report.domain.oom_memcg.as_ref()?.as_bytes();
    let rest = report.domain.task_memcg.as_ref()?.as_bytes().strip_prefix(limit)?;
    let levels = rest.iter().filter(|b| **b == b'/').count();
    (rest.is_empty() || rest[0] == b'/').then(|| u32::try_from(levels).ok())?
}

/// Who ran out of memory; absent without its thread id.
#[must_use]
pub fn trigger(report: &Report) -> Option<model::Trigger> {
    let trigger = report.trigger.as_ref()?;
    Some(model::Trigger { pid: trigger.pid?, comm: trigger.comm.clone(), ..model::Trigger::default() })
}

/// What was killed, the chosen one first.
#[must_use]
pub fn victims(report: &Report, facts: &Facts) -> Vec<Victim> {
    report.killed.iter().enumerate().map(|(at, killed)| victim(report, killed, at == 0, facts)).collect()
}

fn victim(report: &Report, killed: &Killed, chosen: bool, facts: &Facts) -> Victim {
    let tgid = report.tgid_of(killed);
    let row = report.row_of(tgid);
    let cgroup = report.domain.task_memcg.clone().filter(|_| chosen && report.chosen_is(tgid));
    Victim {
        role: if chosen { Role::Chosen } else { Role::GroupMember },
        pid: tgid,
        tid: Some(killed.pid).filter(|tid| *tid != tgid),
        comm: killed.comm.clone().unwrap_or_default(),
        uid: killed.uid.or_else(|| row.map(|row| row.uid)),
        oom_score_adj: killed.oom_score_adj.or_else(|| row.map(|row| row.oom_score_adj)),
        badness: badness::of_victim(report, tgid, facts),
        memory: memory(report, killed, facts),
        cgroup: cgroup.map(|path| CgroupRef { path, id: None }),
        ..Victim::default()
    }
}

fn memory(report: &Report, killed: &Killed, facts: &Facts) -> Memory {
    let bytes = |kb: Option<u64>| kb.and_then(|kb| kb.checked_mul(1024));
    let row = report.tasks.iter().find(|row| row.pid == killed.pid);
    Memory {
        total_vm_bytes: bytes(killed.total_vm_kb),
        anon_bytes: bytes(killed.anon_kb),
        file_bytes: bytes(killed.file_kb),
        shmem_bytes: bytes(killed.shmem_kb),
        swap_bytes: row.filter(|row| has_swap(row)).and_then(|row| facts.bytes(row.swapents)),
        page_table_bytes: bytes(killed.pgtables_kb).or_else(|| row.and_then(|row| row.pgtables_bytes)),
        accuracy: accuracy(report),
        kernel_view: None,
    }
}

/// Since 7.0 the log's sizes are sums over all CPUs, from 6.2 to 6.19 only the central part of them; before, threads that
/// run may hold back some pages.
fn accuracy(report: &Report) -> Option<model::Accuracy> {
    let mut numbers =
        report.kernel_release.as_deref()?.split(['.', '-', '+']).map_while(|part| part.parse().ok());
    let version: (u32, u32) = (numbers.next()?, numbers.next()?);
    if version >= (7, 0) {
        return Some(model::Accuracy::Exact);
    }
    (version >= (6, 2)).then_some(model::Accuracy::Approximate)
}

/// The tasks that the kernel chose from, highest badness first, as many as an incident keeps.
#[must_use]
pub fn candidates(report: &Report, facts: &Facts) -> Vec<Candidate> {
    let total = badness::scoring_pages(report, facts).map(|(pages, _)| pages);
    let mut all: Vec<_> = report
        .tasks
        .iter()
        .map(|row| Candidate {
            pid: row.tgid,
            comm: row.name.clone(),
            points: badness::points(row, total, facts),
            rss_bytes: facts.bytes(row.rss),
            // Tables without a column of page tables (before 3.8) have none of swap either.
            swap_bytes: facts.bytes(row.swapents).filter(|_| has_swap(row)),
            page_table_bytes: row
                .pgtables_bytes
                .or_else(|| row.page_table_pages.and_then(|pages| facts.bytes(pages))),
            oom_score_adj: Some(row.oom_score_adj),
        })
        .collect();
    all.sort_by_key(|candidate| std::cmp::Reverse((candidate.points, candidate.rss_bytes)));
    all.truncate(CANDIDATES_MAX);
    all
}

fn has_swap(row: &super::TaskRow) -> bool {
    row.pgtables_bytes.is_some() || row.page_table_pages.is_some()
}

/// How many tasks were scored; absent when rows of the table are missing.
#[must_use]
pub fn candidates_scored(report: &Report) -> Option<u32> {
    let whole = report.has_task_table && report.tasks_dropped == 0 && report.lost_records == 0;
    let scored = report.tasks.iter().filter(|row| row.oom_score_adj != -1000).count();
    u32::try_from(scored).ok().filter(|_| whole)
}

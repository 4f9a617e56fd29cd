//! The tasks that the kernel scores while it looks for a victim: the best of them are kept until the kill.

use oomtrace_common::{CANDIDATES_MAX, Candidate, kind};

use crate::{
    emit,
    kread::{field, pointer},
    layout::layout,
    maps::CANDIDATES,
    task,
};

/// The CPUs up to which candidates' counters are summed: the scan runs under `oom_lock`, task by task.
const EXACT_CPUS: u32 = 16;
/// The score of a task that may not be killed.
const INELIGIBLE: i64 = i64::MIN;
/// `OOM_SCORE_ADJ_MIN`.
const ADJ_NEVER: i32 = -1000;
/// `PF_KTHREAD`.
const PF_KTHREAD: u32 = 0x0020_0000;

/// The best candidates of one scan.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Table {
    /// The `oom_control` of the scan, to tell scans apart.
    oc: u64,
    /// Entries in use.
    len: u32,
    /// Tasks that were scored.
    scored: u32,
    /// The candidates, unordered.
    entries: [Candidate; CANDIDATES_MAX],
}

/// Scores `task` as the kernel is about to, and keeps it when it is among the best of the scan.
#[inline(always)]
pub(crate) fn evaluate(task: u64, oc: u64, probe: u32) {
    let Some(table) = CANDIDATES.get_ptr_mut(0) else { return };
    // SAFETY: a slot of an array map, changed only under `oom_lock`.
    let table = unsafe { &mut *table };
    // A scan starts with nothing chosen, and nothing is kept as long as nothing eligible was seen.
    if table.oc != oc || pointer(oc, layout!(oc_chosen)) == 0 && table.scored != 0 {
        table.oc = oc;
        table.len = 0;
        table.scored = 0;
    }
    if field::<u32>(task, layout!(task_flags)).unwrap_or(0) & PF_KTHREAD != 0 {
        return;
    }
    let task = task::with_mm(task);
    let mm = pointer(task, layout!(task_mm));
    if mm == 0 || task::tgid(task) == 1 {
        return;
    }
    let mut central = [0; task::RSS_COUNTERS];
    let mut exact = [0; task::RSS_COUNTERS];
    task::rss(mm, layout!(cpus) <= EXACT_CPUS, &mut central, &mut exact);
    let adj = adj(task);
    let pgtables = field::<u64>(mm, layout!(mm_pgtables_bytes)).unwrap_or(0);
    let points = badness(&central, pgtables, adj, oc);
    if points != INELIGIBLE {
        table.scored += 1;
    }
    let slot = worst_slot(table);
    if slot >= CANDIDATES_MAX {
        return;
    }
    let entry = &mut table.entries[slot];
    if table.len < CANDIDATES_MAX as u32 {
        table.len += 1;
    } else if points < entry.points {
        return;
    }
    entry.header.probe = probe;
    entry.task_id = task;
    entry.points = points;
    entry.rss_central = task::resident(&central);
    entry.rss_exact = task::resident(&exact);
    entry.swap = central[2];
    entry.pgtables_bytes = pgtables;
    entry.memcg_id = crate::chain::memcg_id(task::css(task));
    entry.tid = field(task, layout!(task_pid)).unwrap_or(0);
    entry.tgid = task::tgid(task);
    entry.uid = task::uid(task);
    entry.oom_score_adj = adj;
    entry.comm = task::comm(task);
}

/// `oom_score_adj` of the task's group; 0 when it can't be read.
#[inline(always)]
fn adj(task: u64) -> i32 {
    i32::from(field::<i16>(pointer(task, layout!(task_signal)), layout!(signal_oom_score_adj)).unwrap_or(0))
}

/// The kernel's `oom_badness` since 5.9: resident, swapped and page-table pages plus adj thousandths of the scope.
/// The division comes first, as there.
#[inline(always)]
fn badness(central: &[i64; task::RSS_COUNTERS], pgtables: u64, adj: i32, oc: u64) -> i64 {
    if adj == ADJ_NEVER {
        return INELIGIBLE;
    }
    let total = field::<u64>(oc, layout!(oc_totalpages)).unwrap_or(0);
    let pages = task::resident(central) + central[2].max(0) + (pgtables >> layout!(page_shift)) as i64;
    pages + i64::from(adj) * ((total / 1000) as i64)
}

/// The next free slot, else the one with the fewest points.
#[inline(always)]
fn worst_slot(table: &Table) -> usize {
    if table.len < CANDIDATES_MAX as u32 {
        return table.len as usize;
    }
    let mut worst = 0;
    let mut points = i64::MAX;
    for (index, entry) in table.entries.iter().enumerate() {
        if entry.points < points {
            points = entry.points;
            worst = index;
        }
    }
    worst
}

/// Sends the candidates of the scan that led to kill `seq`, and returns how many tasks were scored; `None` when the
/// scan in the table is not the one that chose `chosen`.
#[inline(always)]
pub(crate) fn send(oc: u64, chosen: u64, seq: u64) -> Option<u32> {
    let table = CANDIDATES.get_ptr_mut(0)?;
    // SAFETY: a slot of an array map, changed only under `oom_lock`.
    let table = unsafe { &mut *table };
    if table.oc != oc || oc == 0 {
        return None;
    }
    // The pointer lives on the trigger's stack and comes back with the next OOM: use the table once.
    table.oc = 0;
    let chosen = task::with_mm(chosen);
    let mut seen = false;
    for index in 0..CANDIDATES_MAX {
        if index as u32 >= table.len {
            break;
        }
        let entry = &table.entries[index];
        seen |= entry.task_id == chosen;
        emit::record::<Candidate>(kind::CANDIDATE, |to| {
            // SAFETY: `to` points into a reserved record; the entry is a map value of the same type.
            unsafe {
                core::ptr::copy_nonoverlapping(&raw const *entry, to, 1);
                emit::header(&raw mut (*to).header, kind::CANDIDATE, entry.header.probe, seq);
            }
        });
    }
    if seen { Some(table.scored) } else { None }
}

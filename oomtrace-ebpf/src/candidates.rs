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
    /// The task with which the scan began.
    first: u64,
    /// Entries in use.
    len: u32,
    /// Tasks that were scored.
    scored: u32,
    /// Points of the worst entry, when the table is full.
    worst_points: i64,
    /// Its index.
    worst: u32,
    /// 1 when the chosen task is among the entries that were sent.
    seen: u32,
    /// The candidates, unordered.
    entries: [Candidate; CANDIDATES_MAX],
}

/// Scores `task` as the kernel is about to, and keeps it when it is among the best of the scan.
#[inline(always)]
pub(crate) fn evaluate(task: u64, oc: u64, probe: u32) {
    let Some(table) = CANDIDATES.get_ptr_mut(0) else { return };
    // SAFETY: a slot of an array map, changed only under `oom_lock`.
    let table = unsafe { &mut *table };
    // A scan starts with nothing chosen, and comes to each task once. One that was given up, for a victim that is still on
    // its way out, leaves what it had; the next one may have its `oom_control` at the same place.
    let again = task == table.first || pointer(oc, layout!(oc_chosen)) == 0 && table.scored != 0;
    if table.oc != oc || again {
        table.oc = oc;
        table.first = task;
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
    let mut counters = task::Counters::NONE;
    task::rss(mm, layout!(cpus) <= EXACT_CPUS, &mut counters);
    let adj = adj(task);
    let pgtables = field::<u64>(mm, layout!(mm_pgtables_bytes)).unwrap_or(0);
    let points = badness(&counters.central, pgtables, adj, oc);
    if points != INELIGIBLE {
        table.scored += 1;
    }
    let Some(entry) = slot(table, points) else { return };
    entry.header.probe = probe;
    entry.task_id = task;
    entry.points = points;
    entry.rss_central = task::resident(&counters.central);
    let summed = counters.exact[0] != task::NO_PAGES;
    entry.rss_exact = if summed { task::resident(&counters.exact) } else { task::NO_PAGES };
    entry.swap = counters.central[2];
    entry.swap_exact = counters.exact[2];
    entry.pgtables_bytes = pgtables;
    entry.memcg_id = crate::chain::memcg_id(task::css(task));
    entry.tid = field(task, layout!(task_pid)).unwrap_or(0);
    entry.tgid = task::tgid(task);
    entry.uid = task::uid(task);
    entry.oom_score_adj = adj;
    task::comm(task, &raw mut entry.comm);
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
    let pages =
        task::resident(central) + task::not_negative(central[2]) + (pgtables >> layout!(page_shift)) as i64;
    pages + i64::from(adj) * ((total / 1000) as i64)
}

/// The entry for a candidate with `points`: a free one, else the worst if it has no more points.
#[inline(always)]
fn slot(table: &mut Table, points: i64) -> Option<&mut Candidate> {
    let index = if table.len < CANDIDATES_MAX as u32 {
        table.len += 1;
        table.len - 1
    } else {
        find_worst(table);
        if points < table.worst_points {
            return None;
        }
        table.worst
    };
    table.entries.get_mut(index as usize)
}

/// Finds the entry with the fewest points. The intermediate result lives in the map and not in registers: the verifier
/// would follow each possible index on its own.
#[inline(always)]
fn find_worst(table: &mut Table) {
    table.worst_points = i64::MAX;
    for index in 0..CANDIDATES_MAX {
        if table.entries[index].points < table.worst_points {
            table.worst_points = table.entries[index].points;
            table.worst = index as u32;
        }
    }
}

/// Sends the candidates of the scan that led to kill `seq`, and returns how many tasks were scored; `None` when the
/// scan in the table is not the one that chose the thread `chosen`.
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
    table.seen = 0;
    for index in 0..CANDIDATES_MAX {
        if index as u32 >= table.len {
            break;
        }
        let entry = &table.entries[index];
        if entry.task_id == chosen {
            table.seen = 1;
        }
        emit::record::<Candidate>(kind::CANDIDATE, |to| {
            copy(entry, to);
            // SAFETY: `to` points into a reserved record.
            emit::header(unsafe { &raw mut (*to).header }, kind::CANDIDATE, entry.header.probe, seq);
        });
    }
    if table.seen == 1 { Some(table.scored) } else { None }
}

/// Copies a candidate in words; as one value it would become a call of a byte-wise memcpy.
#[inline(always)]
fn copy(from: *const Candidate, to: *mut Candidate) {
    const WORDS: usize = size_of::<Candidate>() / 8;
    for word in 0..WORDS {
        // SAFETY: both are valid for a `Candidate`, which is `WORDS` aligned words of integers.
        unsafe { to.cast::<u64>().add(word).write_volatile(from.cast::<u64>().add(word).read_volatile()) };
    }
}

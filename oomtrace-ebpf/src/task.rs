//! A task with the memory of its mm.

use oomtrace_common::{ABSENT, COMM_LEN, CPUS_MAX, THREADS_MAX, Task, UNKNOWN, UNKNOWN_32};

use crate::{
    kread::{field, into, pointer, read},
    layout::layout,
};

/// Number of RSS counters: file, anonymous, swap, shmem (`MM_FILEPAGES` .. `MM_SHMEMPAGES`, unchanged since 4.5).
pub(crate) const RSS_COUNTERS: usize = 4;
/// A page count that could not be read.
pub(crate) const NO_PAGES: i64 = i64::MIN;

/// Writes all of `task` to `to`.
#[inline(always)]
pub(crate) fn fill(to: *mut Task, task: u64) {
    let mm = pointer(task, layout!(task_mm));
    let signal = pointer(task, layout!(task_signal));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).task_id = task;
        (*to).mm_id = mm;
        (*to).start_time = start_time(task);
        (*to).tid = field(task, layout!(task_pid)).unwrap_or(UNKNOWN_32);
        (*to).tgid = tgid(task);
        (*to).ppid = parent(task);
        (*to).uid = uid(task);
        (*to).oom_score_adj = field::<i16>(signal, layout!(signal_oom_score_adj)).map_or(i32::MIN, i32::from);
        (*to).ns_pid = ns_pid(task);
        comm(task, &raw mut (*to).comm);
        (*to).memcg_id = crate::chain::memcg_id(css(task));
        fill_memory(to, mm);
    }
}

/// Writes the memory of `mm`; a task without one has values that are not known.
#[inline(always)]
fn fill_memory(to: *mut Task, mm: u64) {
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).total_vm = field(mm, layout!(mm_total_vm)).unwrap_or(UNKNOWN);
        (*to).pgtables_bytes = field(mm, layout!(mm_pgtables_bytes)).unwrap_or(UNKNOWN);
        (*to).hiwater_rss = field(mm, layout!(mm_hiwater_rss)).unwrap_or(UNKNOWN);
        let mut counters = Counters::NONE;
        rss(mm, true, &mut counters);
        for index in 0..RSS_COUNTERS {
            (*to).central[index] = counters.central[index];
            (*to).exact[index] = counters.exact[index];
        }
        if mm == 0 {
            (*to).total_vm = UNKNOWN;
            (*to).pgtables_bytes = UNKNOWN;
            (*to).hiwater_rss = UNKNOWN;
            for index in 0..RSS_COUNTERS {
                (*to).central[index] = NO_PAGES;
                (*to).exact[index] = NO_PAGES;
            }
        }
    }
}

/// Thread group id.
#[inline(always)]
pub(crate) fn tgid(task: u64) -> u32 {
    field(task, layout!(task_tgid)).unwrap_or(UNKNOWN_32)
}

/// Process id of the parent.
#[inline(always)]
pub(crate) fn parent(task: u64) -> u32 {
    tgid(pointer(task, layout!(task_real_parent)))
}

/// Copies `comm` of the thread.
#[inline(always)]
pub(crate) fn comm(task: u64, to: *mut [u8; COMM_LEN]) {
    let offset = layout!(task_comm);
    if offset != ABSENT {
        into(task + u64::from(offset), to);
    }
}

/// `cred->uid.val`, in the initial user namespace.
#[inline(always)]
pub(crate) fn uid(task: u64) -> u32 {
    field(pointer(task, layout!(task_cred)), layout!(cred_uid)).unwrap_or(UNKNOWN_32)
}

/// When the group's leader started, on `CLOCK_BOOTTIME`: that is what tells a process from a later one with its pid.
#[inline(always)]
pub(crate) fn start_time(task: u64) -> u64 {
    let leader = pointer(task, layout!(task_group_leader));
    field(leader, layout!(task_start_boottime))
        .or_else(|| field(leader, layout!(task_real_start_time)))
        .unwrap_or(UNKNOWN)
}

/// Thread id in the task's own pid namespace: the last of `struct pid.numbers`.
#[inline(always)]
pub(crate) fn ns_pid(task: u64) -> u32 {
    /// `sizeof(struct upid)`: an int and a pointer.
    const UPID_SIZE: u64 = 16;
    let pid = pointer(task, layout!(task_thread_pid));
    let (level, numbers, nr) = (layout!(pid_level), layout!(pid_numbers), layout!(upid_nr));
    if level == ABSENT || numbers == ABSENT || nr == ABSENT {
        return UNKNOWN_32;
    }
    let level = read::<u32>(pid + u64::from(level));
    read(pid + u64::from(numbers) + u64::from(level) * UPID_SIZE + u64::from(nr))
}

/// The task's memory cgroup state (`struct cgroup_subsys_state`), 0 when it can't be read.
#[inline(always)]
pub(crate) fn css(task: u64) -> u64 {
    let (subsys, index) = (layout!(css_set_subsys), layout!(memory_cgrp_id));
    if subsys == ABSENT || index == ABSENT {
        return 0;
    }
    read(pointer(task, layout!(task_cgroups)) + u64::from(subsys) + u64::from(index) * 8)
}

/// The first thread of `task`'s group that still has its mm (the kernel's `find_lock_task_mm`); `task` itself when the
/// group can't be walked. The leader of a group may have exited while its threads live on.
#[inline(always)]
pub(crate) fn with_mm(task: u64) -> u64 {
    if pointer(task, layout!(task_mm)) != 0 {
        return task;
    }
    let (head, node) = (layout!(signal_thread_head), layout!(task_thread_node));
    if head == ABSENT || node == ABSENT {
        return task;
    }
    let head = pointer(task, layout!(task_signal)) + u64::from(head);
    let mut next = read::<u64>(head);
    for _ in 0..THREADS_MAX {
        if next == 0 || next == head {
            break;
        }
        let thread = next - u64::from(node);
        if pointer(thread, layout!(task_mm)) != 0 {
            return thread;
        }
        next = read(next);
    }
    task
}

/// The RSS counters of an mm: file, anonymous, swap and shmem pages.
pub(crate) struct Counters {
    /// By the kernel's cheap read.
    pub central: [i64; RSS_COUNTERS],
    /// Summed over all CPUs.
    pub exact: [i64; RSS_COUNTERS],
}

impl Counters {
    /// Not read.
    pub(crate) const NONE: Self = Self { central: [NO_PAGES; RSS_COUNTERS], exact: [NO_PAGES; RSS_COUNTERS] };
}

/// Reads the RSS counters of `mm`; the exact ones when `sum` is set and the machine allows it.
#[inline(always)]
pub(crate) fn rss(mm: u64, sum: bool, to: &mut Counters) {
    let stat = layout!(mm_rss_stat);
    if stat == ABSENT {
        return;
    }
    let stat = mm + u64::from(stat);
    for index in 0..RSS_COUNTERS {
        if layout!(rss_stat_percpu) == 0 {
            // Up to 6.1: plain atomics. Each running thread may hold back up to 64 events, which nobody can sum.
            to.central[index] = read(stat + index as u64 * 8);
            to.exact[index] = to.central[index];
            continue;
        }
        let counter = stat + index as u64 * u64::from(layout!(percpu_counter_size));
        to.central[index] = field(counter, layout!(percpu_count)).unwrap_or(NO_PAGES);
        if sum && layout!(cpus) != 0 {
            to.exact[index] = to.central[index] + per_cpu_sum(pointer(counter, layout!(percpu_counters)));
        }
    }
}

/// The part of a `percpu_counter` that has not reached its central count: the sum over all possible CPUs, as the
/// kernel's `__percpu_counter_sum` (an offline CPU's rest has been folded back).
#[inline(always)]
fn per_cpu_sum(counters: u64) -> i64 {
    let mut sum = 0;
    for cpu in 0..CPUS_MAX as u32 {
        if cpu >= layout!(cpus) {
            break;
        }
        let offset = read::<u64>(layout!(per_cpu_offset) + u64::from(cpu) * 8);
        sum += i64::from(read::<i32>(counters.wrapping_add(offset)));
    }
    sum
}

/// Resident pages of RSS counters: file, anonymous and shmem; negative ones count as 0, as in the kernel.
#[inline(always)]
pub(crate) fn resident(counters: &[i64; RSS_COUNTERS]) -> i64 {
    not_negative(counters[0]) + not_negative(counters[1]) + not_negative(counters[3])
}

/// `max(0)` without a branch.
#[inline(always)]
pub(crate) fn not_negative(pages: i64) -> i64 {
    pages & !(pages >> 63)
}

//! A task with the memory of its mm.

use oomtrace_common::{CPUS_MAX, COMM_LEN, THREADS_MAX, Task, UNKNOWN, UNKNOWN_32};

use crate::{
    kread::{field, pointer, read},
    layout::layout,
};

/// Number of RSS counters: file, anonymous, swap, shmem (`MM_FILEPAGES` .. `MM_SHMEMPAGES`, unchanged since 4.5).
pub(crate) const RSS_COUNTERS: usize = 4;
/// A page count that could not be read.
const NO_PAGES: i64 = i64::MIN;

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
        (*to).ppid = tgid(pointer(task, layout!(task_real_parent)));
        (*to).uid = uid(task);
        (*to).oom_score_adj =
            field::<i16>(signal, layout!(signal_oom_score_adj)).map_or(i32::MIN, i32::from);
        (*to).ns_pid = ns_pid(task);
        (*to).comm = comm(task);
        (*to).total_vm = field(mm, layout!(mm_total_vm)).unwrap_or(UNKNOWN);
        (*to).pgtables_bytes = field(mm, layout!(mm_pgtables_bytes)).unwrap_or(UNKNOWN);
        (*to).hiwater_rss = field(mm, layout!(mm_hiwater_rss)).unwrap_or(UNKNOWN);
        (*to).memcg_id = crate::chain::memcg_id(css(task));
        rss(mm, true, &mut (*to).central, &mut (*to).exact);
    }
}

/// Thread group id.
#[inline(always)]
pub(crate) fn tgid(task: u64) -> u32 {
    field(task, layout!(task_tgid)).unwrap_or(UNKNOWN_32)
}

/// `comm` of the thread.
#[inline(always)]
pub(crate) fn comm(task: u64) -> [u8; COMM_LEN] {
    field(task, layout!(task_comm)).unwrap_or([0; COMM_LEN])
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
fn ns_pid(task: u64) -> u32 {
    /// `sizeof(struct upid)`: an int and a pointer.
    const UPID_SIZE: u64 = 16;
    let pid = pointer(task, layout!(task_thread_pid));
    let (Some(level), Some(nr)) = (field::<u32>(pid, layout!(pid_level)), present(layout!(upid_nr))) else {
        return UNKNOWN_32;
    };
    let Some(numbers) = present(layout!(pid_numbers)) else { return UNKNOWN_32 };
    read(pid + numbers + u64::from(level) * UPID_SIZE + nr).unwrap_or(UNKNOWN_32)
}

/// An offset as a number to add, `None` when this kernel lacks the field.
#[inline(always)]
fn present(offset: u32) -> Option<u64> {
    if offset == oomtrace_common::ABSENT { None } else { Some(u64::from(offset)) }
}

/// The task's memory cgroup state (`struct cgroup_subsys_state`), 0 when it can't be read.
#[inline(always)]
pub(crate) fn css(task: u64) -> u64 {
    let set = pointer(task, layout!(task_cgroups));
    let (Some(subsys), Some(index)) = (present(layout!(css_set_subsys)), present(layout!(memory_cgrp_id))) else {
        return 0;
    };
    if set == 0 {
        return 0;
    }
    read(set + subsys + index * 8).unwrap_or(0)
}

/// The first thread of `task`'s group that still has its mm (the kernel's `find_lock_task_mm`); `task` itself when the
/// group can't be walked. The leader of a group may have exited while its threads live on.
#[inline(always)]
pub(crate) fn with_mm(task: u64) -> u64 {
    if pointer(task, layout!(task_mm)) != 0 {
        return task;
    }
    let signal = pointer(task, layout!(task_signal));
    let (Some(head), Some(node)) = (present(layout!(signal_thread_head)), present(layout!(task_thread_node))) else {
        return task;
    };
    if signal == 0 {
        return task;
    }
    let mut next = read::<u64>(signal + head).unwrap_or(0);
    for _ in 0..THREADS_MAX {
        if next == 0 || next == signal + head {
            break;
        }
        let thread = next - node;
        if pointer(thread, layout!(task_mm)) != 0 {
            return thread;
        }
        next = read(next).unwrap_or(0);
    }
    task
}

/// Reads the RSS counters of `mm` into `central` and, when `sum` is set and the machine allows it, `exact`.
#[inline(always)]
pub(crate) fn rss(mm: u64, sum: bool, central: &mut [i64; RSS_COUNTERS], exact: &mut [i64; RSS_COUNTERS]) {
    *central = [NO_PAGES; RSS_COUNTERS];
    *exact = [NO_PAGES; RSS_COUNTERS];
    let Some(stat) = present(layout!(mm_rss_stat)) else { return };
    if mm == 0 {
        return;
    }
    if layout!(rss_stat_percpu) == 0 {
        // Up to 6.1: plain atomics. Each running thread may hold back up to 64 events, which nobody can sum.
        for index in 0..RSS_COUNTERS {
            central[index] = read::<i64>(mm + stat + index as u64 * 8).unwrap_or(NO_PAGES);
            exact[index] = central[index];
        }
        return;
    }
    for index in 0..RSS_COUNTERS {
        let counter = mm + stat + index as u64 * u64::from(layout!(percpu_counter_size));
        central[index] = field::<i64>(counter, layout!(percpu_count)).unwrap_or(NO_PAGES);
        if sum && layout!(cpus) != 0 {
            exact[index] = central[index] + per_cpu_sum(pointer(counter, layout!(percpu_counters)));
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
        let offset = read::<u64>(layout!(per_cpu_offset) + u64::from(cpu) * 8).unwrap_or(0);
        sum += i64::from(read::<i32>(counters.wrapping_add(offset)).unwrap_or(0));
    }
    sum
}

/// Resident pages of RSS counters: file, anonymous and shmem; negative ones count as 0, as in the kernel.
#[inline(always)]
pub(crate) fn resident(counters: &[i64; RSS_COUNTERS]) -> i64 {
    if counters[0] == NO_PAGES {
        return NO_PAGES;
    }
    counters[0].max(0) + counters[1].max(0) + counters[3].max(0)
}

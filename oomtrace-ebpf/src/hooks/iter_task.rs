//! The task iterator: one record per process, written when user space reads the iterator. No hook is attached.

use aya_ebpf::helpers::generated::bpf_seq_write;
use oomtrace_common::{ABSENT, COMM_LEN, TaskFaults, TaskSample, UNKNOWN, UNKNOWN_32, sampled};

use crate::{
    kread,
    layout::layout,
    task,
    typed::{Object, context, field, object},
};

/// `PF_KTHREAD`.
const PF_KTHREAD: u32 = 0x0020_0000;

/// `ctx` is a `struct bpf_iter__task`. A task of NULL is the end.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn iter_task(ctx: *const u8) -> i32 {
    let task = context(ctx, 1);
    if !task.is_null() {
        visit(context(ctx, 0), task);
    }
    0
}

/// Writes a process when the task is its leader.
#[inline(always)]
fn visit(meta: Object, task: Object) {
    if field::<u32>(task, layout!(task_flags)).unwrap_or(0) & PF_KTHREAD != 0 {
        return;
    }
    let tgid = field::<u32>(task, layout!(task_tgid)).unwrap_or(UNKNOWN_32);
    if field::<u32>(task, layout!(task_pid)) != Some(tgid) {
        faults(meta, task, tgid);
        return;
    }
    let signal = object(task, layout!(task_signal));
    let mut sample = TaskSample {
        kind: sampled::PROCESS,
        tgid,
        ppid: field(object(task, layout!(task_real_parent)), layout!(task_tgid)).unwrap_or(UNKNOWN_32),
        uid: field(object(task, layout!(task_cred)), layout!(cred_uid)).unwrap_or(UNKNOWN_32),
        start_time: field(task, layout!(task_start_boottime)).unwrap_or(UNKNOWN),
        memcg_id: memcg_id(task),
        counters: [0; 4],
        pgtables_bytes: 0,
        major_faults: field::<u64>(task, layout!(task_maj_flt)).unwrap_or(0)
            + field::<u64>(signal, layout!(signal_maj_flt)).unwrap_or(0),
        threads: field(signal, layout!(signal_nr_threads)).unwrap_or(0),
        oom_score_adj: i32::from(field::<i16>(signal, layout!(signal_oom_score_adj)).unwrap_or(0)),
        comm: field::<[u64; COMM_LEN / 8]>(task, layout!(task_comm)).map_or([0; COMM_LEN], bytes),
    };
    let mm = object(task, layout!(task_mm));
    let has_memory = if mm.is_null() { of_a_thread(task, &mut sample) } else { memory(mm, &mut sample) };
    if has_memory {
        write(meta, &sample);
    }
}

/// Writes the major faults of a thread, if it has had any.
#[inline(always)]
fn faults(meta: Object, task: Object, tgid: u32) {
    let major_faults = field::<u64>(task, layout!(task_maj_flt)).unwrap_or(0);
    if major_faults != 0 {
        write(meta, &TaskFaults { kind: sampled::FAULTS, tgid, major_faults });
    }
}

/// Fills in the memory of `mm`.
#[inline(always)]
fn memory(mm: Object, sample: &mut TaskSample) -> bool {
    let stat = layout!(mm_rss_stat);
    if stat != ABSENT && layout!(rss_stat_percpu) == 0 {
        // Up to 6.1 an array of `atomic_long_t`, of which the verifier says that it "is not a struct".
        kread::into(mm as u64 + u64::from(stat), &raw mut sample.counters);
    } else if stat != ABSENT {
        for index in 0..sample.counters.len() as u32 {
            let at = stat + index * layout!(percpu_counter_size) + layout!(percpu_count);
            sample.counters[index as usize] = field(mm, at).unwrap_or(0);
        }
    }
    sample.pgtables_bytes = field(mm, layout!(mm_pgtables_bytes)).unwrap_or(0);
    true
}

/// Fills in the memory by a thread of a leader that has exited; false when there is none: a zombie.
#[inline(always)]
fn of_a_thread(task: Object, sample: &mut TaskSample) -> bool {
    if sample.threads <= 1 {
        return false;
    }
    let thread = task::with_mm(task as u64);
    let mm = kread::pointer(thread, layout!(task_mm));
    if mm == 0 {
        return false;
    }
    let mut counters = task::Counters::NONE;
    task::rss(mm, false, &mut counters);
    sample.counters = counters.central;
    sample.pgtables_bytes = kread::field(mm, layout!(mm_pgtables_bytes)).unwrap_or(0);
    true
}

/// kernfs id of the task's memory cgroup, 0 when it can't be read.
#[inline(always)]
fn memcg_id(task: Object) -> u64 {
    let (subsys, memory) = (layout!(css_set_subsys), layout!(memory_cgrp_id));
    if subsys == ABSENT || memory == ABSENT {
        return 0;
    }
    let css = object(object(task, layout!(task_cgroups)), subsys + memory * 8);
    crate::hooks::iter_cgroup::id(css)
}

/// A name that was loaded in words.
#[inline(always)]
fn bytes(words: [u64; COMM_LEN / 8]) -> [u8; COMM_LEN] {
    // SAFETY: of one size, and any bytes are a valid name.
    unsafe { core::mem::transmute(words) }
}

/// Writes a record to the iterator's reader. What does not fit is asked for again by the kernel.
#[inline(always)]
fn write<T>(meta: Object, record: &T) {
    // `bpf_iter_meta` begins with the file; it is the helpers' interface and does not change.
    let file = object(meta, 0);
    // SAFETY: a file that the verifier knows, and the size of the record.
    unsafe {
        bpf_seq_write(file.cast_mut().cast(), core::ptr::from_ref(record).cast(), size_of::<T>() as u32)
    };
}

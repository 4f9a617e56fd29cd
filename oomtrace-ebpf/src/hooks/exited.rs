//! `sched:sched_process_exit` once more, for the memory history: what each process held at its end. It is a program of
//! its own, so that tracing without a history does not pay for it.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP, macros::raw_tracepoint, maps::PerCpuArray, programs::RawTracePointContext,
};
use oomtrace_common::{ExitedTask, UNKNOWN, UNKNOWN_32};

use crate::{
    chain, emit,
    kread::{field, pointer},
    layout::layout,
    maps::{EXITS, EXITS_LOST, FORKED, IDENTITY},
    task,
};

#[raw_tracepoint(tracepoint = "sched_process_exit")]
fn raw_tp_exited(ctx: RawTracePointContext) -> i32 {
    let task = ctx.arg::<u64>(0);
    let signal = pointer(task, layout!(task_signal));
    // Fires for every thread; the kernel has counted this one out already.
    if field::<i32>(signal, layout!(signal_live)).unwrap_or(0) == 0 {
        send(task, signal);
    }
    0
}

/// Sends the process whose last thread is `task`. Nobody waits for it: it is read with the next pass.
#[inline(always)]
fn send(task: u64, signal: u64) {
    let Some(mut entry) = EXITS.reserve::<ExitedTask>(0) else {
        lost(&EXITS_LOST);
        return;
    };
    let to = entry.as_mut_ptr();
    let leader = pointer(task, layout!(task_group_leader));
    let parent = pointer(leader, layout!(task_real_parent));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).time = emit::now();
        (*to).start_time = task::start_time(task);
        (*to).memcg_id = chain::memcg_id(task::css(task));
        memory(task, signal, parent, to);
        (*to).major_faults = field::<u64>(task, layout!(task_maj_flt)).unwrap_or(0)
            + field::<u64>(signal, layout!(signal_maj_flt)).unwrap_or(0);
        (*to).tgid = task::tgid(task);
        (*to).ppid = task::tgid(parent);
        (*to).uid = task::uid(leader);
        (*to).oom_score_adj = i32::from(field::<i16>(signal, layout!(signal_oom_score_adj)).unwrap_or(0));
        (*to).comm = [0; oomtrace_common::COMM_LEN];
        task::comm(leader, &raw mut (*to).comm);
        (*to).exit_code = field(task, layout!(task_exit_code)).unwrap_or(UNKNOWN_32);
        (*to).reserved = 0;
    }
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
}

/// Writes the memory that goes with the task: since 6.16 it is still there. What the parent shares stays.
#[inline(always)]
fn memory(task: u64, signal: u64, parent: u64, to: *mut ExitedTask) {
    let mm = pointer(task, layout!(task_mm));
    let mut counters = task::Counters::NONE;
    let (mut pgtables, mut peak) = (UNKNOWN, UNKNOWN);
    if mm == 0 {
        peak = peak_of(task::tgid(task), signal);
    } else if mm != pointer(parent, layout!(task_mm)) {
        task::rss(mm, false, &mut counters);
        pgtables = field(mm, layout!(mm_pgtables_bytes)).unwrap_or(UNKNOWN);
        // The kernel raises it only when memory is given back.
        let highest = field::<u64>(mm, layout!(mm_hiwater_rss)).unwrap_or(0);
        peak = highest.max(task::resident(&counters.central) as u64);
    }
    // SAFETY: `to` points into a reserved record.
    unsafe {
        for index in 0..counters.central.len() {
            (*to).counters[index] = counters.central[index];
        }
        (*to).pgtables_bytes = pgtables;
        (*to).peak = peak;
    }
}

/// The highest resident memory of a process whose memory is gone. The kernel keeps it over an exec, which counts what it
/// gives back, the parent's after a vfork; so it serves only where it has grown since, or there was no exec.
#[inline(always)]
fn peak_of(tgid: u32, signal: u64) -> u64 {
    let maxrss = field::<u64>(signal, layout!(signal_maxrss)).unwrap_or(0);
    // SAFETY: the value is copied at once.
    let before = unsafe {
        if FORKED.get(tgid).is_some() {
            0
        } else {
            IDENTITY.get(tgid).map_or(UNKNOWN, |identity| identity.maxrss)
        }
    };
    if maxrss > before { maxrss } else { UNKNOWN }
}

/// Counts what did not fit.
#[inline(always)]
pub(super) fn lost(map: &PerCpuArray<u64>) {
    if let Some(count) = map.get_ptr_mut(0) {
        // SAFETY: a per-CPU slot; tracepoint handlers run with preemption off.
        unsafe { *count += 1 };
    }
}

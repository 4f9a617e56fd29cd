//! `sched:sched_process_exec`: who a process is, kept before it is killed; its /proc entry is gone 1-4 ms after.

use aya_ebpf::{
    helpers::{bpf_get_current_pid_tgid, generated::bpf_get_current_task},
    macros::raw_tracepoint,
    programs::RawTracePointContext,
};
use oomtrace_common::{CMDLINE_LEN, UNKNOWN};

use crate::{
    emit,
    kread::{field, pointer, string, user},
    layout::layout,
    maps::{FORKED, IDENTITY, SCRATCH},
    task,
};

#[raw_tracepoint(tracepoint = "sched_process_exec")]
fn raw_tp_exec(ctx: RawTracePointContext) -> i32 {
    remember(ctx.arg(2));
    0
}

/// Keeps command line and path of the program that current has just become.
#[inline(always)]
fn remember(binprm: u64) {
    let Some(identity) = SCRATCH.get_ptr_mut(0) else { return };
    // SAFETY: no arguments.
    let current = unsafe { bpf_get_current_task() };
    let mm = pointer(current, layout!(task_mm));
    let start = field::<u64>(mm, layout!(mm_arg_start)).unwrap_or(0);
    let end = field::<u64>(mm, layout!(mm_arg_end)).unwrap_or(0);
    let length = end.saturating_sub(start).min(CMDLINE_LEN as u64 - 1) as u32 & (CMDLINE_LEN as u32 - 1);
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    // SAFETY: a per-CPU slot that only this program uses; tracepoint handlers run with preemption off.
    unsafe {
        (*identity).start_time = task::start_time(current);
        (*identity).time = emit::now();
        let signal = pointer(current, layout!(task_signal));
        (*identity).maxrss = field(signal, layout!(signal_maxrss)).unwrap_or(UNKNOWN);
        (*identity).ppid = task::tgid(pointer(current, layout!(task_real_parent)));
        let read = length > 0 && user(start, length, &raw mut (*identity).cmdline);
        (*identity).cmdline_len = if read { length } else { 0 };
        string(pointer(binprm, layout!(binprm_filename)), &raw mut (*identity).exe);
        let _ = IDENTITY.insert(tgid, &*identity, 0);
    }
    let _ = FORKED.remove(tgid);
}

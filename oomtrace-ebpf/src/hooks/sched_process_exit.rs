//! `sched:sched_process_exit`: when a victim is gone. Fires for every thread; the group's last one counts.
//!
//! Since 6.16 it fires before the mm is given back, until then after it.

use aya_ebpf::{helpers::bpf_get_current_pid_tgid, macros::raw_tracepoint, programs::RawTracePointContext};
use oomtrace_common::{Exit, UNKNOWN_32, kind, probe};

use crate::{
    emit,
    kread::{field, pointer},
    layout::layout,
    maps::{FORKED, MARKED},
    state::{Marked, add},
};

#[raw_tracepoint(tracepoint = "sched_process_exit")]
fn raw_tp_exit(ctx: RawTracePointContext) -> i32 {
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    if let Some(marked) = MARKED.get_ptr_mut(tgid) {
        // SAFETY: a slot of a map; it is copied when the other threads' additions are in it.
        unsafe {
            add(&raw mut (*marked).left, -1);
            exited(ctx.arg(0), tgid, *marked);
        }
    }
    0
}

/// Sends the exit of a victim's last thread.
///
/// The kernel's own count of threads falls when each begins to exit: where the memory is given back in between, it is zero
/// long before the last one is done with that. (One that was between the two at the SIGKILL is counted out too early.)
#[inline(always)]
fn exited(task: u64, tgid: u32, marked: Marked) {
    let live = field::<i32>(pointer(task, layout!(task_signal)), layout!(signal_live)).unwrap_or(0);
    if live > 0 || marked.left > 0 {
        return;
    }
    let _ = MARKED.remove(tgid);
    let _ = FORKED.remove(tgid);
    emit::record::<Exit>(kind::EXIT, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::EXIT, probe::EXIT, marked.seq);
            (*to).tgid = tgid;
            (*to).exit_code = field(task, layout!(task_exit_code)).unwrap_or(UNKNOWN_32);
            (*to).start_time = marked.start_time;
        }
    });
}

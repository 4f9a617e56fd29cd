//! `sched:sched_process_fork`: a child that never calls exec is known by what its parent is.

use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};

use crate::{maps::FORKED, task};

#[raw_tracepoint(tracepoint = "sched_process_fork")]
fn raw_tp_fork(ctx: RawTracePointContext) -> i32 {
    inherit(task::tgid(ctx.arg(0)), task::tgid(ctx.arg(1)));
    0
}

/// Notes whose identity `child` has; a new thread is no child.
#[inline(always)]
fn inherit(parent: u32, child: u32) {
    if parent == child {
        return;
    }
    // SAFETY: the value is copied at once.
    let origin = unsafe { FORKED.get(parent).copied() }.unwrap_or(parent);
    let _ = FORKED.insert(child, origin, 0);
}

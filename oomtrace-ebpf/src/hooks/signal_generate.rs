//! `signal:signal_generate`: how the victim is really killed, and with it each process that shares its mm.
//!
//! Only SIGKILLs of the kernel itself (`SEND_SIG_PRIV`) count: those of `oom_kill_process`, and rarely others (the end
//! of a pid namespace). It comes before `mark_victim` for the victim and after it for the sharers; a mark without a
//! signal is no kill.

use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use oomtrace_common::{Victim, counter, kind, probe};

use crate::{emit, state, task};

/// `SIGKILL`.
const SIGKILL: u32 = 9;
/// `SEND_SIG_PRIV`: the kernel sends, not a process (`include/linux/sched/signal.h`).
const SEND_SIG_PRIV: u64 = 1;

#[raw_tracepoint(tracepoint = "signal_generate")]
fn raw_tp_signal(ctx: RawTracePointContext) -> i32 {
    if ctx.arg::<u64>(0) as u32 == SIGKILL && ctx.arg::<u64>(1) == SEND_SIG_PRIV {
        killed(ctx.arg(2));
    }
    0
}

/// Sends the task that gets the signal.
#[inline(always)]
fn killed(task: u64) {
    state::count(counter::SIGNALS);
    state::signalled(task);
    let seq = state::current();
    emit::record::<Victim>(kind::SIGNAL, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::SIGNAL, probe::SIGNAL, seq);
            task::fill(&raw mut (*to).task, task);
        }
    });
    state::mark(task::tgid(task), state::Marked { seq, start_time: task::start_time(task) });
}

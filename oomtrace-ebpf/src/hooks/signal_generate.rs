//! `signal:signal_generate`: how the victim is really killed, and with it each process that shares its mm.
//!
//! Of an OOM kill are only SIGKILLs of the kernel itself (`SEND_SIG_PRIV`): those of `oom_kill_process`, and rarely others
//! (the end of a pid namespace). It comes before `mark_victim` for the victim and after it for the sharers; a mark without
//! a signal is no kill.
//!
//! When it is asked for, every SIGKILL is told besides, with its sender: a death by SIGKILL need not be an OOM kill.

use aya_ebpf::{
    helpers::generated::bpf_get_current_task, macros::raw_tracepoint, programs::RawTracePointContext,
};
use oomtrace_common::{SigKill, Victim, counter, kind, probe, signal_info};

use crate::{
    chain, emit,
    kread::{field, pointer, read},
    layout::{self, layout},
    state, task,
};

/// `SIGKILL`.
const SIGKILL: u32 = 9;
/// `SEND_SIG_PRIV`: the kernel sends, not a process (`include/linux/sched/signal.h`).
const SEND_SIG_PRIV: u64 = 1;
/// `TRACE_SIGNAL_DELIVERED`: not one that was pending already or is ignored (`include/trace/events/signal.h`).
const DELIVERED: u32 = 0;
/// Offset of `si_code` in `struct kernel_siginfo`, which begins as the `siginfo` of user space does.
const SI_CODE: u64 = 8;

/// 1 to tell of every SIGKILL. Replaced by the user side; frozen, so that the verifier drops the branch otherwise.
#[unsafe(no_mangle)]
static EVERY_SIGKILL: u32 = 0;

#[raw_tracepoint(tracepoint = "signal_generate")]
fn raw_tp_signal(ctx: RawTracePointContext) -> i32 {
    if ctx.arg::<u64>(0) as u32 != SIGKILL {
        return 0;
    }
    let info = ctx.arg::<u64>(1);
    if info == SEND_SIG_PRIV {
        killed(ctx.arg(2));
    }
    if layout::known(&EVERY_SIGKILL) == 1 && ctx.arg::<u64>(4) as u32 == DELIVERED {
        sent(info, ctx.arg(2));
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
    // No thread is added after SIGKILL: `copy_process` looks for it under the lock that is held here.
    let live = field::<i32>(pointer(task, layout!(task_signal)), layout!(signal_live)).unwrap_or(0);
    let (start_time, left) = (task::start_time(task), i64::from(live));
    state::mark(task::tgid(task), state::Marked { seq, start_time, told: 0, left });
}

/// Sends who sent it to whom.
#[inline(always)]
fn sent(info: u64, task: u64) {
    let kind = match info {
        0 => signal_info::NONE,
        SEND_SIG_PRIV => signal_info::KERNEL,
        _ => signal_info::GIVEN,
    };
    // SAFETY: no arguments.
    let sender = unsafe { bpf_get_current_task() };
    emit::record::<SigKill>(kind::SIGKILL, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::SIGKILL, probe::SIGNAL, 0);
            (*to).sender_memcg_id = chain::memcg_id(task::css(sender));
            (*to).sender_start_time = task::start_time(sender);
            (*to).sender_uid = task::uid(sender);
            (*to).sender_ppid = task::parent(sender);
            (*to).sender_ns_pid = task::ns_pid(sender);
            (*to).info = kind;
            (*to).code = if kind == signal_info::GIVEN { read(info + SI_CODE) } else { 0 };
            (*to).reserved = [0; 3];
            task::fill(&raw mut (*to).task, task);
        }
    });
}

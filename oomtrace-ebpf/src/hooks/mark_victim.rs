//! `oom:mark_victim`: the victim gets access to the memory reserves.
//!
//! Since 6.9, and since 2025 in the stable series from 5.4 on, its arguments are the task and its uid; before, only the
//! thread id. It also fires, without any kill, for a task that was dying already; it does not fire for processes that
//! share the victim's mm. `current` is the trigger, and the task's mm is held by `task_lock`.

use aya_ebpf::{
    EbpfContext,
    helpers::generated::bpf_get_current_task,
    macros::{btf_tracepoint, raw_tracepoint, tracepoint},
    programs::{BtfTracePointContext, RawTracePointContext, TracePointContext},
};
use aya_log_ebpf::debug;
use oomtrace_common::{ABSENT, COMM_LEN, Plain, UNKNOWN, UNKNOWN_32, Victim, counter, kind, probe};

use crate::{
    chain, emit,
    kread::{field, into, read},
    layout::layout,
    state, task, trigger,
};

#[btf_tracepoint(function = "mark_victim")]
fn tp_btf_mark(ctx: BtfTracePointContext) -> i32 {
    let argument = ctx.arg::<u64>(0);
    marked(&ctx, argument, probe::TP_BTF_MARK);
    0
}

#[raw_tracepoint(tracepoint = "mark_victim")]
fn raw_tp_mark(ctx: RawTracePointContext) -> i32 {
    let argument = ctx.arg::<u64>(0);
    marked(&ctx, argument, probe::RAW_TP_MARK);
    0
}

#[tracepoint(category = "oom", name = "mark_victim")]
fn tp_mark(ctx: TracePointContext) -> u32 {
    plain(&ctx);
    0
}

/// Sends the victim, and what else is not known yet: trigger and paths, when `oom_kill_process` was not seen.
#[inline(always)]
fn marked<C: EbpfContext>(ctx: &C, argument: u64, probe: u32) {
    state::count(counter::MARKS);
    let task = if layout!(mark_victim_task) == 1 { argument } else { by_tid(argument as u32) };
    let killed = task != 0 && state::last_signalled() == task;
    let decided = state::current();
    let seq = if decided != 0 || !killed { decided } else { state::begin(false) };
    emit::record::<Victim>(kind::MARK, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::MARK, probe, seq);
            task::fill(&raw mut (*to).task, task);
            if task == 0 {
                (*to).task.tid = argument as u32;
            }
        }
    });
    if layout!(debug) != 0 {
        debug!(ctx, "mark_victim: kill {}, pid {}", seq, task::tgid(task));
    }
    if killed {
        state::number(task::tgid(task), seq);
    }
    paths(ctx, task, decided != 0, probe, seq);
}

/// Sends the victim's path unless it was sent for this kill, and before that the trigger when nobody else does.
#[inline(always)]
fn paths<C: EbpfContext>(ctx: &C, task: u64, decided: bool, probe: u32, seq: u64) {
    if seq == 0 {
        return;
    }
    let css = task::css(task);
    let id = chain::memcg_id(css);
    if !decided {
        let trigger_css = trigger::send(ctx, probe, seq);
        if chain::memcg_id(trigger_css) != id {
            chain::send(trigger_css, probe, seq);
        }
    }
    if state::path_wanted(id) {
        chain::send(css, probe, seq);
    }
}

/// The task of the old form's thread id: the one that this thread just saw killed, or current; 0 when it is neither.
#[inline(always)]
fn by_tid(tid: u32) -> u64 {
    let task = state::last_signalled();
    if field::<u32>(task, layout!(task_pid)) == Some(tid) {
        return task;
    }
    // SAFETY: no arguments.
    if tid == emit::current_tid() { unsafe { bpf_get_current_task() } } else { 0 }
}

/// Sends what the format file describes: the way for kernels whose structures are not known.
#[inline(always)]
fn plain(ctx: &TracePointContext) {
    state::count(counter::MARKS);
    let base = ctx.as_ptr() as u64;
    let seq = state::begin(false);
    emit::record::<Plain>(kind::PLAIN, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::PLAIN, probe::TP_MARK, seq);
            (*to).pid = field(base, layout!(tp_pid)).unwrap_or(UNKNOWN_32);
            (*to).uid = field(base, layout!(tp_uid)).unwrap_or(UNKNOWN_32);
            (*to).total_vm_kb = field(base, layout!(tp_total_vm)).unwrap_or(UNKNOWN);
            (*to).anon_kb = field(base, layout!(tp_anon_rss)).unwrap_or(UNKNOWN);
            (*to).file_kb = field(base, layout!(tp_file_rss)).unwrap_or(UNKNOWN);
            (*to).shmem_kb = field(base, layout!(tp_shmem_rss)).unwrap_or(UNKNOWN);
            (*to).pgtables_kb = field(base, layout!(tp_pgtables)).unwrap_or(UNKNOWN);
            (*to).oom_score_adj = field::<i16>(base, layout!(tp_oom_score_adj)).map_or(i32::MIN, i32::from);
            (*to).reserved = 0;
            plain_comm(base, &raw mut (*to).comm);
        }
    });
}

/// Copies the `__data_loc` string of the format: offset in the low half, length in the high half.
#[inline(always)]
fn plain_comm(base: u64, to: *mut [u8; COMM_LEN]) {
    let offset = layout!(tp_comm);
    if offset == ABSENT {
        into(0, to);
        return;
    }
    let location = read::<u32>(base + u64::from(offset));
    into(base + u64::from(location & 0xffff), to);
}

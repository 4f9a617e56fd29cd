//! `oom_kill_process(oc, message)`: the kernel has chosen and is about to kill. The only place where the scope, its
//! size and the winning score are at hand.
//!
//! Static, but a real symbol of this name with these two arguments on every kernel from 4.10 to 7.3. It runs under
//! `oom_lock`, once per decision: not again for the members of a group (`memory.oom.group`) nor for processes that
//! share the mm.

use aya_ebpf::{
    EbpfContext,
    macros::{fentry, fexit, kprobe, kretprobe},
    programs::{FEntryContext, FExitContext, ProbeContext, RetProbeContext},
};
use aya_log_ebpf::debug;
use oomtrace_common::{ABSENT, Header, Kill, UNKNOWN, UNKNOWN_32, kind, probe};

use crate::{
    candidates, chain, emit,
    kread::{field, pointer, string},
    layout::layout,
    state, task, trigger,
};

#[fentry(function = "oom_kill_process")]
fn fentry_kill(ctx: FEntryContext) -> i32 {
    let (oc, message) = (ctx.arg::<u64>(0), ctx.arg::<u64>(1));
    decided(&ctx, oc, message, probe::FENTRY_KILL);
    0
}

#[kprobe]
fn kprobe_kill(ctx: ProbeContext) -> u32 {
    let oc = super::kprobe_argument(&ctx, layout!(pt_regs_arg0));
    let message = super::kprobe_argument(&ctx, layout!(pt_regs_arg1));
    decided(&ctx, oc, message, probe::KPROBE_KILL);
    0
}

#[fexit(function = "oom_kill_process")]
fn fexit_kill(_ctx: FExitContext) -> i32 {
    returned(probe::FEXIT_KILL);
    0
}

#[kretprobe]
fn kretprobe_kill(_ctx: RetProbeContext) -> u32 {
    returned(probe::KRETPROBE_KILL);
    0
}

/// Tells that the kill is over. Between decision and SIGKILL the kernel prints its report, which takes seconds on a slow
/// console, so time alone can't tell.
#[inline(always)]
fn returned(probe: u32) {
    let seq = state::end();
    if seq != 0 {
        emit::record::<Header>(kind::RETURN, |to| emit::header(to, kind::RETURN, probe, seq));
    }
}

/// Sends the decision, the trigger, the victim's cgroups and the candidates.
#[inline(always)]
fn decided<C: EbpfContext>(ctx: &C, oc: u64, message: u64, probe: u32) {
    let seq = state::begin(true);
    let chosen = pointer(oc, layout!(oc_chosen));
    let thread = task::with_mm(chosen);
    let candidates = candidates::send(oc, thread, seq);
    emit::record::<Kill>(kind::KILL, |to| {
        // SAFETY: `to` points into a reserved record.
        emit::header(unsafe { &raw mut (*to).header }, kind::KILL, probe, seq);
        fill(to, oc, message, thread, candidates);
    });
    if layout!(debug) != 0 {
        debug!(ctx, "oom_kill_process: kill {}, chosen pid {}", seq, task::tgid(chosen));
    }
    paths(thread, trigger::send(ctx, probe, seq), pointer(oc, layout!(oc_memcg)), probe, seq);
}

/// Sends the paths of the victim's memcg, the trigger's, and the limit's where it is not above the victim's.
#[inline(always)]
fn paths(thread: u64, trigger_css: u64, memcg: u64, probe: u32, seq: u64) {
    let victim_css = task::css(thread);
    let victim_id = chain::memcg_id(victim_css);
    chain::send(victim_css, probe, seq);
    if chain::memcg_id(trigger_css) != victim_id {
        chain::send(trigger_css, probe, seq);
    }
    // The victim may have been moved out of the scope since it was chosen.
    let css = css_of(memcg);
    if css != 0 && chain::memcg_id(css) != victim_id {
        chain::send(css, probe, seq);
    }
    state::path_wanted(victim_id);
}

/// The `cgroup_subsys_state` of a memcg.
#[inline(always)]
fn css_of(memcg: u64) -> u64 {
    if memcg == 0 || layout!(memcg_css) == ABSENT { 0 } else { memcg + u64::from(layout!(memcg_css)) }
}

/// Writes all of the record but its head.
#[inline(always)]
fn fill(to: *mut Kill, oc: u64, message: u64, thread: u64, candidates: Option<u32>) {
    let memcg = pointer(oc, layout!(oc_memcg));
    let signal = pointer(thread, layout!(task_signal));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).memcg = memcg;
        (*to).memcg_id = chain::memcg_id(css_of(memcg));
        (*to).total_pages = field(oc, layout!(oc_totalpages)).unwrap_or(UNKNOWN);
        (*to).chosen_points = field(oc, layout!(oc_chosen_points)).unwrap_or(i64::MIN);
        (*to).gfp_mask = field(oc, layout!(oc_gfp_mask)).unwrap_or(UNKNOWN_32);
        (*to).order = field(oc, layout!(oc_order)).unwrap_or(i32::MIN);
        (*to).constraint = field(oc, layout!(oc_constraint)).unwrap_or(UNKNOWN_32);
        (*to).candidates = candidates.unwrap_or(UNKNOWN_32);
        (*to).nr_threads = field(signal, layout!(signal_nr_threads)).unwrap_or(UNKNOWN_32);
        (*to).reserved = 0;
        string(message, &raw mut (*to).message);
        task::fill(&raw mut (*to).chosen, thread);
    }
}

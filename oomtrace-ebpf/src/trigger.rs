//! The task in whose context the kernel ran out of memory: current in every hook of a kill.

use aya_ebpf::{
    EbpfContext,
    bindings::BPF_F_USER_STACK,
    helpers::generated::{bpf_get_current_task, bpf_get_stack},
};
use oomtrace_common::{STACK_MAX, Trigger, kind};

use crate::{chain, emit, task};

/// Sends the trigger of kill `seq` with its stacks, and returns its memory cgroup state.
#[inline(always)]
pub(crate) fn send<C: EbpfContext>(ctx: &C, probe: u32, seq: u64) -> u64 {
    // SAFETY: no arguments.
    let current = unsafe { bpf_get_current_task() };
    let css = task::css(current);
    emit::record::<Trigger>(kind::TRIGGER, |to| {
        // SAFETY: `to` points into a reserved record.
        unsafe {
            emit::header(&raw mut (*to).header, kind::TRIGGER, probe, seq);
            (*to).memcg_id = chain::memcg_id(css);
            (*to).uid = task::uid(current);
            (*to).reserved = 0;
            (*to).kernel_stack_len = stack(ctx, &raw mut (*to).kernel_stack, 0);
            (*to).user_stack_len = stack(ctx, &raw mut (*to).user_stack, u64::from(BPF_F_USER_STACK));
        }
    });
    css
}

/// Takes a stack of the current task; bytes filled or a negative errno.
#[inline(always)]
fn stack<C: EbpfContext>(ctx: &C, to: *mut [u64; STACK_MAX], flags: u64) -> i32 {
    // SAFETY: `to` has room for the given size.
    unsafe { bpf_get_stack(ctx.as_ptr(), to.cast(), (STACK_MAX * 8) as u32, flags) as i32 }
}

//! One file per hook.

mod exited;
mod iter_cgroup;
mod iter_task;
mod mark_victim;
mod oom_evaluate_task;
mod oom_kill_process;
pub(crate) mod rss_stat;
mod sched_process_exec;
mod sched_process_exit;
mod sched_process_fork;
pub(crate) mod signal_deliver;
mod signal_generate;

use aya_ebpf::{EbpfContext, programs::ProbeContext};

use crate::kread::read;

/// An argument of a kprobed function: a register saved in `pt_regs`, at an offset that the user side gives, so that one
/// object serves every architecture.
#[inline(always)]
fn kprobe_argument(ctx: &ProbeContext, offset: u32) -> u64 {
    if offset == oomtrace_common::ABSENT {
        return 0;
    }
    read(ctx.as_ptr() as u64 + u64::from(offset))
}

//! `oom_evaluate_task(task, oc)`: called for each task of the scope while the kernel looks for a victim.
//!
//! Static; a function of its own on Debian's 5.10 and on every kernel from 5.15 on. Where it was inlined the hook fails
//! to attach or stays silent, and the candidates come from the kernel's log.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use oomtrace_common::probe;

use crate::{candidates, layout::layout};

#[fentry(function = "oom_evaluate_task")]
fn fentry_evaluate(ctx: FEntryContext) -> i32 {
    candidates::evaluate(ctx.arg(0), ctx.arg(1), probe::FENTRY_EVALUATE);
    0
}

#[kprobe]
fn kprobe_evaluate(ctx: ProbeContext) -> u32 {
    let task = super::kprobe_argument(&ctx, layout!(pt_regs_arg0));
    let oc = super::kprobe_argument(&ctx, layout!(pt_regs_arg1));
    candidates::evaluate(task, oc, probe::KPROBE_EVALUATE);
    0
}

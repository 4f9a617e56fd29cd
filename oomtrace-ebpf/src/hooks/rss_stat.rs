//! `kmem:rss_stat`, attached only while it is asked for: a process's counters at each step of 2 MiB.
//!
//! Since 6.2 it fires for every page; what is not told costs one read and one look at a table. Before, it fires once
//! per 64 faults of a thread. Never as a classic tracepoint: that one sums the counter over all CPUs at every page.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP, helpers::bpf_get_current_pid_tgid, macros::raw_tracepoint,
    programs::RawTracePointContext,
};
use oomtrace_common::{ABSENT, ALLOC_SLOTS, ALLOC_STEP, AllocStep};

use super::exited::lost;
use crate::{
    emit,
    kread::{pointer, read},
    layout::layout,
    maps::{ALLOC_TABLE, ALLOCS, ALLOCS_LOST},
    task,
};

/// What was told last of an mm.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// Its address.
    mm: u64,
    /// Its counters, pages.
    pages: [u32; task::RSS_COUNTERS],
}

#[raw_tracepoint(tracepoint = "rss_stat")]
fn raw_tp_rss_stat(ctx: RawTracePointContext) -> i32 {
    let (mm, member) = (ctx.arg::<u64>(0), ctx.arg::<u32>(1));
    let stat = layout!(mm_rss_stat);
    if member >= task::RSS_COUNTERS as u32 || stat == ABSENT {
        return 0;
    }
    let pages = if layout!(rss_stat_percpu) == 0 {
        // The value is an argument.
        ctx.arg::<i64>(2)
    } else {
        let counter = stat + member * layout!(percpu_counter_size) + layout!(percpu_count);
        read::<i64>(mm + u64::from(counter))
    };
    moved(mm, member, pages);
    0
}

/// Tells the counter's value when it is far from what was told last.
#[inline(always)]
fn moved(mm: u64, member: u32, pages: i64) {
    // Addresses of mm are a few cache lines apart; the low bits say nothing.
    let slot = (mm >> 6) as u32 & (ALLOC_SLOTS - 1);
    let Some(told) = ALLOC_TABLE.get_ptr_mut(slot) else { return };
    let pages = task::not_negative(pages);
    // SAFETY: a slot of an array map. Two CPUs may write it at once; the worst is that a step is told twice.
    unsafe {
        if (*told).mm != mm {
            (*told).mm = mm;
            (*told).pages = [0; task::RSS_COUNTERS];
        }
        let last = (&raw mut (*told).pages).cast::<u32>().add(member as usize & (task::RSS_COUNTERS - 1));
        let distance = (pages - i64::from(*last)).unsigned_abs();
        if distance < ALLOC_STEP >> layout!(page_shift) {
            return;
        }
        *last = pages as u32;
    }
    send(mm, member, pages);
}

#[inline(always)]
fn send(mm: u64, member: u32, pages: i64) {
    let Some(mut entry) = ALLOCS.reserve::<AllocStep>(0) else {
        lost(&ALLOCS_LOST);
        return;
    };
    let to = entry.as_mut_ptr();
    let owner = pointer(mm, layout!(mm_owner));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).time = emit::now();
        (*to).mm = mm;
        (*to).pages = pages;
        (*to).tgid = if owner == 0 { 0 } else { task::tgid(owner) };
        (*to).current_tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
        (*to).member = member;
        (*to).reserved = 0;
    }
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
}

//! `kmem:rss_stat`, attached only while it is asked for: a process's counters at each step of 2 MiB.
//!
//! Since 6.2 it fires for every page; what is not told costs one read and one look at a table. Before, it fires once
//! per 64 faults of a thread. Never as a classic tracepoint: that one sums the counter over all CPUs at every page.

use aya_ebpf::{
    EbpfContext as _,
    bindings::BPF_RB_NO_WAKEUP,
    helpers::bpf_get_current_pid_tgid,
    macros::{btf_tracepoint, raw_tracepoint},
    programs::{BtfTracePointContext, RawTracePointContext},
};
use oomtrace_common::{ABSENT, ALLOC_SLOTS, ALLOC_STEP, AllocStep};

use super::exited::lost;
use crate::{
    emit,
    kread::{pointer, read},
    layout::layout,
    maps::{ALLOC_TABLE, ALLOCS, ALLOCS_LOST},
    task, typed,
};

/// What was told last of an mm.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// Stands for it: its address, or that less a constant.
    id: u64,
    /// Its counters, pages.
    pages: [u32; task::RSS_COUNTERS],
}

/// Where the kernel takes it: the counter is a plain load, without a helper's call for each page.
#[btf_tracepoint(function = "rss_stat")]
fn tp_btf_rss_stat(ctx: BtfTracePointContext) -> i32 {
    let mm = typed::context(ctx.as_ptr().cast(), 0);
    let load = |member: u32| typed::field::<i64>(mm, counter(member)).unwrap_or(0);
    let member = ctx.arg::<u32>(1);
    if layout!(mm_rss_stat) == ABSENT {
        return 0;
    }
    let pages = match member {
        0..4 if layout!(rss_stat_percpu) == 0 => ctx.arg::<i64>(2),
        // The verifier follows a typed pointer by constant offsets alone.
        0 => load(0),
        1 => load(1),
        2 => load(2),
        3 => load(3),
        _ => return 0,
    };
    let Some(first) = ALLOC_TABLE.get_ptr(0) else { return 0 };
    // The verifier allows no shift of a typed pointer; the distance of two pointers is a number for it.
    moved(mm as u64, (mm as u64).wrapping_sub(first as u64), member, pages);
    0
}

#[raw_tracepoint(tracepoint = "rss_stat")]
fn raw_tp_rss_stat(ctx: RawTracePointContext) -> i32 {
    let (mm, member) = (ctx.arg::<u64>(0), ctx.arg::<u32>(1));
    if member >= task::RSS_COUNTERS as u32 || layout!(mm_rss_stat) == ABSENT {
        return 0;
    }
    let pages = if layout!(rss_stat_percpu) == 0 {
        // The value is an argument.
        ctx.arg::<i64>(2)
    } else {
        read::<i64>(mm + u64::from(counter(member)))
    };
    moved(mm, mm, member, pages);
    0
}

/// What the tracepoint itself costs with a program on it. It is attached only while that is measured.
#[raw_tracepoint(tracepoint = "rss_stat")]
fn raw_tp_rss_stat_empty(_: RawTracePointContext) -> i32 {
    0
}

/// Offset in an mm of what its counter `member` is told by without a sum over all CPUs, since 6.2.
#[inline(always)]
fn counter(member: u32) -> u32 {
    layout!(mm_rss_stat) + member * layout!(percpu_counter_size) + layout!(percpu_count)
}

/// Tells the counter's value when it is far from what was told last of `id`, which stands for the mm.
#[inline(always)]
fn moved(mm: u64, id: u64, member: u32, pages: i64) {
    // Addresses of mm are a few cache lines apart; the low bits say nothing.
    let slot = (id >> 6) as u32 & (ALLOC_SLOTS - 1);
    let Some(told) = ALLOC_TABLE.get_ptr_mut(slot) else { return };
    let pages = task::not_negative(pages);
    // SAFETY: a slot of an array map. Two CPUs may write it at once; the worst is that a step is told twice.
    unsafe {
        if (*told).id != id {
            (*told).id = id;
            (*told).pages = [0; task::RSS_COUNTERS];
        }
        let last = (&raw mut (*told).pages).cast::<u32>().add(member as usize & (task::RSS_COUNTERS - 1));
        let distance = (pages - i64::from(*last)).unsigned_abs();
        if distance < ALLOC_STEP >> layout!(page_shift) {
            return;
        }
        *last = pages as u32;
    }
    send(mm, id, member, pages);
}

#[inline(always)]
fn send(mm: u64, id: u64, member: u32, pages: i64) {
    let Some(mut entry) = ALLOCS.reserve::<AllocStep>(0) else {
        lost(&ALLOCS_LOST);
        return;
    };
    let to = entry.as_mut_ptr();
    let owner = pointer(mm, layout!(mm_owner));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).time = emit::now();
        (*to).mm = id;
        (*to).pages = pages;
        (*to).tgid = if owner == 0 { 0 } else { task::tgid(owner) };
        (*to).current_tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
        (*to).member = member;
        (*to).reserved = 0;
    }
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
}

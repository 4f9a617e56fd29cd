//! The cgroup iterator (6.1 and later): one record per memory cgroup, each parent before its children.
//!
//! Its file can't go on after a full buffer, so the records go to a map that user space has mapped; what does not fit is
//! walked to again.

use oomtrace_common::{ABSENT, CGROUPS_AT_ONCE, MemcgSample, UNKNOWN};

use crate::{
    kread,
    layout::layout,
    maps::{MEMCGS, WALK},
    typed::{Object, context, field, object},
};

/// `ctx` is a `struct bpf_iter__cgroup`. A cgroup of NULL is the end. 1 stops the walk.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/cgroup")]
fn iter_cgroup(ctx: *const u8) -> i32 {
    let cgroup = context(ctx, 1);
    if cgroup.is_null() {
        return 0;
    }
    let (subsys, memory) = (layout!(cgroup_subsys), layout!(memory_cgrp_id));
    if subsys == ABSENT || memory == ABSENT {
        return 1;
    }
    // A v2 cgroup without the controller.
    let css = object(cgroup, subsys + memory * 8);
    if css.is_null() { 0 } else { visit(css) }
}

/// Writes one memory cgroup at its place; 1 when there is no place left.
#[inline(always)]
fn visit(css: Object) -> i32 {
    let Some(walk) = WALK.get_ptr_mut(0) else { return 1 };
    // SAFETY: a slot of an array map that one reader at a time uses.
    let place = unsafe {
        let met = (*walk).met;
        (*walk).met += 1;
        if met < (*walk).skip {
            return 0;
        }
        met - (*walk).skip
    };
    if place >= u64::from(CGROUPS_AT_ONCE) {
        return 1;
    }
    let Some(to) = MEMCGS.get_ptr_mut(place as u32) else { return 1 };
    fill(css, to);
    0
}

/// Writes all of a record.
#[inline(always)]
fn fill(css: Object, to: *mut MemcgSample) {
    let parent = object(css, layout!(css_parent));
    // The memcg is larger than the state at its head, which is all that the verifier knows of: no typed reads from here.
    let memcg = if layout!(memcg_css) == ABSENT { 0 } else { css as u64 - u64::from(layout!(memcg_css)) };
    let memory = layout!(memcg_memory);
    // SAFETY: a slot of an array map.
    unsafe {
        (*to).id = id(css);
        (*to).parent = if parent.is_null() { 0 } else { id(parent) };
        (*to).usage = counter(memcg, memory, layout!(counter_usage));
        (*to).max = counter(memcg, memory, layout!(counter_max));
        (*to).high = counter(memcg, memory, layout!(counter_high));
        (*to).watermark = counter(memcg, memory, layout!(counter_watermark));
        (*to).failcnt = counter(memcg, memory, layout!(counter_failcnt));
        (*to).swap = counter(memcg, layout!(memcg_swap), layout!(counter_usage));
        (*to).events_max = event(memcg, layout!(memcg_max));
        (*to).events_high = event(memcg, layout!(memcg_high));
        (*to).events_oom_kill = event(memcg, layout!(memcg_oom_kill));
    }
}

/// kernfs id of the cgroup of a `cgroup_subsys_state`.
#[inline(always)]
pub(super) fn id(css: Object) -> u64 {
    let cgroup = object(css, layout!(css_cgroup));
    field(object(cgroup, layout!(cgroup_kn)), layout!(kernfs_id)).unwrap_or(0)
}

/// A field of one of a memcg's page counters, in pages.
#[inline(always)]
fn counter(memcg: u64, counter: u32, offset: u32) -> u64 {
    if counter == ABSENT || offset == ABSENT || memcg == 0 {
        return UNKNOWN;
    }
    kread::read(memcg + u64::from(counter) + u64::from(offset))
}

/// One of a memcg's event counts, with those of all below it (v2) or its own (v1).
#[inline(always)]
fn event(memcg: u64, index: u32) -> u64 {
    if index == ABSENT || layout!(memcg_events) == ABSENT || memcg == 0 {
        return UNKNOWN;
    }
    kread::read(memcg + u64::from(layout!(memcg_events)) + u64::from(index) * 8)
}

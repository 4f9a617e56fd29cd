//! The path of a memory cgroup, level by level, with the numbers of each.
//!
//! Names are taken here and not later from /sys/fs/cgroup: a container's cgroup is gone milliseconds after its kill.

use oomtrace_common::{ABSENT, CHAIN_MAX, Level, UNKNOWN, UNKNOWN_32, kind};

use crate::{
    emit,
    kread::{field, pointer, string},
    layout::layout,
};

/// kernfs id of the cgroup of a `cgroup_subsys_state`; 0 when it can't be read.
#[inline(always)]
pub(crate) fn memcg_id(css: u64) -> u64 {
    field(kernfs(css), layout!(kernfs_id)).unwrap_or(0)
}

/// The kernfs node of the cgroup of a `cgroup_subsys_state`; 0 when it can't be read.
#[inline(always)]
fn kernfs(css: u64) -> u64 {
    pointer(pointer(css, layout!(css_cgroup)), layout!(cgroup_kn))
}

/// Sends one record per level, from `css` up to the root, at most [`CHAIN_MAX`].
#[inline(always)]
pub(crate) fn send(css: u64, probe: u32, seq: u64) {
    let leaf_id = memcg_id(css);
    let mut css = css;
    for depth in 0..CHAIN_MAX as u32 {
        if css == 0 {
            break;
        }
        emit::record::<Level>(kind::LEVEL, |to| {
            // SAFETY: `to` points into a reserved record.
            emit::header(unsafe { &raw mut (*to).header }, kind::LEVEL, probe, seq);
            fill(to, css, leaf_id, depth);
        });
        css = pointer(css, layout!(css_parent));
    }
}

/// Writes all of one level but its head.
#[inline(always)]
fn fill(to: *mut Level, css: u64, leaf_id: u64, depth: u32) {
    // `mem_cgroup.css` is its first member on every kernel looked at; the offset is asked for all the same.
    let css_offset = layout!(memcg_css);
    let memcg = if css_offset == ABSENT { 0 } else { css - u64::from(css_offset) };
    let memory = layout!(memcg_memory);
    let swap = layout!(memcg_swap);
    let cgroup = pointer(css, layout!(css_cgroup));
    let name = pointer(kernfs(css), layout!(kernfs_name));
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).leaf_id = leaf_id;
        (*to).id = memcg_id(css);
        (*to).usage = counter(memcg, memory, layout!(counter_usage));
        (*to).max = counter(memcg, memory, layout!(counter_max));
        (*to).watermark = counter(memcg, memory, layout!(counter_watermark));
        (*to).high = counter(memcg, memory, layout!(counter_high));
        (*to).swap_usage = counter(memcg, swap, layout!(counter_usage));
        (*to).swap_max = counter(memcg, swap, layout!(counter_max));
        (*to).events_oom = event(memcg, layout!(memcg_oom));
        (*to).events_oom_kill = event(memcg, layout!(memcg_oom_kill));
        (*to).depth = depth;
        (*to).level = field::<u32>(cgroup, layout!(cgroup_level)).unwrap_or(UNKNOWN_32);
        (*to).oom_group = field::<u8>(memcg, layout!(memcg_oom_group)).map_or(UNKNOWN_32, u32::from);
        (*to).memcg = memcg;
        (*to).name_len = string(name, &raw mut (*to).name);
    }
}

/// A field of one of a memcg's page counters, in pages.
#[inline(always)]
fn counter(memcg: u64, counter: u32, offset: u32) -> u64 {
    if counter == ABSENT || offset == ABSENT || memcg == 0 {
        return UNKNOWN;
    }
    field(memcg + u64::from(counter), offset).unwrap_or(UNKNOWN)
}

/// One of a memcg's hierarchical event counts.
#[inline(always)]
fn event(memcg: u64, index: u32) -> u64 {
    if index == ABSENT || layout!(memcg_events) == ABSENT || memcg == 0 {
        return UNKNOWN;
    }
    field(memcg + u64::from(layout!(memcg_events)), index * 8).unwrap_or(UNKNOWN)
}

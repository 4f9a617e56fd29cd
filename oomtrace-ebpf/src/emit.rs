//! Writing records to the ring buffer, and counting those that did not fit.

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE},
    helpers::{bpf_get_current_comm, bpf_get_current_pid_tgid, generated::bpf_ktime_get_boot_ns},
    maps::ring_buf::RingBufEntry,
};
use oomtrace_common::{Header, Record};

use crate::maps::{EVENTS, LOST};

/// Reserves room for a record, lets `fill` write every field of it, and submits it.
#[inline(always)]
pub(crate) fn record<T: Record + 'static>(kind: u32, fill: impl FnOnce(*mut T)) {
    match EVENTS.reserve::<T>(0) {
        Some(mut entry) => {
            fill(entry.as_mut_ptr());
            submit(entry);
        }
        None => lost(kind),
    }
}

/// Sends `length` bytes that begin at `from` with a record of `kind`.
///
/// # Safety
/// They must lie within one map value.
#[inline(always)]
pub(crate) unsafe fn bytes(kind: u32, from: *const u8, length: u32) {
    // SAFETY: the caller's promise, which the verifier checks.
    let sent = EVENTS.output::<[u8]>(unsafe { core::slice::from_raw_parts(from, length as usize) }, 0);
    if sent.is_err() {
        lost(kind);
    }
}

/// Whether less than half of the ring waits to be read.
#[inline(always)]
pub(crate) fn roomy() -> bool {
    EVENTS.query(u64::from(BPF_RB_AVAIL_DATA)) < EVENTS.query(u64::from(BPF_RB_RING_SIZE)) / 2
}

/// Submits with the default wake-up: user space is woken when it has read everything before.
#[inline(always)]
fn submit<T>(entry: RingBufEntry<T>) {
    entry.submit(0);
}

/// Counts a record of `kind` that did not fit.
#[inline(always)]
fn lost(kind: u32) {
    if let Some(count) = LOST.get_ptr_mut(kind) {
        // SAFETY: a per-CPU slot; a torn count would need the same CPU to interrupt itself in an OOM kill.
        unsafe { *count += 1 };
    }
}

/// `CLOCK_BOOTTIME` in ns.
#[inline(always)]
pub(crate) fn now() -> u64 {
    // SAFETY: no arguments.
    unsafe { bpf_ktime_get_boot_ns() }
}

/// Thread id of the current task.
#[inline(always)]
pub(crate) fn current_tid() -> u32 {
    bpf_get_current_pid_tgid() as u32
}

/// Writes the head of a record.
#[inline(always)]
pub(crate) fn header(to: *mut Header, kind: u32, probe: u32, seq: u64) {
    let ids = bpf_get_current_pid_tgid();
    let comm = bpf_get_current_comm().unwrap_or_default();
    // SAFETY: `to` points into a reserved record.
    unsafe {
        (*to).kind = kind;
        (*to).probe = probe;
        (*to).seq = seq;
        (*to).time = now();
        (*to).current_tid = ids as u32;
        (*to).current_tgid = (ids >> 32) as u32;
        (*to).current_comm = comm;
    }
}

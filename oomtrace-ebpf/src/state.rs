//! What the hooks of one kill tell each other.

use oomtrace_common::counter;

use crate::{
    emit,
    maps::{COUNTERS, MARKED, SIGNALLED, STATE},
};

/// The kill in progress.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct State {
    /// Its number.
    pub seq: u64,
    /// Memory cgroup whose path was sent last for it.
    pub path_sent: u64,
    /// The thread that runs the OOM killer.
    pub trigger_tid: u32,
    /// 1 when `oom_kill_process` was seen for it.
    pub decided: u32,
}

/// A killed process that has not exited.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Marked {
    /// The kill it belongs to.
    pub seq: u64,
    /// Its leader's start time.
    pub start_time: u64,
    /// 1 when what it was started with was told.
    pub told: u64,
    /// Threads that have not come to the end of their exit.
    pub left: i64,
}

/// Adds one to a counter and returns its new value; 0 when the map can't be had.
#[inline(always)]
pub(crate) fn count(index: u32) -> u64 {
    let Some(value) = COUNTERS.get_ptr_mut(index) else { return 0 };
    // SAFETY: a slot of an array map, changed only under `oom_lock` (marks, kills) or approximately (signals).
    unsafe {
        *value += 1;
        *value
    }
}

/// Begins a kill in the current thread and returns its number.
#[inline(always)]
pub(crate) fn begin(decided: bool) -> u64 {
    let seq = count(counter::KILLS);
    if let Some(state) = STATE.get_ptr_mut(0) {
        // SAFETY: a slot of an array map, changed only under `oom_lock`.
        unsafe {
            *state =
                State { seq, path_sent: 0, trigger_tid: emit::current_tid(), decided: u32::from(decided) }
        };
    }
    seq
}

/// The kill that the current thread is carrying out; its number, 0 when there is none.
#[inline(always)]
pub(crate) fn current() -> u64 {
    let Some(state) = STATE.get(0) else { return 0 };
    if state.trigger_tid == emit::current_tid() && state.decided == 1 { state.seq } else { 0 }
}

/// Ends the kill that the current thread was carrying out and returns its number, 0 when there is none.
#[inline(always)]
pub(crate) fn end() -> u64 {
    let seq = current();
    if let Some(state) = STATE.get_ptr_mut(0).filter(|_| seq != 0) {
        // SAFETY: a slot of an array map, changed only under `oom_lock`.
        unsafe { (*state).decided = 0 };
    }
    seq
}

/// True once per memory cgroup and kill: its path is still to be sent.
#[inline(always)]
pub(crate) fn path_wanted(memcg_id: u64) -> bool {
    let Some(state) = STATE.get_ptr_mut(0) else { return false };
    // SAFETY: a slot of an array map, changed only under `oom_lock`.
    unsafe {
        let wanted = (*state).path_sent != memcg_id;
        (*state).path_sent = memcg_id;
        wanted
    }
}

/// Remembers that the current thread saw the kernel send SIGKILL to `task`.
#[inline(always)]
pub(crate) fn signalled(task: u64) {
    let _ = SIGNALLED.insert(emit::current_tid(), task, 0);
}

/// The task that the current thread last saw the kernel send SIGKILL to, 0 when there is none.
#[inline(always)]
pub(crate) fn last_signalled() -> u64 {
    // SAFETY: the value is copied at once.
    unsafe { SIGNALLED.get(emit::current_tid()).copied().unwrap_or(0) }
}

/// Remembers a killed process until it exits. One that is remembered is on its way already (a group's first victim is killed
/// twice): only the kill's number may be new.
#[inline(always)]
pub(crate) fn mark(tgid: u32, marked: Marked) {
    if let Some(known) = MARKED.get_ptr_mut(tgid) {
        // SAFETY: a slot of a map; a reader may see either number.
        unsafe {
            if (*known).start_time == marked.start_time {
                // 0 where the mark alone will number it.
                if marked.seq != 0 {
                    (*known).seq = marked.seq;
                }
                return;
            }
        }
    }
    let _ = MARKED.insert(tgid, marked, 0);
}

/// Adds to a value of a map, whatever other CPUs add meanwhile.
///
/// The instruction without a result: one with it came with 5.12, and what `core` has for this target always has one.
///
/// # Safety
/// `to` points into a map's value.
#[inline(always)]
pub(crate) unsafe fn add(to: *mut i64, value: i64) {
    // SAFETY: of the caller.
    unsafe {
        core::arch::asm!("lock *(u64 *)({to} + 0) += {value}", to = in(reg) to, value = in(reg) value);
    }
}

/// Puts a killed process down to kill `seq`, unless it has exited meanwhile.
#[inline(always)]
pub(crate) fn number(tgid: u32, seq: u64) {
    if let Some(known) = MARKED.get_ptr_mut(tgid) {
        // SAFETY: as above.
        unsafe { (*known).seq = seq };
    }
}

//! `signal:signal_deliver`: what a victim was started with, read by itself just before it dies.
//!
//! Nobody else may look any more. A read of `/proc/<pid>/cmdline` or `environ` holds the mm while it waits for a free page:
//! nothing of the victim is given back meanwhile, and the kernel, for which a victim that was waited for is no victim any
//! more, kills another process or panics for want of one. Here the memory is the current process's own, and a page that is
//! not there is not waited for.

use aya_ebpf::{
    helpers::{bpf_get_current_pid_tgid, generated::bpf_get_current_task},
    macros::raw_tracepoint,
    programs::RawTracePointContext,
};
use oomtrace_common::{ARGUMENTS_LEN, ENVIRON_LEN, Startup, kind, probe};

use crate::{
    emit,
    kread::{field, pointer, user},
    layout::layout,
    maps::{MARKED, STARTUP},
    state::Marked,
};

/// `SIGKILL`.
const SIGKILL: u32 = 9;
/// Bytes that are read at once: what can't be read costs no more than this.
const PIECE: usize = 1024;

/// A record with the environment behind it.
#[repr(C)]
pub(crate) struct Room {
    record: Startup,
    environ: [[u8; PIECE]; ENVIRON_LEN / PIECE],
}

#[raw_tracepoint(tracepoint = "signal_deliver")]
fn raw_tp_deliver(ctx: RawTracePointContext) -> i32 {
    if ctx.arg::<u64>(0) as u32 != SIGKILL {
        return 0;
    }
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    let Some(marked) = MARKED.get_ptr_mut(tgid) else { return 0 };
    // SAFETY: a slot of a map; where two threads come at once, both tell.
    let (told, marked) = unsafe { (core::mem::replace(&mut (*marked).told, 1), *marked) };
    if told == 0 {
        tell(marked);
    }
    0
}

/// Sends arguments and environment of current.
#[inline(always)]
fn tell(marked: Marked) {
    // It tells more of a kill, and leaves the room to what tells of kills.
    let Some(room) = STARTUP.get_ptr_mut(0).filter(|_| emit::roomy()) else { return };
    // SAFETY: no arguments.
    let mm = pointer(unsafe { bpf_get_current_task() }, layout!(task_mm));
    let (arguments, arguments_total) = span(mm, layout!(mm_arg_start), layout!(mm_arg_end));
    let (environ, environ_total) = span(mm, layout!(mm_env_start), layout!(mm_env_end));
    // SAFETY: a per-CPU slot that only this program uses, and no program runs twice on a CPU at a time.
    unsafe {
        let to = &raw mut (*room).record;
        emit::header(&raw mut (*to).header, kind::STARTUP, probe::DELIVER, marked.seq);
        (*to).start_time = marked.start_time;
        (*to).arguments_total = arguments_total;
        (*to).arguments_len = piece(arguments, arguments_total, &raw mut (*to).arguments);
        (*to).environ_total = environ_total;
        let mut length = 0;
        for at in 0..ENVIRON_LEN / PIECE {
            let left = environ_total.saturating_sub(length);
            let read = piece(environ + u64::from(length), left, &raw mut (*room).environ[at]);
            length += read;
            if read < PIECE as u32 {
                break;
            }
        }
        (*to).environ_len = length;
        emit::bytes(kind::STARTUP, room.cast(), size_of::<Startup>() as u32 + length.min(ENVIRON_LEN as u32));
    }
}

/// Address and length of what lies between two fields of the mm; nothing where they are not known.
#[inline(always)]
fn span(mm: u64, start: u32, end: u32) -> (u64, u32) {
    let start = field::<u64>(mm, start).unwrap_or(0);
    let end = field::<u64>(mm, end).unwrap_or(0);
    (start, end.saturating_sub(start).min(u64::from(u32::MAX)) as u32)
}

/// Copies up to `N` of `length` bytes of current's memory, and returns how many; none where one of them can't be read.
#[inline(always)]
fn piece<const N: usize>(address: u64, length: u32, to: *mut [u8; N]) -> u32 {
    let length = length.min(N as u32);
    // The verifier needs both bounds, and N itself does not survive the mask.
    let read = if length == N as u32 {
        user(address, N as u32, to)
    } else {
        length > 0 && user(address, length & (N as u32 - 1), to)
    };
    if read { length } else { 0 }
}

const _: () = assert!(ARGUMENTS_LEN.is_power_of_two() && ENVIRON_LEN.is_multiple_of(PIECE));

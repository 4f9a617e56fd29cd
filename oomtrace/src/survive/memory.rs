//! Locking the program into memory, so that nothing of it has to be read from disk or found room for during an OOM.

use std::hint::black_box;
use std::io;

use super::{State, Step};
use crate::kernel::grant;

/// Stack that is made resident: several times the deepest path of an event.
const STACK: usize = 64 * 1024;
const NAME: &str = "memory lock";

/// Touches [`STACK`] bytes of the calling thread's stack.
#[inline(never)]
pub fn prefault_stack() {
    let mut pages = [0u8; STACK];
    for byte in pages.iter_mut().step_by(4096) {
        *byte = 1;
    }
    black_box(&mut pages);
}

/// Locks all of the program's memory, that of later growth too where `CAP_IPC_LOCK` allows it.
///
/// Pages are locked as they come into use (`MCL_ONFAULT`, Linux 4.4): without it the kernel would fill every hole that
/// loading has left in the heap and every thread's whole stack, twice what is ever used. The program's own code and
/// constants are made resident at once, because they would be read from disk.
///
/// Without the capability growth is left out: past `RLIMIT_MEMLOCK` the kernel refuses a locked program any further
/// memory, and an allocation that fails ends it.
pub fn lock_memory() -> Step {
    if ipc_lock() {
        return match lock(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT)
            .and_then(|()| load_image())
        {
            Ok(()) => Step::done(NAME, "all memory is locked, that of later growth included"),
            Err(error) => failed(&error, "the machine has no room, or its policy forbids it", &remedy()),
        };
    }
    let limit = raise_limit();
    match lock(libc::MCL_CURRENT) {
        Ok(()) => Step::short(
            NAME,
            State::Partly,
            "the memory in use now is locked; later growth is not, because CAP_IPC_LOCK is missing",
            remedy(),
        ),
        Err(error) => {
            let cause =
                format!("CAP_IPC_LOCK is missing and the limit on locked memory is {}", amount(limit));
            failed(&error, &cause, &remedy())
        }
    }
}

/// What to do about memory that is not locked.
fn remedy() -> String {
    format!("raise the limit (ulimit -l unlimited, LimitMEMLOCK=infinity), {}", grant::remedy())
}

fn failed(error: &io::Error, cause: &str, remedy: &str) -> Step {
    let detail =
        format!("not locked ({error}): {cause}; under memory pressure the tracer may be slow to report");
    Step::short(NAME, State::Failed, detail, remedy)
}

fn lock(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: a plain call.
    if unsafe { libc::mlockall(flags) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes the program's image and its shared libraries resident, code and variables.
fn load_image() -> io::Result<()> {
    // SAFETY: the callback has the type that is asked for and keeps nothing.
    match unsafe { libc::dl_iterate_phdr(Some(load_object), std::ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Locks the loaded segments of one object; returns the error number.
unsafe extern "C" fn load_object(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the C library hands over a valid description, whose headers are mapped.
    let (base, headers) = unsafe {
        let info = &*info;
        (info.dlpi_addr, std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()))
    };
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD) {
        let (Ok(start), Ok(length)) =
            (usize::try_from(base + header.p_vaddr), usize::try_from(header.p_memsz))
        else {
            return libc::EOVERFLOW;
        };
        // SAFETY: the segment is mapped; locking neither reads nor writes it.
        if unsafe { libc::mlock(std::ptr::with_exposed_provenance(start), length) } != 0 {
            return io::Error::last_os_error().raw_os_error().unwrap_or(libc::ENOMEM);
        }
    }
    0
}

/// Whether `CAP_IPC_LOCK` is effective.
fn ipc_lock() -> bool {
    caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_IPC_LOCK).unwrap_or(false)
}

/// Raises the soft limit on locked memory to the hard one, which needs no privilege; returns the limit in bytes.
fn raise_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a live struct of the right type.
    unsafe {
        libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit);
    }
    limit.rlim_cur
}

fn amount(limit: u64) -> String {
    if limit == libc::RLIM_INFINITY { "unlimited".into() } else { format!("{} KiB", limit / 1024) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_in_words() {
        assert_eq!(amount(8 << 20), "8192 KiB");
        assert_eq!(amount(libc::RLIM_INFINITY), "unlimited");
    }
}

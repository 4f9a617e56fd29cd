//! Calls of bpf(2) that the loader does not offer in the form that is needed here: links of iterators with a place to
//! start, an iterator's file for each pass, and a raw tracepoint that is attached and detached from any thread.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// `BPF_RAW_TRACEPOINT_OPEN`.
const RAW_TRACEPOINT_OPEN: libc::c_int = 17;
/// `BPF_LINK_CREATE`.
const LINK_CREATE: libc::c_int = 28;
/// `BPF_ITER_CREATE`.
const ITER_CREATE: libc::c_int = 33;
/// `BPF_TRACE_ITER`.
const TRACE_ITER: u32 = 28;
/// `BPF_CGROUP_ITER_DESCENDANTS_PRE`: parents before their children.
const DESCENDANTS_PRE: u32 = 2;

#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_length: u32,
    padding: u32,
}

#[repr(C)]
struct CgroupInfo {
    order: u32,
    fd: u32,
    id: u64,
}

#[repr(C)]
struct IterCreate {
    link: u32,
    flags: u32,
}

#[repr(C)]
struct RawTracepointOpen {
    name: u64,
    program: u32,
    padding: u32,
}

/// Links an iterator over everything of its kind, or over `cgroup` and all below it.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn link_iterator(program: BorrowedFd<'_>, cgroup: Option<BorrowedFd<'_>>) -> io::Result<OwnedFd> {
    let info = cgroup.map(|cgroup| CgroupInfo { order: DESCENDANTS_PRE, fd: number(cgroup), id: 0 });
    let (iter_info, iter_info_length) = match &info {
        Some(info) => (core::ptr::from_ref(info).addr() as u64, size_of::<CgroupInfo>() as u32),
        None => (0, 0),
    };
    let attributes = LinkCreate {
        program: number(program),
        target: 0,
        attach_type: TRACE_ITER,
        flags: 0,
        iter_info,
        iter_info_length,
        padding: 0,
    };
    bpf(LINK_CREATE, &attributes)
}

/// A file that runs a linked iterator once while it is read to its end.
///
/// # Errors
/// When the kernel refuses, e.g. for want of descriptors.
pub(crate) fn start_iterator(link: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    bpf(ITER_CREATE, &IterCreate { link: number(link), flags: 0 })
}

/// Attaches a loaded program to a tracepoint until the descriptor is dropped; one with types knows its own and has no `name`.
///
/// # Errors
/// When the kernel refuses or has no such tracepoint.
pub(crate) fn attach_raw_tracepoint(program: BorrowedFd<'_>, name: Option<&CStr>) -> io::Result<OwnedFd> {
    let name = name.map_or(0, |name| name.as_ptr().addr() as u64);
    bpf(RAW_TRACEPOINT_OPEN, &RawTracepointOpen { name, program: number(program), padding: 0 })
}

fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// A call that gives a descriptor.
fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the attributes are of the command's form, padding included, and what they point to lives until the end of
    // the call.
    let fd =
        unsafe { libc::syscall(libc::SYS_bpf, command, core::ptr::from_ref(attributes), size_of::<T>()) };
    match libc::c_int::try_from(fd) {
        // SAFETY: the kernel just gave us this descriptor.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

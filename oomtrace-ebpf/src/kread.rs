//! Reads of kernel and user memory. Addresses are plain integers: a bad one fails the helper, never the kernel.

use aya_ebpf::{
    cty::c_void,
    helpers::{
        bpf_probe_read_kernel,
        generated::{bpf_probe_read_kernel_str, bpf_probe_read_user},
    },
};
use oomtrace_common::ABSENT;

/// The value at `address`.
#[inline(always)]
pub(crate) fn read<T: Copy>(address: u64) -> Option<T> {
    if address == 0 {
        return None;
    }
    // SAFETY: the helper checks the address; `T` is an integer or an array of them at every call.
    unsafe { bpf_probe_read_kernel(address as *const T).ok() }
}

/// The field at `offset` of the structure at `base`; `None` when this kernel lacks it or it can't be read.
#[inline(always)]
pub(crate) fn field<T: Copy>(base: u64, offset: u32) -> Option<T> {
    if offset == ABSENT || base == 0 {
        return None;
    }
    read(base + u64::from(offset))
}

/// A pointer field, 0 when it is NULL, absent or can't be read.
#[inline(always)]
pub(crate) fn pointer(base: u64, offset: u32) -> u64 {
    field(base, offset).unwrap_or(0)
}

/// Copies the NUL-terminated string at `address` to `to` and returns its length without the NUL, at most `N - 1`.
#[inline(always)]
pub(crate) fn string<const N: usize>(address: u64, to: *mut [u8; N]) -> u32 {
    // SAFETY: `to` is valid for `N` bytes at every call; the helper checks the address.
    let length = unsafe { bpf_probe_read_kernel_str(to.cast::<c_void>(), N as u32, address as *const c_void) };
    if length <= 0 { 0 } else { length as u32 - 1 }
}

/// Copies `length` bytes of the current process's memory to `to`; true on success.
#[inline(always)]
pub(crate) fn user<const N: usize>(address: u64, length: u32, to: *mut [u8; N]) -> bool {
    // SAFETY: `to` is valid for `N` bytes and callers bound `length` by `N`; the helper checks the address.
    unsafe { bpf_probe_read_user(to.cast::<c_void>(), length, address as *const c_void) == 0 }
}

//! Reads of kernel and user memory. Addresses are plain integers: a bad one fails the helper, never the kernel.
//!
//! The helpers fill the destination with zeros when they fail, so a read has one outcome for the verifier and no branch;
//! with a branch on each of hundreds of reads it would run into its limit of a million instructions.

use aya_ebpf::{
    cty::c_void,
    helpers::generated::{bpf_probe_read_kernel, bpf_probe_read_kernel_str, bpf_probe_read_user},
};
use oomtrace_common::ABSENT;

/// Copies what is at `address` to `to`; zeros when it can't be read.
#[inline(always)]
pub(crate) fn into<T: Copy>(address: u64, to: *mut T) {
    // SAFETY: `to` is valid for a `T` at every call, and any bit pattern is a valid `T` (integers); the helper checks
    // the address.
    unsafe { bpf_probe_read_kernel(to.cast::<c_void>(), size_of::<T>() as u32, address as *const c_void) };
}

/// The value at `address`; zero when it can't be read.
#[inline(always)]
pub(crate) fn read<T: Copy + Default>(address: u64) -> T {
    let mut value = T::default();
    into(address, &raw mut value);
    value
}

/// The field at `offset` of the structure at `base`: zero when it can't be read, `None` when this kernel lacks it, which
/// the verifier knows beforehand.
#[inline(always)]
pub(crate) fn field<T: Copy + Default>(base: u64, offset: u32) -> Option<T> {
    if offset == ABSENT { None } else { Some(read(base + u64::from(offset))) }
}

/// A pointer field, 0 when it is NULL, absent or can't be read.
#[inline(always)]
pub(crate) fn pointer(base: u64, offset: u32) -> u64 {
    if offset == ABSENT { 0 } else { read(base + u64::from(offset)) }
}

/// Copies the NUL-terminated string at `address` to `to` and returns its length without the NUL, at most `N - 1`.
#[inline(always)]
pub(crate) fn string<const N: usize>(address: u64, to: *mut [u8; N]) -> u32 {
    // SAFETY: `to` is valid for `N` bytes at every call; the helper checks the address.
    let length =
        unsafe { bpf_probe_read_kernel_str(to.cast::<c_void>(), N as u32, address as *const c_void) };
    if length <= 0 { 0 } else { length as u32 - 1 }
}

/// Copies `length` bytes of the current process's memory to `to`; true on success.
#[inline(always)]
pub(crate) fn user<const N: usize>(address: u64, length: u32, to: *mut [u8; N]) -> bool {
    // SAFETY: `to` is valid for `N` bytes and callers bound `length` by `N`; the helper checks the address.
    unsafe { bpf_probe_read_user(to.cast::<c_void>(), length, address as *const c_void) == 0 }
}

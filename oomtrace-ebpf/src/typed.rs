//! Reads through pointers whose types the verifier knows: plain loads without a helper's call, which the kernel lets
//! fail with zero. Only arguments of iterators and of tracepoints begin such a
//! chain.
//!
//! The verifier follows a pointer's type by the offset, and so refuses what does not fit the running kernel's types.

use oomtrace_common::ABSENT;

/// A kernel object that the verifier knows, or NULL.
pub(crate) type Object = *const u8;

/// A field of `object`; `None` when this kernel lacks it, which the verifier knows beforehand.
#[inline(always)]
pub(crate) fn field<T: Copy>(object: Object, offset: u32) -> Option<T> {
    if offset == ABSENT {
        return None;
    }
    // SAFETY: a load that the verifier has checked; on a stale object it gives zero.
    Some(unsafe { core::ptr::read_volatile(object.add(offset as usize).cast::<T>()) })
}

/// A pointer field; NULL when this kernel lacks it.
#[inline(always)]
pub(crate) fn object(base: Object, offset: u32) -> Object {
    field(base, offset).unwrap_or(core::ptr::null())
}

/// A member of an iterator's context, by its number: 0 is the metadata, the next ones are what it is at; of a tracepoint, an
/// argument.
#[inline(always)]
pub(crate) fn context(ctx: *const u8, member: usize) -> Object {
    // SAFETY: the verifier knows the context's members.
    unsafe { core::ptr::read_volatile(ctx.cast::<Object>().add(member)) }
}

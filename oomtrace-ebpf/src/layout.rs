//! The running kernel's field offsets, written into this read-only global before loading.

use oomtrace_common::Layout;

/// Replaced by the user side; frozen, so the verifier knows each value and prunes branches on absent fields.
#[unsafe(no_mangle)]
pub(crate) static LAYOUT: Layout = Layout::ABSENT;

/// Reads one value of [`LAYOUT`] so that the compiler can't assume the initial one.
#[inline(always)]
pub(crate) fn known<T: Copy>(value: &'static T) -> T {
    // SAFETY: a reference to a static is valid and aligned.
    unsafe { core::ptr::read_volatile(value) }
}

/// One value of [`LAYOUT`] by name.
macro_rules! layout {
    ($field:ident) => {
        $crate::layout::known(&$crate::layout::LAYOUT.$field)
    };
}
pub(crate) use layout;

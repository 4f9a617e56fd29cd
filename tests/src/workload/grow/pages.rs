//! Pages of a mapping, touched one after the other.

use anyhow::Result;

use crate::workload::anon::map;

const PAGE: u64 = 4096;

/// A reserved range, of which the beginning is touched.
#[derive(Debug)]
pub(super) struct Pages {
    start: *mut u8,
    size: u64,
    touched: u64,
}

impl Pages {
    /// Private memory, `size` bytes reserved.
    pub(super) fn anon(size: u64, huge: bool) -> Result<Self> {
        let pages = Self::map(size, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
        let advice = if huge { libc::MADV_HUGEPAGE } else { libc::MADV_NOHUGEPAGE };
        // SAFETY: just mapped; a failing hint only costs the step from page to huge page.
        unsafe { libc::madvise(pages.start.cast(), usize::try_from(pages.size)?, advice) };
        Ok(pages)
    }

    /// Any mapping of `size` bytes.
    pub(super) fn map(size: u64, flags: i32, file: i32) -> Result<Self> {
        let size = size.max(1).next_multiple_of(PAGE);
        Ok(Self { start: map(usize::try_from(size)?, flags, file)?, size, touched: 0 })
    }

    /// What somebody else has mapped and will not unmap.
    pub(super) fn at(start: *mut u8, size: u64) -> Self {
        Self { start, size, touched: 0 }
    }

    /// Where the touched part ends.
    pub(super) fn end(&self) -> *mut u8 {
        // SAFETY: `touched` stays within the mapping.
        unsafe { self.start.add(usize::try_from(self.touched).unwrap_or(0)) }
    }

    /// Touches `bytes` more, as far as there is room.
    pub(super) fn take(&mut self, bytes: u64) {
        let end = (self.touched + bytes).min(self.size);
        while self.touched < end {
            // SAFETY: inside the mapping; volatile, so that it is not optimised away.
            unsafe { self.end().write_volatile(1) };
            self.touched += PAGE;
        }
    }

    /// Gives back all but `keep` bytes.
    pub(super) fn give_back(&mut self, keep: u64) {
        let keep = keep.next_multiple_of(PAGE);
        let length = self.touched.saturating_sub(keep);
        self.touched = self.touched.min(keep);
        // SAFETY: touched pages of a mapping of our own, which nothing else points into.
        unsafe {
            libc::madvise(self.end().cast(), usize::try_from(length).unwrap_or(0), libc::MADV_DONTNEED)
        };
    }
}

//! How the lines of a log are read, which changes nothing about what is found.

use super::blocks;
use super::lines::Sizes;

/// Sizes of blocks, and who reads them.
#[derive(Clone, Copy, Debug)]
pub(in crate::klog) struct How {
    pub(super) sizes: Sizes,
    /// Threads that read and search; none where it is to be done by the one that calls.
    pub(super) threads: usize,
    /// Needles are looked for byte by byte, which is what all else is compared with.
    #[cfg(test)]
    pub(super) is_slow: bool,
    /// No line with a needle is left out.
    #[cfg(test)]
    pub(super) takes_all: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            sizes: Sizes::default(),
            threads: blocks::threads(),
            #[cfg(test)]
            is_slow: false,
            #[cfg(test)]
            takes_all: false,
        }
    }
}

#[cfg(test)]
impl How {
    /// In blocks of `piece` bytes, with lines of up to `longest`.
    pub(in crate::klog) fn of(piece: usize, longest: usize, threads: usize) -> Self {
        Self { sizes: Sizes { piece, longest }, threads, ..Self::default() }
    }

    /// All in one block, byte by byte.
    pub(in crate::klog) fn slowly() -> Self {
        Self { is_slow: true, ..Self::of(4 << 20, 4 << 20, 0) }
    }

    /// The same, with all lines that have a needle.
    pub(in crate::klog) fn taking_all() -> Self {
        Self { takes_all: true, ..Self::slowly() }
    }
}

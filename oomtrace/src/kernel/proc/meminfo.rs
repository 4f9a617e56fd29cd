//! `/proc/meminfo`.

use super::text;
use crate::kernel::Roots;

/// Longer than any meminfo.
pub(crate) const TEXT_MAX: usize = 8 * 1024;

/// The machine's memory in bytes; what the kernel does not say is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meminfo {
    pub(crate) total: Option<u64>,
    pub(crate) free: Option<u64>,
    /// Since 3.14.
    pub(crate) available: Option<u64>,
    pub(crate) buffers: Option<u64>,
    pub(crate) cached: Option<u64>,
    pub(crate) swap_total: Option<u64>,
    pub(crate) swap_free: Option<u64>,
    pub(crate) anon: Option<u64>,
    pub(crate) shmem: Option<u64>,
    pub(crate) slab: Option<u64>,
    pub(crate) slab_unreclaimable: Option<u64>,
    pub(crate) page_tables: Option<u64>,
    pub(crate) kernel_stack: Option<u64>,
    pub(crate) percpu: Option<u64>,
    pub(crate) vmalloc: Option<u64>,
}

impl Meminfo {
    /// Reads the file once; `None` when it can't be read.
    pub(crate) fn read(roots: &Roots) -> Option<Self> {
        std::fs::read(roots.proc.join("meminfo")).ok().map(|text| Self::parse(&text))
    }

    /// Reads its text.
    pub(crate) fn parse(meminfo: &[u8]) -> Self {
        let mut read = Self::default();
        text::lines(meminfo, b':', |name, value| {
            let field = match name {
                b"MemTotal" => &mut read.total,
                b"MemFree" => &mut read.free,
                b"MemAvailable" => &mut read.available,
                b"Buffers" => &mut read.buffers,
                b"Cached" => &mut read.cached,
                b"SwapTotal" => &mut read.swap_total,
                b"SwapFree" => &mut read.swap_free,
                b"AnonPages" => &mut read.anon,
                b"Shmem" => &mut read.shmem,
                b"Slab" => &mut read.slab,
                b"SUnreclaim" => &mut read.slab_unreclaimable,
                b"PageTables" => &mut read.page_tables,
                b"KernelStack" => &mut read.kernel_stack,
                b"Percpu" => &mut read.percpu,
                b"VmallocUsed" => &mut read.vmalloc,
                _ => return,
            };
            *field = text::kilobytes(value);
        });
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 5.10, shortened.
    const OLD: &str = "MemTotal:         699484 kB\nMemFree:          612344 kB\nMemAvailable:     607500 kB\n\
        Buffers:               0 kB\nCached:            49100 kB\nSwapCached:            0 kB\n\
        SwapTotal:        262140 kB\nSwapFree:              0 kB\nShmem:             49100 kB\n\
        KReclaimable:       3888 kB\nSlab:              17144 kB\nHugePages_Total:       0\n\
        Hugepagesize:       2048 kB\nDirectMap4k:       43904 kB\n";

    #[test]
    fn memory_in_bytes() {
        let read = Meminfo::parse(OLD.as_bytes());
        assert_eq!((read.total, read.free), (Some(699_484 * 1024), Some(612_344 * 1024)));
        assert_eq!((read.available, read.buffers), (Some(607_500 * 1024), Some(0)));
        assert_eq!((read.swap_total, read.swap_free), (Some(262_140 * 1024), Some(0)));
        assert_eq!((read.shmem, read.slab), (Some(49_100 * 1024), Some(17_144 * 1024)));
    }

    #[test]
    fn what_is_missing_stays_absent() {
        let broken = b"MemTotal: kB\nMemFree: 1\nSlab: 99999999999999999999 kB\nShmem";
        assert_eq!(Meminfo::parse(broken), Meminfo::default());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..OLD.len()) {
            let mut mixed = OLD.as_bytes().to_vec();
            mixed.splice(at.., bytes.iter().copied());
            let _ = Meminfo::parse(&mixed);
        }
    }
}

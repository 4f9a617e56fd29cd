//! The machine, from a kept-open /proc/meminfo.

use super::kept::Kept;
use crate::{
    kernel::{
        Roots,
        proc::{self, Dir, meminfo},
    },
    sample::SystemSample,
};

/// A kept-open /proc/meminfo.
#[derive(Debug)]
pub(crate) struct Meminfo {
    file: Option<Kept>,
    buf: Vec<u8>,
}

impl Meminfo {
    pub(crate) fn open(roots: &Roots) -> Self {
        let file = Dir::open(&roots.proc).and_then(|proc| Kept::open(&proc, c"meminfo")).ok();
        Self { file, buf: vec![0; meminfo::TEXT_MAX] }
    }

    /// `None` when it can't be read.
    pub(crate) fn read(&mut self) -> Option<SystemSample> {
        let text = self.file.as_ref()?.read(&mut self.buf).ok()?;
        parse(text)
    }
}

/// `None` without a MemTotal.
fn parse(text: &[u8]) -> Option<SystemSample> {
    let read = proc::Meminfo::parse(text);
    let or_none = Option::unwrap_or_default;
    let (shmem, slab) = (or_none(read.shmem), or_none(read.slab_unreclaimable));
    let of_kernel = [read.kernel_stack, read.percpu, read.vmalloc, Some(slab)];
    Some(SystemSample {
        total: read.total.filter(|bytes| *bytes > 0)?,
        free: or_none(read.free),
        available: or_none(read.available),
        swap_total: or_none(read.swap_total),
        swap_free: or_none(read.swap_free),
        anon: or_none(read.anon),
        file: or_none(read.cached).saturating_add(or_none(read.buffers)).saturating_sub(shmem),
        shmem,
        slab,
        page_tables: or_none(read.page_tables),
        kernel: of_kernel.into_iter().flatten().fold(0, u64::saturating_add),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6.18, shortened.
    const TEXT: &[u8] = b"MemTotal:       24689116 kB\nMemFree:         1000 kB\nMemAvailable:   20000 kB\n\
        Buffers:            100 kB\nCached:            5000 kB\nSwapCached:           0 kB\nAnonPages:      300 kB\n\
        Shmem:               70 kB\nKReclaimable:        9 kB\nSUnreclaim:          40 kB\nKernelStack:     5 kB\n\
        PageTables:          6 kB\nSwapTotal:          200 kB\nSwapFree:           150 kB\nVmallocTotal:   34359738367 kB\n\
        VmallocUsed:          7 kB\nPercpu:               8 kB\nHugePages_Total:       0\n";

    #[test]
    fn all_parts() {
        let sample = parse(TEXT).unwrap();
        let kb = 1024;
        let expected = SystemSample {
            total: 24_689_116 * kb,
            available: 20_000 * kb,
            free: 1000 * kb,
            swap_total: 200 * kb,
            swap_free: 150 * kb,
            anon: 300 * kb,
            file: (5000 + 100 - 70) * kb,
            shmem: 70 * kb,
            slab: 40 * kb,
            page_tables: 6 * kb,
            kernel: (40 + 5 + 8 + 7) * kb,
        };
        assert_eq!(sample, expected);
        assert_eq!(parse(b"MemFree: 1 kB\nMemTotal"), None);
    }

    #[test]
    fn this_machine() {
        let mut meminfo = Meminfo::open(&Roots::default());
        let sample = meminfo.read().unwrap();
        assert!(sample.total > sample.free && sample.used() > 0);
        assert!(meminfo.read().is_some(), "again from the start");
        let nowhere = Roots { proc: "/nonexistent".into(), ..Roots::default() };
        assert_eq!(Meminfo::open(&nowhere).read(), None);
    }
}

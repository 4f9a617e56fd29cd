//! Parsers of `/proc/meminfo`, `/proc/pressure/memory` and `/proc/vmstat`.

use crate::model::{Psi, System};

/// Puts the parts of `meminfo` that an incident shows into `system`; what is missing stays as it is.
pub(crate) fn meminfo(text: &[u8], system: &mut System) {
    for line in text.split(|b| *b == b'\n') {
        let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|l| l.split_once(':')) else {
            continue;
        };
        let field = match name {
            "MemTotal" => &mut system.mem_total_bytes,
            "MemFree" => &mut system.mem_free_bytes,
            // Since 3.14.
            "MemAvailable" => &mut system.mem_available_bytes,
            "SwapTotal" => &mut system.swap_total_bytes,
            "SwapFree" => &mut system.swap_free_bytes,
            "Shmem" => &mut system.shmem_bytes,
            "Slab" => &mut system.slab_bytes,
            _ => continue,
        };
        *field = kilobytes(value).or(*field);
    }
}

/// `VmSwap` of `/proc/<pid>/status`, in bytes.
pub(crate) fn swap_of_status(text: &[u8]) -> Option<u64> {
    let line = text.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"VmSwap:"))?;
    kilobytes(std::str::from_utf8(line).ok()?)
}

/// "  1234 kB" in bytes.
fn kilobytes(value: &str) -> Option<u64> {
    value.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// The 10-second averages of `pressure/memory`; `None` without a `some` line.
pub(crate) fn pressure(text: &[u8]) -> Option<Psi> {
    let text = std::str::from_utf8(text).ok()?;
    let avg10 = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
        let value: f64 = line.split(' ').find_map(|word| word.strip_prefix("avg10="))?.parse().ok()?;
        // Only digits come from the kernel; "inf" and "NaN" parse, but are no JSON.
        value.is_finite().then_some(value)
    };
    Some(Psi { some_avg10: avg10("some")?, full_avg10: avg10("full") })
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
        let mut system = System::default();
        meminfo(OLD.as_bytes(), &mut system);
        assert_eq!(system.mem_total_bytes, Some(699_484 * 1024));
        assert_eq!(system.mem_free_bytes, Some(612_344 * 1024));
        assert_eq!(system.mem_available_bytes, Some(607_500 * 1024));
        assert_eq!((system.swap_total_bytes, system.swap_free_bytes), (Some(262_140 * 1024), Some(0)));
        assert_eq!((system.shmem_bytes, system.slab_bytes), (Some(49_100 * 1024), Some(17_144 * 1024)));
    }

    #[test]
    fn what_is_missing_stays_absent() {
        let mut system = System::default();
        meminfo(b"MemTotal: kB\nMemFree: 1\nSlab: 99999999999999999999 kB\nShmem", &mut system);
        assert_eq!(system, System::default());
    }

    #[test]
    fn pressure_of_several_kernels() {
        let text = b"some avg10=1.53 avg60=0.87 avg300=0.22 total=1234\nfull avg10=0.50 avg60=0.1 avg300=0 total=9\n";
        assert_eq!(pressure(text), Some(Psi { some_avg10: 1.53, full_avg10: Some(0.5) }));
        assert_eq!(
            pressure(b"some avg10=100.00 avg60=0\n"),
            Some(Psi { some_avg10: 100.0, full_avg10: None })
        );
        for bad in [&b""[..], b"some", b"some avg10=NaN", b"some avg60=1", b"full avg10=1.00"] {
            assert_eq!(pressure(bad), None);
        }
    }

    #[test]
    fn swap_of_a_process() {
        assert_eq!(swap_of_status(b"Name:\tx\nVmRSS:\t  10 kB\nVmSwap:\t     12 kB\n"), Some(12 * 1024));
        assert_eq!(swap_of_status(b"Name:\tkthreadd\n"), None);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..OLD.len()) {
            let mut mixed = OLD.as_bytes().to_vec();
            mixed.splice(at.., bytes.iter().copied());
            meminfo(&mixed, &mut System::default());
            let _ = (pressure(&bytes), swap_of_status(&bytes));
        }
    }
}

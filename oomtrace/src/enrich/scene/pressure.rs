//! Parsers of `/proc/pressure/memory` and of a process's swap.

use crate::kernel::proc::text;
use crate::model::Psi;

/// `VmSwap` of `/proc/<pid>/status`, in bytes.
pub(crate) fn swap_of_status(text: &[u8]) -> Option<u64> {
    let line = text.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"VmSwap:"))?;
    text::kilobytes(line)
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
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (pressure(&bytes), swap_of_status(&bytes));
        }
    }
}

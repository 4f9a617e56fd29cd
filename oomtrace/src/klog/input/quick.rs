//! Whether a line may be the kernel's at all, without reading it.

use memchr::{memchr, memchr_iter, memchr2_iter};

/// A group in brackets is not longer where it is a time.
const GROUP: usize = 160;

/// Whether reading it may show that the kernel wrote the line, or that it comes from the kernel's ring buffer. Where nothing of
/// what marks such a line stands in it, that need not be tried.
pub(in crate::klog) fn may_be_kernels(line: &[u8]) -> bool {
    names_kernel(line)
        || has_time_in_brackets(line)
        || has_comma_behind_time(line)
        || is_record(line)
        || has_facility(line)
}

/// `kernel:`, `kern.err`, `"_TRANSPORT":"kernel"`
fn names_kernel(line: &[u8]) -> bool {
    let kern = |at: usize| line.get(at + 1..at + 4).is_some_and(|next| next.eq_ignore_ascii_case(b"ern"));
    memchr2_iter(b'k', b'K', line).any(kern)
}

/// `[   12.345678]`, `[Nov28 07:26]`, `[<    0.000123>]`
fn has_time_in_brackets(line: &[u8]) -> bool {
    memchr_iter(b'[', line).any(|at| {
        let inner = &line[at + 1..];
        let inner = &inner[..inner.len().min(GROUP)];
        let end = memchr(b']', inner).unwrap_or(0);
        inner[..end].iter().any(|b| matches!(b, b'.' | b':' | b'+' | b'<'))
    })
}

/// `2023-11-28T07:26:44,123456+01:00`, which dmesg alone writes.
fn has_comma_behind_time(line: &[u8]) -> bool {
    memchr_iter(b',', line).any(
        |at| matches!(line[..at], [.., b':', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit()),
    )
}

/// `6,1234,5678,-;text`
fn is_record(line: &[u8]) -> bool {
    memchr(b';', line).is_some()
}

/// Names of facilities in JSON, whose values may be numbers.
fn has_facility(line: &[u8]) -> bool {
    let fac = |at: usize| line.get(at + 1..at + 3).is_some_and(|next| next.eq_ignore_ascii_case(b"ac"));
    // Any character of JSON may be written as its number.
    memchr(b'{', line).is_some()
        && (memchr2_iter(b'f', b'F', line).any(fac) || memchr::memmem::find(line, b"\\u").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_programs_are_not_read() {
        for line in [
            "Nov 23 22:00:00 web-3 app[77]: request 7 failed: worker ran out of memory",
            "2026-11-23T22:00:00.123456+01:00 web-3 java[77]: out of memory",
            "{\"log\":\"worker 7: out of memory\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T22:00:00Z\"}",
            "[main] out of memory",
        ] {
            assert!(!may_be_kernels(line.as_bytes()), "{line}");
        }
        for line in [
            "Nov 23 22:00:00 web-3 kernel: out of memory",
            "[   12.345678] out of memory",
            "[Nov28 07:26] out of memory",
            "2023-11-28T07:26:44,123456+00:00 out of memory",
            "6,1,2,-;out of memory",
            "{\"SYSLOG_FACILITY\":\"0\",\"MESSAGE\":\"out of memory\"}",
        ] {
            assert!(may_be_kernels(line.as_bytes()), "{line}");
        }
    }
}

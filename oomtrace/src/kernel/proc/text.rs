//! Numbers in the texts of /proc and of the cgroup file system.

/// The decimal number at the start of `text`, blanks before it skipped; `None` when there is none or it is too large.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let digits = text.get(..digits).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0u64, |sum, b| sum.checked_mul(10)?.checked_add(u64::from(b - b'0')))
}

/// "1234 kB" in bytes; `None` without the unit.
pub(crate) fn kilobytes(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii_end().strip_suffix(b"kB")?;
    number(digits)?.checked_mul(1024)
}

/// The number of the first line `KEY NUMBER`.
pub(crate) fn value(text: &[u8], key: &[u8]) -> Option<u64> {
    let of_key = |line: &'_ [u8]| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(b" "));
    number(&text.split(|b| *b == b'\n').find(|line| of_key(line))?[key.len()..])
}

/// A limit: `None` for `max`, and for v1's highest number (`PAGE_COUNTER_MAX` pages), which means the same.
pub(crate) fn limit(text: &[u8]) -> Option<u64> {
    number(text).filter(|bytes| !unlimited(*bytes))
}

/// True for what the kernel has in place of a limit: `PAGE_COUNTER_MAX` pages, `i64::MAX` cut to a page of at most 64 KiB.
pub(crate) fn unlimited(bytes: u64) -> bool {
    bytes >= i64::MAX as u64 & !0xffff
}

/// Calls `each` with key and rest of every line `KEY<separator>REST`.
pub(crate) fn lines<'t>(text: &'t [u8], separator: u8, mut each: impl FnMut(&'t [u8], &'t [u8])) {
    for line in text.split(|b| *b == b'\n') {
        if let Some(at) = line.iter().position(|b| *b == separator) {
            each(&line[..at], &line[at + 1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"  12 kB"), Some(12));
        assert_eq!(number(b"0\n"), Some(0));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for bad in [&b"18446744073709551616"[..], b"", b"max\n", b"-1", b"x1"] {
            assert_eq!(number(bad), None);
        }
        assert_eq!(kilobytes(b"\t   3 kB"), Some(3072));
    }

    #[test]
    fn the_value_of_exactly_this_key() {
        let text = b"low 0\noom 3\nfoom_kill 9\noom_kill 7\noom_kill_x 8\noom_group_kill 1";
        assert_eq!((value(text, b"oom_kill"), value(text, b"oom")), (Some(7), Some(3)));
        for without in [&b"pgfault 1\n"[..], b"oom_kill x\n", b"oom_kill 18446744073709551616\n", b"oom_kill"]
        {
            assert_eq!(value(without, b"oom_kill"), None);
        }
    }

    #[test]
    fn no_limit_is_none() {
        assert_eq!(limit(b"max\n"), None);
        assert_eq!(limit(b"9223372036854771712\n"), None, "v1, pages of 4 KiB");
        assert_eq!(limit(b"9223372036854710272\n"), None, "v1, pages of 64 KiB");
        assert_eq!(limit(b"536870912\n"), Some(512 << 20));
    }
}

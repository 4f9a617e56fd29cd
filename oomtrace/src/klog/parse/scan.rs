//! Small steps over bytes.

/// What is before and after the first `needle`.
pub(crate) fn split<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(needle.len()).position(|window| window == needle)?;
    Some((&text[..at], &text[at + needle.len()..]))
}

/// What is before and after the last `needle`.
pub(crate) fn rsplit<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(needle.len()).rposition(|window| window == needle)?;
    Some((&text[..at], &text[at + needle.len()..]))
}

/// Every way to split at `needle`.
pub(crate) fn splits<'a>(
    text: &'a [u8],
    needle: &'a [u8],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + 'a {
    let ends = text.len().saturating_sub(needle.len());
    (0..=ends)
        .filter(move |at| text[*at..].starts_with(needle))
        .map(move |at| (&text[..at], &text[at + needle.len()..]))
}

/// The whole text as a number; a sign is taken where the type has one.
pub(crate) fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    if text.first() == Some(&b'+') {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A user id: printed with `%d` in some lines, so that 4294967295 reads as -1.
pub(crate) fn uid(text: &[u8]) -> Option<u32> {
    number::<u32>(text).or_else(|| number::<i32>(text).map(i32::cast_unsigned))
}

/// A leading run of digits and the rest.
pub(crate) fn digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `NAME` `<number>kB` at the start, and the rest.
pub(crate) fn kb<'a>(text: &'a [u8], name: &[u8]) -> Option<(u64, &'a [u8])> {
    let (value, rest) = digits(text.strip_prefix(name)?)?;
    Some((number(value)?, rest.strip_prefix(b"kB")?))
}

/// Text that the kernel itself made: ASCII.
pub(crate) fn ascii(text: &[u8]) -> Option<String> {
    text.is_ascii().then(|| text.iter().map(|b| char::from(*b)).collect())
}

/// A list of node or CPU numbers as `%*pbl` prints it, e.g. `0-1,3`; may be empty.
pub(crate) fn is_list(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole() {
        assert_eq!(number::<u32>(b"12"), Some(12));
        assert_eq!(number::<i32>(b"-12"), Some(-12));
        for bad in [&b""[..], b"+1", b"-1", b"1 ", b"99999999999", b"\xff"] {
            assert_eq!(number::<u32>(bad), None, "{bad:?}");
        }
        assert_eq!(uid(b"-1"), Some(u32::MAX));
    }

    #[test]
    fn every_split_is_found() {
        let all: Vec<_> = splits(b"a=b=c", b"=").collect();
        assert_eq!(all, [(&b"a"[..], &b"b=c"[..]), (b"a=b", b"c")]);
        assert_eq!(splits(b"", b"=").count(), 0);
    }

    #[test]
    fn kilobytes_need_their_unit() {
        assert_eq!(kb(b"limit 5kB, x", b"limit "), Some((5, &b", x"[..])));
        assert_eq!(kb(b"limit 5", b"limit "), None);
    }
}

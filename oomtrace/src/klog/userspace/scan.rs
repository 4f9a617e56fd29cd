//! Pieces of lines.

/// A number and what follows it; one at the end of the text may have been cut, which is for the caller to rule out.
pub(super) fn number<T: std::str::FromStr>(text: &[u8]) -> Option<(T, &[u8])> {
    let text = text.trim_ascii_start();
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = text[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at(sign + digits);
    let number = std::str::from_utf8(number).ok().filter(|_| (1..20).contains(&digits))?;
    Some((number.parse().ok()?, rest))
}

/// A number with a fraction, and what follows it.
pub(super) fn decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    let text = text.trim_ascii_start();
    let length = text.iter().take(24).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let (number, rest) = text.split_at(length);
    let value: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    value.is_finite().then_some((value, rest))
}

/// Nanoseconds of a number of seconds.
pub(super) fn nanoseconds(seconds: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    (0.0..1e9).contains(&seconds).then_some((seconds * 1e9) as u64)
}

/// The parts before and behind `mark`, where it stands exactly once.
pub(super) fn once<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut found = memchr::memmem::find_iter(text, mark);
    let at = found.next()?;
    // One that overlaps counts as well.
    (memchr::memmem::find(&text[at + 1..], mark).is_none()).then(|| (&text[..at], &text[at + mark.len()..]))
}

/// The same of the last one.
pub(super) fn last<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::rfind(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Longest path that is one.
pub(super) const PATH_MAX: usize = 4096;
/// Longest name of a process, unit or pod that is one.
pub(super) const NAME_MAX: usize = 256;

/// Bytes.
pub(super) const MIB: u64 = 1 << 20;

//! Values of options: sizes and times.

use std::time::Duration;

/// Sizes up to 1 GiB, as [`crate::words::bytes::parse`] reads them.
///
/// # Errors
/// Says what is accepted.
pub fn bytes(text: &str) -> Result<u32, String> {
    let value = crate::words::bytes::parse(text)?;
    u32::try_from(value)
        .ok()
        .filter(|value| (1..=1 << 30).contains(value))
        .ok_or_else(|| format!("{text:?} is out of range: at least 1 byte and at most 1G"))
}

/// `90s`, `15m`, `1h30m`, `2d`, `500ms`, or seconds without a unit; a day has 24 hours.
///
/// # Errors
/// Says what is accepted.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("invalid duration {text:?} (examples: 500ms, 90s, 15m, 1h30m, 2d)");
    let seconds = || text.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
    let with_units = || {
        let span = text.parse::<jiff::Span>().ok()?;
        let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
        Duration::try_from(length).ok()
    };
    seconds().or_else(with_units).filter(|time| !time.is_zero()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, value) in
            [("4096", 4096), ("64K", 65536), ("64KiB", 65536), ("1M", 1 << 20), ("1G", 1 << 30)]
        {
            assert_eq!(bytes(text), Ok(value), "{text}");
        }
        for text in ["", "0", "2G", "-1", "1T", "x", "99999999999"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, seconds) in [
            ("90s", 90),
            ("90", 90),
            ("15m", 900),
            ("2h", 7200),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("2 min", 120),
            ("1d", 86_400),
            ("1w", 604_800),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        for text in ["", "0", "0s", "-5s", "s", "5x", "1mo", "1y", "ten", "99999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

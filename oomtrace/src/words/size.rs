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

/// `90s`, `15m`, `2h`, `500ms`, or seconds without a unit.
///
/// # Errors
/// Says what is accepted.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: give e.g. 500ms, 90s, 15m or 2h");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse::<u32>().map_err(|_| wrong())?;
    let unit = match &text[end..] {
        "ms" => Duration::from_millis(1),
        "" | "s" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return Err(wrong()),
    };
    let time = unit.saturating_mul(number);
    if time.is_zero() { Err(wrong()) } else { Ok(time) }
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
        for (text, seconds) in [("90s", 90), ("90", 90), ("15m", 900), ("2h", 7200)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "1d", "-5s", "s", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

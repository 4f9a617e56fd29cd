//! Sizes and times for people, and sizes as people type them.

/// Decimals of a figure, at most.
const DECIMALS_MAX: u32 = 6;

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size in binary units with three significant digits: `0 B`, `64 MiB`, `1.25 GiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    // Rounded up: 1023.96 KiB must become 1 MiB, not 1024 KiB.
    let (mut unit, mut divisor) = (0, 1_u64);
    while unit + 1 < UNITS.len()
        && (u128::from(bytes) + u128::from(divisor) / 2) / u128::from(divisor) >= 1024
    {
        unit += 1;
        divisor <<= 10;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{} {}", figure(bytes.into(), divisor.into()), UNITS[unit]),
    }
}

/// `part / whole` with three significant digits, rounded, without zeros at its end: `64`, `1.25`, `0.0123`.
#[must_use]
pub fn figure(part: u128, whole: u128) -> String {
    let whole = whole.max(1);
    // The fewest decimals that give three digits; a rounding up to the next power of ten costs one.
    let rounded = |decimals: u32| {
        let scale = 10_u128.pow(decimals);
        part.saturating_mul(scale).saturating_add(whole / 2) / whole
    };
    let decimals = (0..DECIMALS_MAX).find(|decimals| rounded(*decimals) >= 100).unwrap_or(DECIMALS_MAX);
    let value = rounded(decimals);
    if decimals == 0 {
        return three_digits(value).to_string();
    }
    let scale = 10_u128.pow(decimals);
    let fraction = format!("{:0width$}", value % scale, width = decimals as usize);
    match fraction.trim_end_matches('0') {
        "" => (value / scale).to_string(),
        fraction => format!("{}.{fraction}", value / scale),
    }
}

/// Rounds to three significant digits.
fn three_digits(value: u128) -> u128 {
    let mut scale = 1;
    while value / scale >= 1000 {
        scale *= 10;
    }
    (value + scale / 2) / scale * scale
}

/// A size that may be negative: `-8 MiB`.
#[must_use]
pub fn signed_size(bytes: i128) -> String {
    let magnitude = size(u64::try_from(bytes.unsigned_abs()).unwrap_or(u64::MAX));
    if bytes < 0 { format!("-{magnitude}") } else { magnitude }
}

/// A rate: `3.1 MiB/s`; slow ones by the minute or the hour: `29.3 KiB/min`.
#[must_use]
pub fn rate(per_second: f64) -> String {
    let (factor, unit) = match per_second {
        r if r >= 10_240.0 => (1.0, "s"),
        r if r * 60.0 >= 10_240.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, which is what is wanted"
    )]
    let whole = (per_second * factor) as u64;
    format!("{}/{unit}", size(whole))
}

/// A count with thousands separated: `131,072`.
#[must_use]
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Pages in words: `1 page`, `131,072 pages`.
#[must_use]
pub fn pages(pages: i64) -> String {
    let noun = if pages == 1 { "page" } else { "pages" };
    format!("{} {noun}", count(pages))
}

/// A duration in the largest unit that keeps it readable: `340 µs`, `3.14 ms`, `2.5 s`, `4 min 10 s`, `2 h 3 min`,
/// `5 d 4 h`.
#[must_use]
pub fn duration(ns: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let seconds = ns / SECOND;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..999_500_000 => format!("{} ms", figure(ns.into(), 1_000_000)),
        _ if ns < 59_950_000_000 => format!("{} s", figure(ns.into(), SECOND.into())),
        _ if seconds < 60 => "1 min".to_owned(),
        _ if seconds < 3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        _ if seconds < 86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// Reads a size as typed for an option: `4096`, `64M`, `512MiB`, `1.5G`, `1g`. Units are binary whether written `M`,
/// `MB` or `MiB`, as for the kernel's own limits.
///
/// # Errors
/// What was wrong and what would be right, for the option's error message.
pub fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = shift(unit.trim()).ok_or_else(|| {
        format!("unknown unit {unit:?} in {text:?}: write bytes or use K, M, G or T, e.g. 512M")
    })?;
    scaled(number, shift)
        .ok_or_else(|| format!("{text:?} is not a size: write it like 4096, 64M, 512MiB or 1.5G"))
}

fn shift(unit: &str) -> Option<u32> {
    let unit = unit.to_ascii_lowercase();
    let letters = ["", "k", "m", "g", "t", "p", "e"];
    let stem = unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(&unit);
    if stem.is_empty() && unit == "ib" {
        return None;
    }
    (0_u32..).step_by(10).zip(letters).find(|(_, letter)| *letter == stem).map(|(shift, _)| shift)
}

/// `number * 2^shift`, exact: a fraction is taken digit by digit, rounded down to whole bytes.
fn scaled(number: &str, shift: u32) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let digits = fraction.parse::<u64>().ok()?;
    let part = (u128::from(digits) << shift) / 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example() {
        assert_eq!(size(64 << 20), "64 MiB");
    }

    #[test]
    fn sizes_read_well() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (64 << 20, "64 MiB"),
            ((64 << 20) - 1, "64 MiB"),
            (64_329_744, "61.3 MiB"),
            (1000 << 10, "1000 KiB"),
            (1023 << 20, "1020 MiB"),
            ((1 << 20) - 1, "1 MiB"),
            (1_288_490_189, "1.2 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(signed_size(-(8 << 20)), "-8 MiB");
        assert_eq!(signed_size(0), "0 B");
    }

    #[test]
    fn figures_have_three_digits() {
        for (part, whole, text) in [
            (0, 7, "0"),
            (1, 3, "0.333"),
            (2, 3, "0.667"),
            (9_996, 1000, "10"),
            (99_960, 1000, "100"),
            (12_345, 1000, "12.3"),
            (1, 1000, "0.001"),
            (1_234_567, 1, "1230000"),
        ] {
            assert_eq!(figure(part, whole), text, "{part}/{whole}");
        }
    }

    #[test]
    fn rates_read_well() {
        assert_eq!(rate(3.1 * 1_048_576.0), "3.1 MiB/s");
        assert_eq!(rate(500.0), "29.3 KiB/min");
        assert_eq!(rate(0.0), "0 B/h");
    }

    #[test]
    fn counts_and_pages() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-1_000), "-1,000");
        assert_eq!(count(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!(pages(1), "1 page");
        assert_eq!(pages(131_072), "131,072 pages");
    }

    #[test]
    fn durations_read_well() {
        for (ns, text) in [
            (999, "999 ns"),
            (340_000, "340 µs"),
            (3_140_000, "3.14 ms"),
            (875_040_000, "875 ms"),
            (999_900_000, "1 s"),
            (25_440_000_000, "25.4 s"),
            (59_970_000_000, "1 min"),
            (2_500_000_000, "2.5 s"),
            (250_000_000_000, "4 min 10 s"),
            (7_380_000_000_000, "2 h 3 min"),
            (86_400_000_000_000, "1 d"),
            (u64::MAX, "213503 d 23 h"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn reads_what_people_type() {
        for (text, bytes) in [
            ("4096", 4096),
            ("64M", 64 << 20),
            ("512MiB", 512 << 20),
            ("1G", 1 << 30),
            ("1.5g", 3 << 29),
            ("10 kb", 10 << 10),
            ("0", 0),
            ("7B", 7),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_rest() {
        for text in
            ["", "M", "-1", "1x", "1ib", "1.", ".5G", "1.2.3", "99999E", "18446744073709551616", "1e3"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("12Q").unwrap_err().contains("512M"));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,24}", bytes in any::<u64>()) {
            let _ = parse(&text);
            prop_assert_eq!(parse(&bytes.to_string()), Ok(bytes));
            prop_assert!(!size(bytes).starts_with("1024 "));
        }
    }
}

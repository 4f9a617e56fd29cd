//! Times at the beginning of lines; each function gives the time and what follows it.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::calendar;
use super::line::Stamp;
use crate::klog::Caller;

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// Stands for the year that a log does not have; it has a 29th of February.
const NO_YEAR: i16 = 2000;

/// `[ 1234.567890] ` with any number of digits, `[ 1234.567890 <    0.000001>] ` of `dmesg --show-delta`, and what vendors
/// add: `[ 1234.567890@0]`, `[ 1234.567890 / 11-25 02:46:53.123]`.
pub(super) fn printk(text: &[u8]) -> Option<(u64, &[u8])> {
    let inner = text.strip_prefix(b"[")?.trim_ascii_start();
    let (seconds, rest) = number(inner, 1..=12)?;
    let fraction = rest.strip_prefix(b".")?;
    let (value, rest) = number(fraction, 1..=9)?;
    let end = rest.iter().take(48).position(|b| *b == b']')?;
    let more = &rest[..end];
    if !(more.is_empty() || [&b" <"[..], b"@", b" /", b" @"].iter().any(|start| more.starts_with(start))) {
        return None;
    }
    let digits = u32::try_from(fraction.len() - rest.len()).ok()?;
    let micros = match 6_u32.checked_sub(digits) {
        Some(lacking) => value.checked_mul(10_u64.pow(lacking))?,
        None => value / 10_u64.pow(digits - 6),
    };
    let usec = seconds.checked_mul(1_000_000)?.checked_add(micros)?;
    Some((usec, one_space(&rest[end + 1..])))
}

/// `[  T117] ` or `[   C0] `, where the kernel prints the caller.
pub(super) fn caller(text: &[u8]) -> Option<(Caller, &[u8])> {
    let inner = text.strip_prefix(b"[")?.trim_ascii_start();
    let (kind, rest) = inner.split_first()?;
    let (id, rest) = number(rest, 1..=10)?;
    let id = u32::try_from(id).ok()?;
    let caller = match kind {
        b'T' => Caller::Task(id),
        b'C' => Caller::Cpu(id),
        _ => return None,
    };
    Some((caller, one_space(rest.strip_prefix(b"]")?)))
}

/// One more time behind another one: microseconds of printk's clock, or of the wall clock; and what follows.
pub(super) fn another(text: &[u8]) -> Option<(Option<u64>, Option<Stamp>, &[u8])> {
    if let Some((usec, rest)) = printk(text) {
        return Some((Some(usec), None, rest));
    }
    if let Some((stamp, rest)) = bracketed(text) {
        return Some((None, stamp, rest));
    }
    if let Some(rest) = delta(text) {
        return Some((None, None, rest));
    }
    let (stamp, is_dmesg, rest) = iso(text)?;
    is_dmesg.then_some((None, Some(stamp), rest))
}

/// What vendors print behind the time: `[0:  swapper/0:    0] `, `I[1:kswapd0:  77] `, `[pid:77,cpu0,kswapd0] `,
/// `<0>.(1)[77:kswapd0]`, `-(1)[77:kswapd0]`.
pub(super) fn vendor(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    let bare = match text {
        [b'A'..=b'Z', b'[', ..] => &text[1..],
        _ => text,
    };
    if let Some(rest) = bare.strip_prefix(b"[") {
        let end = rest.iter().take(64).position(|b| *b == b']')?;
        let inner = rest[..end].trim_ascii();
        let (first, last) = (inner.first()?, inner.last()?);
        let numbers = first.is_ascii_digit() && last.is_ascii_digit();
        let of_cpu = numbers && inner.iter().filter(|b| **b == b':').count() >= 2;
        return (of_cpu || inner.starts_with(b"pid:")).then(|| rest[end + 1..].trim_ascii_start());
    }
    let marks = |b: &u8| b.is_ascii_digit() || matches!(b, b'<' | b'>' | b'.' | b'-' | b'(' | b')');
    let length = text.iter().take(16).take_while(|b| marks(b)).count();
    let rest = text[length..].strip_prefix(b"[").filter(|_| text[..length].ends_with(b")"))?;
    let end = rest.iter().take(40).position(|b| *b == b']')?;
    let (_, after) = number(&rest[..end], 1..=10)?;
    after.starts_with(b":").then(|| one_space(&rest[end + 1..]))
}

/// `[Wed Nov 25 02:46:53 2026] ` of `dmesg -T`, also in other languages, with ` <    0.02>` behind it, or in another calendar
/// form; `[Nov25 02:46] ` and `[  +0.022697] ` of `dmesg -e`, `[<    0.02>] `.
pub(super) fn bracketed(text: &[u8]) -> Option<(Option<Stamp>, &[u8])> {
    let end = text.iter().take(72).position(|b| *b == b']')?;
    let inner = text[..end].strip_prefix(b"[").filter(|inner| !is_of_a_logger(inner))?;
    // Talos has a colon behind it.
    let rest = &text[end + 1..];
    let rest = one_space(rest.strip_prefix(b":").unwrap_or(rest));
    let blank = inner.trim_ascii();
    if is_relative(blank) {
        return Some((None, rest));
    }
    let date = without_delta(inner);
    if let Some((stamp, b"")) = ctime(date) {
        return Some((Some(stamp), rest));
    }
    if let Some((stamp, _, b"")) = iso(date) {
        return Some((Some(stamp), rest));
    }
    if let Some(stamp) = human(inner) {
        return Some((Some(stamp), rest));
    }
    match calendar::date(date.trim_ascii()) {
        Some((stamp, b"")) => Some((Some(stamp), rest)),
        _ => None,
    }
}

/// `2026-11-23 12:03:04,567`, as loggers of programs write it.
fn is_of_a_logger(text: &[u8]) -> bool {
    let millis = text.iter().rposition(|b| *b == b',').map(|at| (&text[..at], &text[at + 1..]));
    millis.is_some_and(|(time, millis)| {
        let is_clock =
            matches!(time, [.., b':', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit());
        is_clock && (1..=3).contains(&millis.len()) && millis.iter().all(u8::is_ascii_digit)
    })
}

/// `+0.022697` or `<    0.022697>`
fn is_relative(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"<"));
    rest.is_some_and(|rest| {
        let plain = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b' ' | b'>' | b'+' | b'-');
        rest.iter().all(plain) && rest.iter().any(u8::is_ascii_digit)
    })
}

/// ` <    0.000001>` at the end.
fn without_delta(text: &[u8]) -> &[u8] {
    let at = text.iter().position(|b| *b == b'<');
    match at {
        Some(at) if is_relative(&text[at..]) => text[..at].trim_ascii_end(),
        _ => text,
    }
}

/// `<    0.000001> `, behind a time of `dmesg --time-format iso`.
pub(super) fn delta(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().take(24).position(|b| *b == b'>')?;
    is_relative(&text[..=end]).then(|| one_space(&text[end + 1..]))
}

/// `Nov25 02:46`
fn human(inner: &[u8]) -> Option<Stamp> {
    let month = MONTHS.iter().position(|name| inner.starts_with(name))?;
    let (day, after) = number(inner[3..].trim_ascii_start(), 1..=2)?;
    let (hour, after) = number(after.strip_prefix(b" ")?, 2..=2)?;
    let (minute, b"") = number(after.strip_prefix(b":")?, 2..=2)? else { return None };
    let local = datetime(i64::from(NO_YEAR), month, day, (hour, minute, 0), 0)?;
    Some(stamp_of(local, true, None, 0, inner))
}

/// `Wed Nov 25 02:46:53 2026`
pub(super) fn ctime(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let rest = weekday(text)?;
    let month = MONTHS.iter().position(|name| rest.starts_with(name))?;
    let (day, rest) = number(rest[3..].trim_ascii_start(), 1..=2)?;
    let ((clock, nanos, digits), rest) = clock(rest.strip_prefix(b" ")?)?;
    let (year, rest) = number(rest.strip_prefix(b" ")?, 4..=4)?;
    let local = datetime(i64::try_from(year).ok()?, month, day, clock, nanos)?;
    Some((stamp_of(local, false, None, digits, text.strip_suffix(rest)?), rest))
}

/// `Nov 25 02:46:53 `, with a fraction (`journalctl -o short-precise`) or a year (`Nov 25 2026 02:46:53 `).
pub(super) fn rfc3164(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let month = MONTHS.iter().position(|name| text.starts_with(name))?;
    let (day, rest) = number(text[3..].strip_prefix(b" ")?.trim_ascii_start(), 1..=2)?;
    let rest = rest.strip_prefix(b" ")?;
    let (year, rest) = match number(rest, 4..=4) {
        Some((year, rest)) if rest.starts_with(b" ") => (Some(i64::try_from(year).ok()?), &rest[1..]),
        _ => (None, rest),
    };
    let ((clock, nanos, digits), rest) = clock(rest)?;
    let local = datetime(year.unwrap_or(i64::from(NO_YEAR)), month, day, clock, nanos)?;
    let text = text.strip_suffix(rest)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest).strip_prefix(b" ")?;
    Some((stamp_of(local, year.is_none(), None, digits, text), rest))
}

/// `2026-11-25T02:46:53.123456+01:00` and its relatives, with `Wed ` before it (`-o short-full`) or ` UTC` behind it;
/// what follows begins behind one space. The flag tells the form of `dmesg --time-format iso`: a comma before six digits, and an
/// offset. Loggers of programs (log4j, Python) write a comma before three.
pub(super) fn iso(whole: &[u8]) -> Option<(Stamp, bool, &[u8])> {
    let text = weekday(whole).unwrap_or(whole);
    let (year, rest) = number(text, 4..=4)?;
    let (month, rest) = number(rest.strip_prefix(b"-")?, 2..=2)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?, 2..=2)?;
    let rest =
        rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" ")).or_else(|| rest.strip_prefix(b"_"))?;
    let ((clock, nanos, digits), after) = clock(rest)?;
    let (offset, end) = zone(after);
    let is_dmesg =
        rest.get(8) == Some(&b',') && digits == 6 && offset.is_some() && text.get(10) == Some(&b'T');
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    let local = datetime(i64::try_from(year).ok()?, month, day, clock, nanos)?;
    let rest =
        if end.is_empty() { end } else { end.strip_prefix(b" ").or_else(|| end.strip_prefix(b"\t"))? };
    let text = whole.strip_suffix(end)?;
    Some((stamp_of(local, false, offset, digits, text), is_dmesg, rest))
}

/// `1600000000.123456 ` of `journalctl -o short-unix`.
pub(super) fn unix(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (seconds, rest) = number(text, 9..=11)?;
    let (micros, rest) = number(rest.strip_prefix(b".")?, 6..=6)?;
    let ns = (i128::from(seconds) * 1_000_000 + i128::from(micros)) * 1000;
    let written = String::from_utf8_lossy(text.strip_suffix(rest)?).into_owned();
    let stamp = Stamp { utc_ns: Some(ns), digits: 6, text: written, ..Stamp::default() };
    Some((stamp, rest.strip_prefix(b" ")?))
}

/// A time that is kept as it stands: its calendar or its language is not known.
pub(super) fn as_written(text: &[u8]) -> Stamp {
    Stamp { text: String::from_utf8_lossy(text).trim().to_owned(), ..Stamp::default() }
}

/// A time in a field of its own: RFC 3339, or a number of seconds, milli-, micro- or nanoseconds since 1970.
pub(super) fn field(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Some((stamp, _, b"")) = iso(text.as_bytes()) {
        return Some(stamp);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i128 = whole.parse().ok().filter(|value| *value > 0)?;
    let unit: i128 = match whole.len() {
        9..=10 => 1_000_000_000,
        12..=13 => 1_000_000,
        15..=16 => 1000,
        18..=19 => 1,
        _ => return None,
    };
    let digits = fraction.get(..fraction.len().min(9)).filter(|f| f.bytes().all(|b| b.is_ascii_digit()))?;
    let part = match digits {
        "" => 0,
        _ if unit == 1_000_000_000 => format!("{digits:0<9}").parse().ok()?,
        _ => 0,
    };
    let ns = value.checked_mul(unit)?.checked_add(part)?;
    Some(Stamp { utc_ns: Some(ns), digits: 9, text: text.to_owned(), ..Stamp::default() })
}

fn weekday(text: &[u8]) -> Option<&[u8]> {
    let day = DAYS.iter().find(|day| text.starts_with(day))?;
    text[day.len()..].strip_prefix(b" ")
}

/// `02:46:53` with a fraction: hours, minutes, seconds; nanoseconds; digits of the fraction.
type Clock = ((u64, u64, u64), u64, u8);

fn clock(text: &[u8]) -> Option<(Clock, &[u8])> {
    let (hour, rest) = number(text, 2..=2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 2..=2)?;
    let (second, rest) = number(rest.strip_prefix(b":")?, 2..=2)?;
    let fraction = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b","));
    let Some((value, after)) = fraction.and_then(|rest| number(rest, 1..=9)) else {
        return Some((((hour, minute, second), 0, 0), rest));
    };
    let digits = rest.len() - after.len() - 1;
    let scale = 10_u64.pow(u32::try_from(9_usize.checked_sub(digits)?).ok()?);
    Some((((hour, minute, second), value * scale, u8::try_from(digits).ok()?), after))
}

/// `Z`, ` UTC`, `+01:00` or `+0100`: seconds east of Greenwich, where it is told, and the rest. Other names than UTC do not
/// tell the offset; they are left out.
fn zone(text: &[u8]) -> (Option<i64>, &[u8]) {
    for utc in [&b"Z"[..], b" UTC", b" GMT"] {
        if let Some(rest) = text.strip_prefix(utc).filter(|rest| rest.first().is_none_or(|b| *b == b' ')) {
            return (Some(0), rest);
        }
    }
    let parsed = || {
        let (sign, rest) = text.split_first()?;
        let sign = match sign {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, rest) = two_digits(rest)?;
        let (minutes, rest) = two_digits(rest.strip_prefix(b":").unwrap_or(rest))?;
        Some((sign * i64::try_from(hours * 3600 + minutes * 60).ok()?, rest))
    };
    if let Some((offset, rest)) = parsed() {
        return (Some(offset), rest);
    }
    // ` CET ` of `-o short-full`: a name in capitals.
    let name = text.strip_prefix(b" ").map(|rest| rest.iter().take_while(|b| b.is_ascii_uppercase()).count());
    match name {
        Some(length @ 3..=5)
            if text.get(length + 1) == Some(&b' ') && calendar::is_zone(&text[1..=length]) =>
        {
            (None, &text[length + 1..])
        }
        _ => (None, text),
    }
}

fn datetime(year: i64, month0: usize, day: u64, clock: (u64, u64, u64), nanos: u64) -> Option<DateTime> {
    let (hour, minute, second) = clock;
    let byte = |value: u64| i8::try_from(value).ok();
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month0 + 1).ok()?, byte(day)?).ok()?;
    // A leap second.
    let second = second.min(if second == 60 { 59 } else { u64::MAX });
    let time = Time::new(byte(hour)?, byte(minute)?, byte(second)?, i32::try_from(nanos).ok()?).ok()?;
    Some(date.to_datetime(time))
}

fn stamp_of(local: DateTime, lacks_year: bool, offset: Option<i64>, digits: u8, text: &[u8]) -> Stamp {
    let utc = |offset: i64| {
        let ns = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond();
        Some(ns - i128::from(offset) * 1_000_000_000)
    };
    Stamp {
        utc_ns: offset.and_then(utc),
        local: Some(local),
        lacks_year,
        digits,
        text: String::from_utf8_lossy(text).trim().to_owned(),
    }
}

/// A run of digits of an allowed length.
fn number(text: &[u8], length: std::ops::RangeInclusive<usize>) -> Option<(u64, &[u8])> {
    let end = text.iter().take(length.end() + 1).take_while(|b| b.is_ascii_digit()).count();
    let digits = std::str::from_utf8(&text[..end]).ok().filter(|_| length.contains(&end))?;
    Some((digits.parse().ok()?, &text[end..]))
}

/// Two digits, whatever follows them.
fn two_digits(text: &[u8]) -> Option<(u64, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    Some((number(digits, 2..=2)?.0, rest))
}

fn one_space(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(stamp: &Stamp) -> String {
        jiff::Timestamp::from_nanosecond(stamp.utc_ns.unwrap()).unwrap().to_string()
    }

    #[test]
    fn of_the_ring_buffer() {
        assert_eq!(printk(b"[ 1384.124837] x"), Some((1_384_124_837, &b"x"[..])));
        assert_eq!(printk(b"[12345678.000001]  x"), Some((12_345_678_000_001, &b" x"[..])));
        assert_eq!(printk(b"[ 1384.124837 < 1382.775032>] x"), Some((1_384_124_837, &b"x"[..])));
        for bad in [&b"[  117]     0 "[..], b"[  pid  ]", b"[ 1.123456", b"[ 1.] x", b"[ 1.2 x] y"] {
            assert_eq!(printk(bad), None, "{bad:?}");
        }
        for (text, usec) in [
            ("[ 1.2] x", 1_200_000),
            ("[12345.67890] x", 12_345_678_900),
            ("[ 1.123456789] x", 1_123_456),
            ("[ 1.000001@0] x", 1_000_001),
            ("[ 1.000001 / 11-25 02:46:53.123] x", 1_000_001),
        ] {
            assert_eq!(printk(text.as_bytes()), Some((usec, &b"x"[..])), "{text}");
        }
        assert_eq!(caller(b"[  T117] x"), Some((Caller::Task(117), &b"x"[..])));
        assert_eq!(caller(b"[    C0] x"), Some((Caller::Cpu(0), &b"x"[..])));
        assert_eq!(caller(b"[  117] x"), None);
    }

    #[test]
    fn of_dmesg_for_people() {
        let (stamp, rest) = bracketed(b"[Wed Nov 25 02:46:53 2026] x").unwrap();
        let stamp = stamp.unwrap();
        assert_eq!((stamp.utc_ns, stamp.lacks_year, rest), (None, false, &b"x"[..]));
        assert_eq!(
            (stamp.local.unwrap().to_string().as_str(), stamp.text.as_str()),
            ("2026-11-25T02:46:53", "Wed Nov 25 02:46:53 2026")
        );
        assert_eq!(bracketed(b"[  +0.022697] x"), Some((None, &b"x"[..])));
        assert_eq!(bracketed(b"[<    0.022697>] x"), Some((None, &b"x"[..])));
        assert!(bracketed(b"[Nov25 02:46] x").unwrap().0.unwrap().lacks_year);
        assert_eq!(bracketed(b"[drm] x"), None);
    }

    #[test]
    fn of_syslog_and_the_journal() {
        let (stamp, rest) = rfc3164(b"Nov  5 02:46:53 host x").unwrap();
        assert!(stamp.lacks_year && stamp.utc_ns.is_none() && rest == b"host x");
        let (stamp, rest) = rfc3164(b"Nov 25 02:46:53.123456 host x").unwrap();
        assert_eq!((stamp.digits, rest), (6, &b"host x"[..]));
        assert!(!rfc3164(b"Nov 25 2026 02:46:53 host x").unwrap().0.lacks_year);
        for (text, expected) in [
            ("2026-11-25T02:46:53+0100 h", "2026-11-25T01:46:53Z"),
            ("2026-11-25T02:46:53.123456+01:00 h", "2026-11-25T01:46:53.123456Z"),
            ("2026-11-25T02:46:53.5Z h", "2026-11-25T02:46:53.5Z"),
            ("Wed 2026-11-25 02:46:53 UTC h", "2026-11-25T02:46:53Z"),
            ("2026-11-25T02:46:53,349805+00:00 h", "2026-11-25T02:46:53.349805Z"),
        ] {
            let (stamp, is_dmesg, rest) = iso(text.as_bytes()).unwrap();
            assert_eq!((utc(&stamp).as_str(), rest), (expected, &b"h"[..]), "{text}");
            assert_eq!(is_dmesg, text.contains(','));
        }
        let (stamp, _, rest) = iso(b"Wed 2026-11-25 02:46:53 CET h").unwrap();
        assert_eq!((stamp.utc_ns, rest), (None, &b"h"[..]));
        assert_eq!(utc(&unix(b"1600000000.123456 h").unwrap().0), "2020-09-13T12:26:40.123456Z");
    }

    #[test]
    fn of_fields() {
        for text in ["1600000000", "1600000000000", "1600000000000000", "1600000000000000000", "1600000000.0"]
        {
            assert_eq!(utc(&field(text).unwrap()), "2020-09-13T12:26:40Z", "{text}");
        }
        assert_eq!(utc(&field("2026-11-25T02:46:53Z").unwrap()), "2026-11-25T02:46:53Z");
        assert_eq!(field("12.5"), None);
        assert_eq!(field("1384.124837"), None);
    }

    #[test]
    fn no_times() {
        for bad in
            ["2026-13-25T02:46:53Z h", "2026-11-25T25:46:53Z h", "2026-11-25 h", "", "2026-11-25T02:46:53Zh"]
        {
            assert!(iso(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(rfc3164(b"Nov 31 02:46:53 h x").is_none());
    }
}

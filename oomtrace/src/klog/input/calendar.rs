//! Dates in any language and calendar form: what matters is where they end.

use super::line::Stamp;
use super::stamp::as_written;

/// Words looked at before the time of day.
const WORDS: usize = 6;
/// Of a longer word only the beginning is looked at.
const LONGEST: usize = 64;
/// Longest name of a day or a month: Ukrainian, in UTF-8.
const NAME_MAX: usize = 24;

/// A date with its time of day at the beginning, and what follows behind one blank: `Di Aug 12 03:54:03 2025`,
/// `28. Nov 07:26:44`, `Nov 28, 2023 @ 07:26:44.123`, `28.11.2023 07:26:44`, `2023/11/28 7:26:44 AM`.
pub(super) fn date(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let mut end = 0;
    let mut numbers = 0;
    let mut letters = 0;
    for _ in 0..WORDS {
        let (word, next) = word_at(text, end)?;
        if let Some((length, joined)) = clock_end(word) {
            // `28/Nov/2023:07:26:44` and `2023-11-28T07:26:44` have the date before it in the same word.
            if numbers == 0 && !joined && letters > 0 {
                return None;
            }
            let at = next - word.len() + length;
            let end = behind(text, at);
            return Some((as_written(&text[..end]), one_blank(&text[end..])));
        }
        if is_number(word) {
            numbers += 1;
        } else if is_name(word) {
            letters += 1;
        } else {
            return None;
        }
        if letters > 3 || numbers > 3 {
            return None;
        }
        end = next;
    }
    None
}

/// The word at or behind `from`, and its end.
fn word_at(text: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let rest = &text[from..];
    let begin = from + rest.iter().take(4).position(|b| *b != b' ')?;
    let length = text[begin..]
        .iter()
        .take(LONGEST)
        .position(|b| matches!(b, b' ' | b'\t'))
        .unwrap_or_else(|| LONGEST.min(text.len() - begin));
    (length > 0).then(|| (&text[begin..begin + length], begin + length))
}

/// Where the time of day in the word ends, and whether a date stands before it.
fn clock_end(word: &[u8]) -> Option<(usize, bool)> {
    let digit = |at: usize| word.get(at).is_some_and(u8::is_ascii_digit);
    let colon = (1..word.len().min(40)).find(|at| {
        let hours = word[..*at].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        matches!(word[*at], b':' | b'h' | b'.')
            && matches!(hours, 1 | 2)
            && digit(at + 1)
            && digit(at + 2)
            && is_clock(word, *at)
    })?;
    let begin = (0..colon).rev().find(|at| !digit(*at)).map_or(0, |at| at + 1);
    let before = &word[..begin];
    let dated = before.iter().any(u8::is_ascii_digit);
    let plain =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.' | b':' | b'_') || *b >= 0x80;
    if !(before.is_empty() || (dated && before.iter().all(plain))) {
        return None;
    }
    let more = |b: &u8| {
        b.is_ascii_digit() || matches!(b, b':' | b'.' | b',' | b'+' | b'-' | b'Z' | b'z' | b'h' | b'm' | b's')
    };
    let length = word[colon..].iter().take_while(|b| more(b)).count();
    let end = colon + length;
    let end = if word[..end].ends_with(b":") || word[..end].ends_with(b",") { end - 1 } else { end };
    Some((end, dated))
}

/// `07:26` or `07.26.44`: points alone are a time only with seconds, and minutes have two digits.
fn is_clock(word: &[u8], at: usize) -> bool {
    let digit = |at: usize| word.get(at).is_some_and(u8::is_ascii_digit);
    let seconds = word.get(at + 3) == Some(&word[at]) && digit(at + 4) && digit(at + 5) && !digit(at + 6);
    match word[at] {
        b':' => !digit(at + 3),
        _ => seconds && at <= 2,
    }
}

/// What is no zone although it stands in capitals behind a time: the levels of loggers, and words of the kernel.
const NO_ZONES: [&[u8]; 21] = [
    b"ALERT", b"AUDIT", b"CPU", b"CRIT", b"DEBG", b"DEBUG", b"DBG", b"EMERG", b"ERR", b"EROR", b"ERROR",
    b"FATAL", b"FINE", b"INF", b"INFO", b"LOG", b"NOTE", b"OOM", b"PANIC", b"TRACE", b"WARN",
];

/// Whether a word may be the name of a time zone, as `CET`.
pub(super) fn is_zone(word: &[u8]) -> bool {
    matches!(word.len(), 2..=5) && word.iter().all(u8::is_ascii_uppercase) && !NO_ZONES.contains(&word)
}

/// A year, AM or PM and a zone behind the time of day.
fn behind(text: &[u8], from: usize) -> usize {
    let mut end = from;
    for _ in 0..3 {
        let Some((word, next)) = word_at(text, end) else { break };
        let year = word.len() == 4 && word.iter().all(u8::is_ascii_digit);
        let half = [&b"AM"[..], b"PM", b"am", b"pm", b"Uhr", b"a.m.", b"p.m."].contains(&word);
        let zone = is_zone(word);
        let offset = matches!(word, [b'+' | b'-', rest @ ..] if matches!(rest.len(), 2 | 4 | 5) && rest[0].is_ascii_digit());
        if !(year || half || zone || offset) || text.get(next) == Some(&b':') {
            break;
        }
        end = next;
    }
    end
}

/// `28`, `28.`, `28,`, `2023-11-28`, `11/28/23`, `8月`, `28th`, `@`.
fn is_number(word: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.' | b',') || *b >= 0x80;
    let bare =
        word.strip_suffix(b"th").or_else(|| word.strip_suffix(b"st")).or_else(|| word.strip_suffix(b"nd"));
    let bare = bare.unwrap_or(word);
    word == b"@" || word == b"at" || (bare.first().is_some_and(u8::is_ascii_digit) && bare.len() <= 16 && bare.iter().all(plain))
        // `28-Nov-2023`, `28/Nov/2023`
        || (word[0].is_ascii_digit() && word.len() <= 24 && word.iter().any(|b| matches!(b, b'-' | b'/'))
            && word.iter().all(|b| plain(b) || b.is_ascii_alphabetic()))
}

/// The name of a day or a month: letters of any alphabet, and a full stop or a comma.
fn is_name(word: &[u8]) -> bool {
    let bare = word.strip_suffix(b",").unwrap_or(word);
    let bare = bare.strip_suffix(b".").unwrap_or(bare);
    !bare.is_empty() && bare.len() <= NAME_MAX && bare.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80)
}

fn one_blank(text: &[u8]) -> &[u8] {
    match text {
        [b' ' | b'\t', rest @ ..] => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_any_language_and_form() {
        for text in [
            "Di Aug 12 03:54:03 2025",
            "mar. août 12 03:54:03 2025",
            "火  8月 12 03:54:03 2025",
            "Вт авг 12 03:54:03 2025",
            "12. Aug 03:54:03",
            "Nov 28, 2023 @ 07:26:44.123",
            "28.11.2023 07:26:44",
            "28/Nov/2023:07:26:44 +0000",
            "11/28/23 7:26:44 AM",
            "2023-11-28 07:26:44,123 UTC",
            "2023-11-28T07:26:44.123456789Z",
            "11-28 07:26:44.123",
            "07:26:44.123",
            "juil. 28 07:26:44",
        ] {
            let line = format!("{text} web-3 kernel: x");
            let (stamp, rest) = date(line.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((stamp.text.as_str(), rest), (text, &b"web-3 kernel: x"[..]), "{text}");
        }
    }

    #[test]
    fn behind_it_a_word_may_be_of_any_length() {
        let line = format!("2023-11-28 07:26:44,{}", "x".repeat(200));
        let (stamp, rest) = date(line.as_bytes()).unwrap();
        assert_eq!((stamp.text.as_str(), rest.len()), ("2023-11-28 07:26:44", 201));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "Out of memory: Killed process 12 (a) total-vm:12kB",
            "CPU: 0 PID: 77 Comm: foo",
            "memory: usage 4kB, limit 4kB",
            "Node 0 DMA free:11264kB min:20kB",
            "lowmem_reserve[]: 0 2780",
            "RIP: 0033:0x7f00",
            "32768 pages RAM",
            "one two three four 07:26:44",
            "",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
    }
}

//! Names from traced programs, made safe for a terminal.
//!
//! A `comm`, an argument or a cgroup's name may hold any byte. What could move the cursor, change colours, reorder text
//! or hide itself is shown as an escape; other printable Unicode stays. The result is for eyes: a name that really
//! contains a backslash and an `n` looks like one with a newline. Whoever needs the exact bytes takes the NDJSON.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Combining marks that are kept on one character; more of them only smear over the lines around.
const MARKS_MAX: usize = 2;

/// Escapes bytes: `\n`, `\x1b`, `\u{202e}`, and `\xff` for what is not UTF-8.
///
/// The result never contains a control character, a bidirectional or other format character, or a line break.
#[must_use]
pub fn bytes(raw: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(raw)
        && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(raw.len() + 16);
    for chunk in raw.utf8_chunks() {
        push_text(&mut out, chunk.valid());
        chunk.invalid().iter().for_each(|byte| push_byte(&mut out, *byte));
    }
    Cow::Owned(out)
}

/// Escapes text that is UTF-8 already, e.g. a note or a host name.
#[must_use]
pub fn text(raw: &str) -> Cow<'_, str> {
    bytes(raw.as_bytes())
}

/// True for a mark that combines with the character before it and takes no column of its own.
pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii() && !prints_alone(c) && prints_after_a_letter(c) && !is_invisible_mark(c)
}

fn push_text(out: &mut String, valid: &str) {
    let mut marks = MARKS_MAX;
    for c in valid.chars() {
        if c == ' ' || prints_alone(c) && !is_invisible_letter(c) {
            marks = 0;
            out.push(c);
        } else if is_mark(c) && marks < MARKS_MAX {
            marks += 1;
            out.push(c);
        } else {
            push_escape(out, c);
            marks = MARKS_MAX;
        }
    }
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if c.is_ascii() => push_byte(out, c as u8),
        _ => out.extend(c.escape_unicode()),
    }
}

fn push_byte(out: &mut String, byte: u8) {
    // Writing to a String can't fail.
    let _ = write!(out, "\\x{byte:02x}");
}

/// The standard library knows which characters have a glyph; quotes and the backslash it escapes for other reasons.
fn prints_alone(c: char) -> bool {
    matches!(c, '\\' | '"' | '\'') || c.escape_debug().count() == 1
}

/// After a letter the standard library keeps combining marks as they are.
fn prints_after_a_letter(c: char) -> bool {
    let mut pair = [b'a', 0, 0, 0, 0];
    let end = 1 + c.encode_utf8(&mut pair[1..]).len();
    str::from_utf8(&pair[..end]).is_ok_and(|pair| pair.escape_debug().count() == 2)
}

/// Marks without a glyph: the grapheme joiner, joiners, variation selectors and tags.
fn is_invisible_mark(c: char) -> bool {
    matches!(u32::from(c), 0x034f | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0xe0000..=0xe0fff)
}

/// Letters without a glyph: Hangul fillers and the empty braille pattern.
fn is_invisible_letter(c: char) -> bool {
    matches!(u32::from(c), 0x115f | 0x1160 | 0x2800 | 0x3164 | 0xffa0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example() {
        assert_eq!(bytes(b"a\x1b[2Jb\xff"), r"a\x1b[2Jb\xff");
        assert_eq!(bytes("zażółć".as_bytes()), "zażółć");
    }

    #[test]
    fn every_kind_of_hostile_byte_becomes_visible() {
        for (raw, shown) in [
            (&b"a\nb\rc\td"[..], r"a\nb\rc\td"),
            (b"\x1b]0;pwned\x07", r"\x1b]0;pwned\x07"),
            (b"\x00\x7f", r"\x00\x7f"),
            ("\u{9b}31m".as_bytes(), r"\u{9b}31m"),
            ("a\u{202e}b\u{2066}c\u{200f}\u{61c}".as_bytes(), r"a\u{202e}b\u{2066}c\u{200f}\u{61c}"),
            ("a\u{2028}b\u{2029}\u{85}".as_bytes(), r"a\u{2028}b\u{2029}\u{85}"),
            ("a\u{200b}b\u{feff}\u{ad}\u{e0041}".as_bytes(), r"a\u{200b}b\u{feff}\u{ad}\u{e0041}"),
            (b"\xff\xfea\xc3", r"\xff\xfea\xc3"),
            ("a\u{a0}b".as_bytes(), r"a\u{a0}b"),
            (b"C:\\x \"q\" 'r'", "C:\\x \"q\" 'r'"),
        ] {
            assert_eq!(bytes(raw), shown);
        }
    }

    #[test]
    fn printable_unicode_stays() {
        for name in ["zażółć", "数据库", "база", "ไทย", "e\u{301}", "🦀"] {
            assert_eq!(bytes(name.as_bytes()), name);
        }
    }

    #[test]
    fn a_pile_of_marks_is_cut() {
        let zalgo = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(bytes(zalgo.as_bytes()).chars().filter(|c| *c == '\u{301}').count(), MARKS_MAX);
        assert_eq!(bytes("\u{301}".as_bytes()), r"\u{301}", "a mark with nothing to stand on");
    }

    fn is_safe(c: char) -> bool {
        let code = u32::from(c);
        let bidi = matches!(code, 0x061c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
        !c.is_control() && !bidi && !matches!(code, 0x2028 | 0x2029)
    }

    proptest! {
        #[test]
        fn output_is_safe_for_any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(bytes(&raw).chars().all(is_safe));
        }

        #[test]
        fn output_is_safe_for_any_text(raw in proptest::collection::vec(any::<char>(), 0..100)) {
            let raw: String = raw.into_iter().collect();
            prop_assert!(text(&raw).chars().all(is_safe));
        }
    }
}

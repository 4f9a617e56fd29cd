//! The values of cookies.

use std::ops::Range;

use super::hidden::Hidden;

/// Cookies that say how a page is shown.
const PLAIN: &[&str] = &[
    "lang", "language", "locale", "theme", "tz", "timezone", "currency", "country", "consent", "path",
    "domain",
];

/// Hides the values of `a=x; b=y`, or all where there is no `=`.
pub(super) fn hide(text: &[u8], place: Range<usize>, out: &mut Hidden) {
    let mut at = place.start;
    for part in text[place].split(|b| *b == b';') {
        let equals = part.iter().position(|b| *b == b'=');
        let name = equals.map_or(0, |equals| equals + 1);
        let blanks = if name == 0 { part.iter().take_while(|b| **b == b' ').count() } else { 0 };
        if !equals.is_some_and(|equals| is_plain(&part[..equals])) {
            out.add(at + name + blanks..at + part.len());
        }
        at += part.len() + 1;
    }
}

fn is_plain(name: &[u8]) -> bool {
    PLAIN.iter().any(|plain| name.trim_ascii().eq_ignore_ascii_case(plain.as_bytes()))
}

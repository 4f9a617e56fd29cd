//! Keys and tokens that are known by their shape, wherever they are.

use std::ops::Range;

use super::hidden::Hidden;
use super::shaped;
use super::vendors::{ADDRESSES, Alphabet, FIRST, SHAPES};

/// Bytes behind a beginning that decide whether it is a token.
const DECIDES: usize = 256;

/// Hides what has the shape of a key or token.
pub(super) fn scan(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    let mut at = region.start;
    while at < region.end {
        let before = &text[region.start..at];
        let starts = before.last().is_none_or(|b| !b.is_ascii_alphanumeric()) || before.ends_with(b"/bot");
        match starts.then(|| token(&text[at..region.end])).flatten() {
            Some(length) => {
                out.add(at..at + length);
                at += length;
            }
            None => at += 1,
        }
    }
    private_keys(text, region.clone(), out);
    addresses(text, region, out);
}

/// The length of the token that text begins with.
fn token(text: &[u8]) -> Option<usize> {
    if !FIRST[usize::from(*text.first()?)] {
        return shaped::token(text);
    }
    let known = SHAPES.iter().filter(|shape| text.starts_with(shape.begins.as_bytes())).find_map(|shape| {
        let rest = &text[shape.begins.len()..];
        // A bounded part decides, so that many beginnings in a row cost no more than that each.
        let length = rest.iter().take(DECIDES).take_while(|b| belongs(shape.of, **b)).count();
        let found = length >= shape.more && is_made_up(&rest[..length]);
        found.then(|| shape.begins.len() + rest.iter().take_while(|b| belongs(shape.of, **b)).count())
    });
    known.or_else(|| shaped::token(text))
}

/// Names are words with signs between them; tokens have digits, or no signs.
fn is_made_up(rest: &[u8]) -> bool {
    rest.iter().any(u8::is_ascii_digit) || rest.iter().all(u8::is_ascii_alphanumeric)
}

fn belongs(alphabet: Alphabet, byte: u8) -> bool {
    match alphabet {
        Alphabet::Hex => byte.is_ascii_hexdigit(),
        Alphabet::Letters => byte.is_ascii_alphanumeric(),
        Alphabet::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        Alphabet::Any => byte.is_ascii_alphanumeric() || b"_-.+/=~".contains(&byte),
    }
}

/// Private keys in PEM, up to their end or that of the text.
fn private_keys(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    let mut at = region.start;
    while let Some(found) = memchr::memmem::find(&text[at..region.end], b"-----BEGIN ") {
        let begin = at + found;
        let label = &text[begin..region.end.min(begin + 80)];
        let end = memchr::memmem::find(&text[begin..region.end], b"-----END ").map_or(region.end, |end| {
            let end = begin + end + 9;
            memchr::memmem::find(&text[end..region.end], b"-----")
                .map_or(region.end, |dashes| end + dashes + 5)
        });
        if memchr::memmem::find(label, b"PRIVATE KEY").is_some() {
            out.add(begin..end);
        }
        at = end;
    }
}

/// Addresses that whoever knows them may write to: the part behind the known beginning.
fn addresses(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    if memchr::memchr(b'/', &text[region.clone()]).is_none() {
        return;
    }
    for address in ADDRESSES {
        let mut at = region.start;
        while let Some(found) = memchr::memmem::find(&text[at..region.end], address.as_bytes()) {
            let begin = at + found + address.len();
            let stops = |b: &u8| {
                b.is_ascii_whitespace()
                    || matches!(b, b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b';')
            };
            let length = text[begin..region.end].iter().position(stops).unwrap_or(region.end - begin);
            out.add(begin..begin + length);
            at = begin + length;
        }
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;

//! Lists behind names in the plural: `"passwords": ["a", "b"]`, `api_keys=[a, b]`.

use std::ops::Range;

use super::guesses::is_password;
use super::hidden::Hidden;
use super::names::{self, Holds};
use super::values::{is_harmless, is_random};

/// Longest list that is looked at.
const LONGEST: usize = 2048;

/// Hides the items of a list that begins behind a separator; where it ends, when there was something to hide.
pub(super) fn hide(
    text: &[u8],
    region: &Range<usize>,
    name: &[u8],
    from: usize,
    out: &mut Hidden,
) -> Option<usize> {
    let rest = text.get(from..region.end.min(from + LONGEST))?;
    let open = rest.iter().take(4).position(|b| *b == b'[')?;
    if rest[..open].iter().any(|b| *b != b' ') {
        return None;
    }
    let items = &rest[open + 1..];
    let close =
        items.iter().position(|b| matches!(b, b']' | b'{' | b'[' | b'\n')).filter(|at| items[*at] == b']')?;
    let judge = judge(name)?;
    let start = from + open + 1;
    let (mut found, mut next) = (false, start);
    for item in items[..close].split(|b| *b == b',') {
        let offset = next;
        next += item.len() + 1;
        let is_lead = |b: &u8| matches!(b, b' ' | b'"' | b'\'' | b'\\' | b'`');
        let lead = item.iter().take_while(|b| is_lead(b)).count();
        let end = item.iter().rposition(|b| !is_lead(b)).map_or(lead, |last| last + 1);
        if lead < end && judge(&item[lead..end]) {
            out.add(offset + lead..offset + end);
            found = true;
        }
    }
    found.then_some(start + close)
}

/// What says of an item whether it is a secret. `None` for a name that says nothing.
fn judge(name: &[u8]) -> Option<fn(&[u8]) -> bool> {
    let one = name.strip_suffix(b"s").or_else(|| name.strip_suffix(b"S")).unwrap_or(name);
    if names::holds(one) != Holds::Secret {
        return None;
    }
    // Pieces of text are tokens as well, and `secrets` may be a list of names.
    let words = super::words::of(one);
    let is_vague = words.len() == 1 && ["secret", "cookie", "key"].contains(&words[0].as_str())
        || words.last().is_some_and(|word| word == "token");
    Some(if is_vague && one.len() < name.len() {
        |item| is_random(item) || is_password(item)
    } else {
        |item| !is_harmless(item) && !item.iter().all(u8::is_ascii_digit)
    })
}

#[cfg(test)]
#[path = "arrays_tests.rs"]
mod tests;

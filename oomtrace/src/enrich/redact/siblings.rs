//! Names and values that are two members of an object: `{"name": "DB_PASSWORD", "value": "x"}`.

use std::ops::Range;

use super::names::{self, Holds};
use super::words;

/// Bytes before and behind a value's key that are looked at.
const REACH: usize = 240;
/// Last words of keys that hold a name.
const NAMES: &[&str] = &["name", "key", "variable", "property", "field", "attribute", "parameter", "option"];
/// Last words of keys that hold a value.
const VALUES: &[&str] = &["value", "val", "content"];

/// Whether a key at a place is that of a value whose name, beside it, says that it is a secret.
pub(super) fn is_value_of_secret(text: &[u8], region: &Range<usize>, key: &Range<usize>) -> bool {
    if !is_last(&text[key.clone()], VALUES) {
        return false;
    }
    let before = &text[key.start.saturating_sub(REACH).max(region.start)..key.start];
    if before.trim_ascii_end().strip_suffix(b"\"").is_some_and(|head| head.trim_ascii_end().ends_with(b"{")) {
        let behind = &text[key.end..region.end.min(key.end + REACH)];
        let object = behind.iter().position(|b| *b == b'}').map_or(behind, |end| &behind[..end]);
        return named(object).is_some_and(is_secret);
    }
    last_named(before).is_some_and(is_secret)
}

fn is_secret(name: &[u8]) -> bool {
    matches!(names::holds(name), Holds::Secret | Holds::Login)
}

fn is_last(name: &[u8], known: &[&str]) -> bool {
    words::of(name).last().is_some_and(|word| known.contains(&word.as_str()))
}

/// The name that the first key for one in a text has.
fn named(text: &[u8]) -> Option<&[u8]> {
    let mut parts = parts(text);
    parts.find(|part| is_last(part, NAMES))?;
    parts.next()
}

/// The name that the last key for one has, unless a value follows it already.
fn last_named(text: &[u8]) -> Option<&[u8]> {
    let all: Vec<&[u8]> = parts(text).collect();
    let from = all.len().saturating_sub(8);
    // The tag of XML that closes around a name is named like its key: `<name>x</name>`.
    let key = (from..all.len().saturating_sub(1)).rev().find(|at| {
        is_last(all[*at], NAMES)
            && !(is_last(all[*at + 1], NAMES) && names::holds(all[*at + 1]) == Holds::Nothing)
    })?;
    let is_taken = all[key + 2..].iter().any(|part| is_last(part, VALUES));
    (!is_taken).then(|| all[key + 1])
}

fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    text.split(move |b| !is_part(b)).filter(|part| part.iter().any(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
#[path = "siblings_tests.rs"]
mod tests;

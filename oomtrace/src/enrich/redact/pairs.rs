//! Names with their values in a text: options, variables, headers, queries, connection strings, JSON, YAML, scripts.

use std::ops::Range;

use super::extent::{Extent, Quotes, Value};
use super::hidden::Hidden;
use super::names::{self, Holds};
use super::{arrays, siblings, tuples, verdict};

/// Longest name that is looked at.
const NAME: usize = 80;
/// Bytes around a name of one letter that say what it is.
const REACH: usize = 256;
/// Bytes between a name and its separator: quotes, a bracket, blanks.
const GAP: usize = 6;

/// How a text has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// An argument: what its first name has for a value may hold blanks.
    Argument,
    /// A script, in which a blank ends a word.
    Script,
}

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// `=`, `:=`.
    Equals,
    /// `==`: a comparison, a version or a query's parameter.
    Compares,
    /// `:`.
    Colon,
    /// `=>`, `->`.
    Arrow,
    /// `"name", "value"` and `name("value")`.
    Argument,
    /// `<name>value</name>`.
    Tag,
}

/// Hides the values of all names that say that they hold a secret.
pub(super) fn scan(text: &[u8], region: &Range<usize>, whole: Whole, out: &mut Hidden) {
    let mut quotes = Quotes::default();
    let mut at = region.start;
    while at < region.end {
        let byte = text[at];
        if byte == b'\\'
            && text.get(at + 1).is_some_and(u8::is_ascii_punctuation)
            && !matches!(text[at + 1], b'\\' | b'=' | b':')
        {
            // Escaped quotes are quotes of another level: a name and its value are on the same one.
            at += 2;
            continue;
        }
        quotes.see(text, region.start, at);
        let found = separator(text, region, at);
        let end = found.and_then(|(separator, length)| {
            pair(text, Found { region, at, separator, length, open: quotes.open(), whole }, out)
        });
        match end {
            Some(end) => {
                at = end.max(at + 1);
                quotes.go_on(text, at);
            }
            None => at += 1,
        }
    }
}

/// The separator at a place, and its length.
fn separator(text: &[u8], region: &Range<usize>, at: usize) -> Option<(Separator, usize)> {
    let before = at.checked_sub(1).filter(|at| *at >= region.start).map(|at| text[at]);
    let next = (at + 1 < region.end).then(|| text[at + 1]);
    match (text[at], next) {
        (b'=', _) if matches!(before, Some(b'=' | b'!' | b'<' | b'>' | b'~')) => None,
        (b'=', Some(b'=')) => {
            let is_pad = at + 2 >= region.end || matches!(text[at + 2], b';' | b'&' | b'"' | b'\'' | b',');
            (!is_pad).then_some((Separator::Compares, 2))
        }
        (b'=', Some(b'>')) => Some((Separator::Arrow, 2)),
        (b'=', Some(b'~')) => None,
        (b'=', _) => Some((Separator::Equals, 1)),
        (b':', Some(b'=')) => Some((Separator::Equals, 2)),
        (b':', _) if before == Some(b':') || next == Some(b':') => None,
        (b':', Some(b'/')) if text.get(at + 2) == Some(&b'/') => None,
        (b':', _) => Some((Separator::Colon, 1)),
        (b',' | b'(', Some(next)) => {
            let opens = if text[at] == b',' { matches!(before, Some(b'"' | b'\'')) } else { true };
            let value = if next == b' ' { text.get(at + 2).copied() } else { Some(next) };
            (opens && matches!(value, Some(b'"' | b'\''))).then_some((Separator::Argument, 1))
        }
        (b'>', _) => Some((Separator::Tag, 1)),
        _ => None,
    }
}

/// The name in front of a separator.
fn name_before(text: &[u8], start: usize, at: usize, separator: Separator) -> Option<(Range<usize>, bool)> {
    let is_gap = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b'}' | b'\\' | b'+' | b' ' | b'?');
    let mut end = at;
    while end > start && at - end < GAP && is_gap(text[end - 1]) {
        end -= 1;
    }
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let mut begin = end;
    while begin > start && end - begin < NAME && is_part(text[begin - 1]) {
        begin -= 1;
    }
    // `\nname=x` in a string of a program.
    if begin > start
        && text[begin - 1] == b'\\'
        && end - begin > 1
        && matches!(text[begin], b'n' | b't' | b'r')
    {
        begin += 1;
    }
    let before = (begin > start).then(|| text[begin - 1]);
    let gap = &text[end..at];
    let is_spaced = gap.contains(&b' ');
    let fits = match separator {
        Separator::Tag => before == Some(b'<') && gap.is_empty(),
        Separator::Colon => {
            fits_colon(text, start, begin, before)
                && (!is_spaced || gap.len() > 1 || before.is_none() || before == Some(b' '))
        }
        Separator::Argument if text[at] == b'(' => gap.is_empty(),
        Separator::Argument => !gap.is_empty() && !is_spaced,
        _ => true,
    };
    (begin < end && fits).then_some((begin..end, is_spaced))
}

/// `team/auth:latest` is an image and `//auth:8080` a host; `/password:x` is an option.
fn fits_colon(text: &[u8], start: usize, begin: usize, before: Option<u8>) -> bool {
    match before {
        Some(b'/') => begin - 1 == start || text[begin - 2].is_ascii_whitespace(),
        Some(b':' | b'@') => false,
        _ => true,
    }
}

/// A separator that was found.
#[derive(Clone, Copy)]
struct Found<'a> {
    region: &'a Range<usize>,
    at: usize,
    separator: Separator,
    /// Its bytes.
    length: usize,
    /// The quotes that it is in.
    open: Option<u8>,
    whole: Whole,
}

/// Hides the value behind a separator; where it ends, when there was something to hide.
fn pair(text: &[u8], found: Found<'_>, out: &mut Hidden) -> Option<usize> {
    let Found { region, at, separator, length, open, whole } = found;
    let (name, is_spaced) = name_before(text, region.start, at, separator)?;
    let joined = matches!(separator, Separator::Colon | Separator::Equals | Separator::Arrow);
    if let Some(end) =
        joined.then(|| arrays::hide(text, region, &text[name.clone()], at + length, out)).flatten()
    {
        return Some(end);
    }
    if separator == Separator::Argument
        && let Some(end) = tuples::connects(text, region, &text[name.clone()], at + length, out)
    {
        return Some(end);
    }
    let holds = held(text, region, &name, at, separator)?;
    if out.is_plain(name.start) {
        return None;
    }
    if let Some(end) = tuples::hide(text, region, &text[name.clone()], at + length, out) {
        return Some(end);
    }
    let extent = Extent { text, region, name: &name, separator, is_spaced, open, whole };
    let value = match holds {
        Holds::Perhaps => {
            let whole = extent.value(at + length);
            let words = whole.filter(|value| verdict::is_mnemonic(&text[value.place.clone()]));
            words.or_else(|| extent.plain(at + length))
        }
        _ => extent.value(at + length),
    }?;
    if is_other(text, &name, at, separator, &value) {
        return None;
    }
    let end = value.place.end;
    verdict::hide(text, &text[name], holds, value.place, out).then_some(end)
}

/// Whether what is between a name and its value means something else: an image's tag, a module, prose, a question.
fn is_other(text: &[u8], name: &Range<usize>, at: usize, separator: Separator, value: &Value) -> bool {
    let (name_text, value_text) = (&text[name.clone()], &text[value.place.clone()]);
    if separator == Separator::Argument {
        return value_text.trim_ascii_end().ends_with(b":") || is_key(text, value.place.end);
    }
    if separator != Separator::Colon || value.is_quoted {
        return false;
    }
    let is_joined = value.place.start == at + 1;
    let is_open = value_text.starts_with(b"{")
        || value_text.starts_with(b"[") && !value_text.starts_with(super::REDACTED);
    let is_small = value_text.iter().all(|b| b.is_ascii_lowercase() || b" _.".contains(b));
    let of_many_uses = is_ambiguous(name_text) && !name_text.to_ascii_lowercase().ends_with(b"pass");
    is_open
        || is_small && (of_many_uses || is_joined && is_module(name_text))
        || is_joined && is_ambiguous(name_text) && super::values::is_tag(value_text)
        || is_joined && is_named(value_text)
        || is_prose(text, name, &value.place)
}

/// `"DB_PASSWORD","value":"x"`: what follows the name is another key.
fn is_key(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let quotes = rest.iter().take(6).take_while(|b| matches!(b, b'\\' | b'"' | b'\'' | b' ')).count();
    rest.get(quotes) == Some(&b':')
}

/// `fix token: refresh the cache`.
fn is_prose(text: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    let before = &text[..name.start];
    let follows =
        before.ends_with(b" ") && before.trim_ascii_end().last().is_some_and(u8::is_ascii_lowercase);
    let goes_on =
        text.get(value.end) == Some(&b' ') && text.get(value.end + 1).is_some_and(u8::is_ascii_lowercase);
    follows && goes_on && text[value.clone()].iter().all(u8::is_ascii_lowercase)
}

/// `Credentials:secret_key=x`: the value has a name of its own.
fn is_named(value: &[u8]) -> bool {
    let name = value.iter().take(NAME).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 0
        && value.get(name) == Some(&b'=')
        && value.get(name + 1).is_some_and(|b| *b != b'=')
        && names::holds(&value[..name]) != Holds::Nothing
}

/// A name that is a host, an image or a module as well.
fn is_ambiguous(name: &[u8]) -> bool {
    names::is_word_of_many_uses(name.rsplit(|b| *b == b'.').next().unwrap_or(name))
}

/// `secret_app.wsgi:application`: the last part says nothing of a secret.
fn is_module(name: &[u8]) -> bool {
    let last = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
    last.len() < name.len() && names::holds(last) == Holds::Nothing
}

/// What the name says, given its separator.
fn held(
    text: &[u8],
    region: &Range<usize>,
    name: &Range<usize>,
    at: usize,
    separator: Separator,
) -> Option<Holds> {
    let bytes = &text[name.clone()];
    let holds = match names::holds(bytes) {
        Holds::Nothing if bytes.ends_with(b"AuthConfig") => Holds::Perhaps,
        Holds::Nothing if bytes == b"data" && text[region.start..name.start].starts_with(b"secret,") => {
            Holds::Secret
        }
        Holds::Nothing if siblings::is_value_of_secret(text, region, name) => Holds::Secret,
        Holds::Nothing if separator == Separator::Equals && is_dsn(text, region, name) => Holds::Secret,
        Holds::Perhaps if is_pragma(text, region.start, name.start) || is_signature(text, region, name) => {
            Holds::Secret
        }
        holds => holds,
    };
    let before = (name.start > region.start).then(|| text[name.start - 1]);
    match separator {
        _ if holds == Holds::Nothing => None,
        // Only a value that looks like a secret is one.
        Separator::Compares => Some(Holds::Perhaps),
        // `sig=` in a query is a signature; `pin`, `key` and `code` have to look like a secret.
        // An attribute of a page, `input[type=x]`, unless the bracket is a value itself: `SCRAM-SHA-512=[password=x]`.
        _ if before == Some(b'[') && text[at - 1] != b']' && !text[..name.start - 1].ends_with(b"=") => None,
        _ => Some(holds),
    }
}

/// `h=db,u=bob,p=x`: one letter for the password, in a list that names a user.
fn is_dsn(text: &[u8], region: &Range<usize>, name: &Range<usize>) -> bool {
    if &text[name.clone()] != b"p" {
        return false;
    }
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'');
    let from = name.start.saturating_sub(REACH).max(region.start);
    let to = region.end.min(name.end + REACH);
    let start = text[from..name.start].iter().rposition(ends).map_or(from, |at| from + at + 1);
    let end = text[name.end..to].iter().position(ends).map_or(to, |at| name.end + at);
    let value = text.get(name.end + 1..end).unwrap_or_default();
    let number = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let is_small = number <= 4 && value.get(number).is_none_or(|b| matches!(b, b',' | b';' | b'&'));
    let is_user = |part: &[u8]| {
        let key = part.iter().position(|b| *b == b'=').map(|equals| &part[..equals]);
        key.is_some_and(|key| {
            [&b"u"[..], b"U", b"user", b"usr", b"uid", b"username", b"login"].contains(&key)
        })
    };
    !is_small && text[start..end].split(|b| matches!(b, b',' | b';' | b'&' | b'?')).any(is_user)
}

/// `?Signature=x` of a URL.
fn is_signature(text: &[u8], region: &Range<usize>, name: &Range<usize>) -> bool {
    let in_query = name.start > region.start && matches!(text[name.start - 1], b'?' | b'&' | b'#' | b';');
    let last = super::words::of(&text[name.clone()]).pop().unwrap_or_default();
    in_query && ["signature", "code", "assertion", "ticket", "session"].contains(&last.as_str())
}

/// `PRAGMA key = '...'` of an encrypted database.
fn is_pragma(text: &[u8], start: usize, name: usize) -> bool {
    let before = &text[start..name];
    let word = before.trim_ascii_end();
    word.len() >= 6 && word[word.len() - 6..].eq_ignore_ascii_case(b"pragma")
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;

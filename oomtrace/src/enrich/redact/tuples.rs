//! User and password as arguments of a call or parts of a list: `auth=('bob', 'x')`, `login("bob", "x")`.

use std::ops::Range;

use super::extent::closing;
use super::guesses::is_password;
use super::hidden::Hidden;
use super::values::is_harmless;
use super::words;

/// Longest list that is looked at.
const LONGEST: usize = 512;
/// Last words of names that take a user and a password.
const NAMES: &[&str] = &["auth", "login", "authenticate", "credential", "credentials", "basicauth"];

/// Hides the second text of a list behind a name that takes a user and a password; where it ends.
pub(super) fn hide(
    text: &[u8],
    region: &Range<usize>,
    name: &[u8],
    from: usize,
    out: &mut Hidden,
) -> Option<usize> {
    if !words::of(name).last().is_some_and(|word| NAMES.contains(&word.as_str())) {
        return None;
    }
    let end = region.end.min(from + LONGEST);
    let list = text.get(from..end)?;
    // The bracket of a call is the separator itself.
    let opens = text.get(from - 1) == Some(&b'(');
    let bracket = list.iter().take(3).position(|b| matches!(b, b'(' | b'['));
    let inner = if opens { 0 } else { bracket.filter(|at| list[..*at].iter().all(|b| *b == b' '))? + 1 };
    let user = string(list, inner)?;
    let gap = list.get(user.end + 1..)?;
    let comma = gap.iter().take_while(|b| **b == b' ').count();
    let password = string(list, user.end + 1 + comma + usize::from(gap.get(comma) == Some(&b',')))?;
    (gap.get(comma) == Some(&b',')).then(|| {
        out.add(from + password.start..from + password.end);
        from + password.end
    })
}

/// Last words of calls that take a place, a user and a password.
const CALLS: &[&str] = &["pdo", "connect", "pconnect", "mysqli", "connection", "client", "sequelize"];

/// Hides the password of `connect("host", "user", "password")`; where it ends.
pub(super) fn connects(
    text: &[u8],
    region: &Range<usize>,
    name: &[u8],
    from: usize,
    out: &mut Hidden,
) -> Option<usize> {
    let words = words::of(name);
    if text.get(from - 1) != Some(&b'(') || !words.last().is_some_and(|last| CALLS.contains(&last.as_str())) {
        return None;
    }
    let list = text.get(from..region.end.min(from + LONGEST))?;
    let first = string(list, 0)?;
    let second = string(list, comma(list, first.end + 1)?)?;
    // Oracle's take the user first.
    let is_oracle = words.iter().any(|word| ["oci", "oracle", "oracledb"].contains(&word.as_str()));
    let password = if is_oracle { second } else { string(list, comma(list, second.end + 1)?)? };
    let place = from + password.start..from + password.end;
    // `socket.connect("host", "port", "tcp")` is none: a place of a database has a colon.
    let value = &text[place.clone()];
    let likely = is_password(value) || list[first].contains(&b':');
    (likely && !is_harmless(value)).then(|| {
        out.add(place.clone());
        place.end
    })
}

/// Behind the comma that follows, blanks left out.
fn comma(list: &[u8], from: usize) -> Option<usize> {
    let blanks = list.get(from..)?.iter().take_while(|b| **b == b' ').count();
    (list.get(from + blanks) == Some(&b',')).then_some(from + blanks + 1)
}

/// The text in quotes that begins at a place, blanks left out.
fn string(list: &[u8], from: usize) -> Option<Range<usize>> {
    let blanks = list.get(from..)?.iter().take_while(|b| **b == b' ').count();
    let quote = *list.get(from + blanks).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = from + blanks + 1;
    let end = closing(list, start, quote, 0);
    (end < list.len()).then_some(start..end)
}

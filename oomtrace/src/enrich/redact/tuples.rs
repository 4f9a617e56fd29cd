//! User and password as arguments of a call or parts of a list: `auth=('bob', 'x')`, `login("bob", "x")`.

use std::ops::Range;

use super::extent::closing;
use super::hidden::Hidden;
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

/// The text in quotes that begins at a place, blanks left out.
fn string(list: &[u8], from: usize) -> Option<Range<usize>> {
    let blanks = list.get(from..)?.iter().take_while(|b| **b == b' ').count();
    let quote = *list.get(from + blanks).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = from + blanks + 1;
    let end = closing(list, start, quote, 0);
    (end < list.len()).then_some(start..end)
}

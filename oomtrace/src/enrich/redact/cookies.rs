//! The values of cookies.

use std::ops::Range;

use super::hidden::Hidden;

/// Hides the values of `a=x; b=y`, or all where there is no `=`.
pub(super) fn hide(text: &[u8], place: Range<usize>, out: &mut Hidden) {
    let mut at = place.start;
    for part in text[place].split(|b| *b == b';') {
        let name = part.iter().position(|b| *b == b'=').map_or(0, |equals| equals + 1);
        let blanks = if name == 0 { part.iter().take_while(|b| **b == b' ').count() } else { 0 };
        out.add(at + name + blanks..at + part.len());
        at += part.len() + 1;
    }
}

//! How many columns text takes, and how to cut it to fit.

use super::escape;

/// Columns of escaped text on a terminal. East Asian wide characters take two, combining marks none; a character this
/// gets wrong bends a column and no more.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(of_char).sum()
}

/// Columns of one character.
#[must_use]
pub fn of_char(c: char) -> usize {
    match u32::from(c) {
        0x20..=0x02ff => 1,
        0x1100..=0x115e
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => usize::from(!escape::is_mark(c)),
    }
}

/// Cuts to at most `max` columns; what is cut off is marked with `…`.
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    if columns(text) <= max {
        return text.to_owned();
    }
    let mut room = max.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let width = of_char(*c);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    });
    fits.chain(Some('…').filter(|_| max > 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("数据"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("…"), 1);
    }

    #[test]
    fn cuts_to_fit() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("数据库", 4), "数…");
        assert_eq!(cut("abc", 0), "");
    }
}

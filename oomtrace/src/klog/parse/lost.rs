//! Lines that say that others are missing.

use super::scan::{digits, number, rsplit};

/// How many lines are missing by this line's own words: of printk on a slow console, of the journal, of rsyslog.
pub(crate) fn count(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"** ").unwrap_or(text);
    if let Some(rest) = text.strip_prefix(b"Missed ") {
        let (count, rest) = digits(rest)?;
        return (rest == b" kernel messages").then(|| number(count))?;
    }
    let (count, rest) = digits(text)?;
    match rest {
        b" printk messages dropped **" | b" printk messages dropped" => number(count),
        _ => {
            let (_, rest) = rsplit(text, b" ** ")?;
            let (count, rest) = digits(rest)?;
            (rest == b" printk messages dropped **").then(|| number(count))?
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_their_words() {
        for (text, expected) in [
            ("** 12 printk messages dropped **", Some(12)),
            ("** 12 printk messages dropped ** ", None),
            ("Missed 7 kernel messages", Some(7)),
            ("Missed 7 kernel messages of a process", None),
            ("Out of memory: Killed process 12 (x)", None),
            ("", None),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text}");
        }
    }
}

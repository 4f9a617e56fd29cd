//! The beginning of a form that is not known, learned from a line in which the kernel's words show where it ends.

use super::line::Writer;

/// What a beginning looks like, whatever numbers and words it has.
#[derive(Debug)]
pub(super) struct Shape {
    beginning: Vec<u8>,
    /// Who wrote the line from which it was learned.
    pub(super) writer: Writer,
    /// The machine that it names.
    pub(super) host: Option<String>,
}

/// Longer ones are no beginning.
const LONGEST: usize = 256;

impl Shape {
    /// That of `beginning`; `None` when there is none.
    pub(super) fn of(beginning: &[u8], writer: Writer, host: Option<String>) -> Option<Self> {
        let some = !beginning.is_empty() && beginning.len() <= LONGEST;
        some.then(|| Self { beginning: beginning.to_vec(), writer, host })
    }

    /// What follows a beginning of this shape.
    pub(super) fn strip<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let (mut shape, mut rest) = (self.beginning.as_slice(), line);
        while let Some(first) = shape.first() {
            let same = class(*first);
            if class(*rest.first()?) != same {
                return None;
            }
            (shape, rest) = match same {
                Class::Mark(_) => (&shape[1..], &rest[1..]),
                _ => (run(shape, same), run(rest, same)),
            };
        }
        Some(rest)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Blank,
    Mark(u8),
}

fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b' ' | b'\t' => Class::Blank,
        byte if byte.is_ascii_alphabetic() || byte >= 0x80 => Class::Letter,
        byte => Class::Mark(byte),
    }
}

/// Behind the bytes of one class at the beginning.
fn run(text: &[u8], same: Class) -> &[u8] {
    let end = text.iter().position(|b| class(*b) != same).unwrap_or(text.len());
    &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_differ_and_marks_do_not() {
        let shape = Shape::of(b"%%7 node-12!Mon# ", Writer::Unknown, None).unwrap();
        assert_eq!(
            shape.strip(b"%%123 node-9!Tuesday#  [  612]     0 java"),
            Some(&b"[  612]     0 java"[..])
        );
        for other in [&b"%7 node-12!Mon# x"[..], b"%%7 node-12", b"", b"%%x node-1!Mon# x"] {
            assert_eq!(shape.strip(other), None, "{other:?}");
        }
        assert!(Shape::of(b"", Writer::Unknown, None).is_none());
        assert_eq!(Shape::of(b"  ", Writer::Unknown, None).unwrap().strip(b"  a"), Some(&b"a"[..]));
    }
}

//! Which four bytes of a word are looked for.

/// Bytes of a part.
pub(crate) const PART: usize = 4;

/// A part of a word, as it stands in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) bytes: u32,
    pub(crate) word: u16,
    /// Where it begins in the word; -1 with one byte that stands before it.
    pub(crate) offset: i8,
}

/// Parts that are frequent in logs of any kind: each one found there is compared in vain.
const FREQUENT: [&[u8; PART]; 54] = [
    b" of ", b"of m", b"t of", b" mem", b"memo", b"emor", b"mory", b"ory ", b" pro", b"proc", b"roce",
    b"oces", b"cess", b"ess ", b"stat", b"tatu", b"atus", b"tus ", b"erro", b"rror", b"ror ", b"fail",
    b"aile", b"iled", b"lled", b"led ", b"kill", b"ille", b"tion", b"ion ", b"ing ", b"ed s", b" con",
    b"cont", b"able", b" cod", b"code", b"ode ", b" all", b"allo", b" com", b"time", b" the", b"the ",
    b" for", b"for ", b" to ", b"not ", b" use", b"used", b"sed ", b" due", b"due ", b"ache",
];

/// The parts of all words, for places that are `width` bytes apart.
pub(crate) fn of(words: &[&'static [u8]], width: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, word) in (0..).zip(words) {
        let first = rarest(word, width);
        (0..width).for_each(|offset| push(&mut parts, number, word, first + offset, width));
    }
    parts
}

/// Where the parts begin that are the least frequent together.
fn rarest(word: &[u8], width: usize) -> usize {
    let last = word.len().saturating_sub(width - 1 + PART);
    let weight = |first: &usize| -> u32 {
        let parts = word[*first..].windows(PART).take(width);
        parts.map(weight).sum()
    };
    (0..=last.min(64)).min_by_key(weight).unwrap_or(0)
}

fn weight(part: &[u8]) -> u32 {
    let frequent = FREQUENT.iter().any(|known| part == known.as_slice());
    let common = part.iter().filter(|b| b.is_ascii_lowercase() || **b == b' ').count();
    u32::from(frequent) * 100 + u32::try_from(common).unwrap_or(0)
}

/// The part at `offset`, with every byte where it has one too few.
fn push(parts: &mut Vec<Part>, word: u16, text: &[u8], offset: usize, width: usize) {
    let mut add = |bytes: [u8; PART], offset: usize| {
        let offset = i8::try_from(offset).unwrap_or(i8::MAX);
        parts.push(Part { bytes: u32::from_le_bytes(bytes), word, offset });
    };
    match (text.get(offset..).unwrap_or_default(), text) {
        ([a, b, c, d, ..], _) => add([*a, *b, *c, *d], offset),
        ([a, b, c], _) => (0..=255).for_each(|any| add([*a, *b, *c, any], offset)),
        // The place before the word, which is as far from this offset as places are apart.
        (_, [a, b, c, ..]) if offset + 1 == width => (0..=255).for_each(|any| {
            parts.push(Part { bytes: u32::from_le_bytes([any, *a, *b, *c]), word, offset: -1 });
        }),
        _ => {}
    }
}

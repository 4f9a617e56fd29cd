//! Bytes that were written out: what escaped them is undone.

/// Replaces each piece of four bytes that `escape` knows, such as `\040` or `\x2d`, by the byte that it stands for.
pub fn unescape(text: &[u8], escape: impl Fn(&[u8; 4]) -> Option<u8>) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        match rest.first_chunk().and_then(&escape) {
            Some(byte) => {
                plain.push(byte);
                rest = &rest[4..];
            }
            None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    plain
}

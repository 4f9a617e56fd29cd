//! Protocol buffers, the writing half: what Perfetto's trace needs of it.

/// A message as it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// A field that is a number without sign, an enumeration or a bool.
    pub(super) fn number(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    /// A field that is an `int64`.
    pub(super) fn signed(self, field: u32, value: i64) -> Self {
        self.number(field, value.cast_unsigned())
    }

    /// A field that is text.
    pub(super) fn text(self, field: u32, value: &str) -> Self {
        self.delimited(field, value.as_bytes())
    }

    /// A field that is a message.
    pub(super) fn message(self, field: u32, value: &Self) -> Self {
        self.delimited(field, &value.0)
    }

    fn delimited(mut self, field: u32, bytes: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the encoding's own description.
    #[test]
    fn as_described() {
        assert_eq!(Message::new().number(1, 150).bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::new().text(2, "testing").bytes(), b"\x12\x07testing");
        assert_eq!(Message::new().message(3, &Message::new().number(1, 150)).bytes(), [0x1a, 3, 8, 0x96, 1]);
        assert_eq!(
            Message::new().signed(1, -2).bytes(),
            [8, 0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]
        );
    }
}

//! JSON that is not one object a line: cuts the objects out that are records.
//!
//! A record is an object in the outermost array (`[{…},…]`, `{"dmesg":[{…},…]}`, `{"events":[…]}`), or one that is in no
//! array (`journalctl -o json-pretty`). A record of more than [`RECORD_MAX`] bytes is left out.

/// Longest record.
pub(super) const RECORD_MAX: usize = 1 << 20;

/// Cuts records out of a stream of bytes.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// What is open: `{` or `[`.
    open: Vec<u8>,
    quoted: bool,
    escaped: bool,
    record: Vec<u8>,
    /// Depth at which the record in `record` began; none is being read when it is `None`.
    began: Option<usize>,
    too_long: bool,
    /// The last byte that is no blank was `[`.
    after_bracket: bool,
}

/// Deeper than this it is no log.
const DEPTH_MAX: usize = 64;

impl Cutter {
    /// Takes more bytes; calls `sink` for each whole record.
    pub(super) fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) {
        for byte in bytes {
            self.byte(*byte, &mut sink);
        }
    }

    fn byte(&mut self, byte: u8, sink: &mut impl FnMut(&[u8])) {
        if self.quoted {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'{' => self.begin(byte),
            b'[' => {
                self.keep(byte);
                self.enter(byte);
            }
            b'}' | b']' => {
                self.keep(byte);
                self.leave(sink);
            }
            b'"' => {
                self.keep(byte);
                self.quoted = true;
            }
            _ => self.keep(byte),
        }
        if !byte.is_ascii_whitespace() {
            self.after_bracket = byte == b'[';
        }
    }

    fn begin(&mut self, byte: u8) {
        // An object at the top that holds a list of objects is not a record: they are.
        let of_top = self.began == Some(0) && self.open == [b'{', b'['];
        if self.began.is_none() || (of_top && self.after_bracket) {
            self.began = Some(self.open.len());
            self.record.clear();
            self.too_long = false;
        }
        self.keep(byte);
        self.enter(byte);
    }

    fn enter(&mut self, byte: u8) {
        if self.open.len() < DEPTH_MAX {
            self.open.push(byte);
        }
    }

    fn leave(&mut self, sink: &mut impl FnMut(&[u8])) {
        self.open.pop();
        if self.began == Some(self.open.len()) {
            if !self.too_long {
                sink(&self.record);
            }
            self.began = None;
            self.record.clear();
            self.too_long = false;
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.began.is_none() || self.too_long {
            return;
        }
        self.too_long = self.record.len() >= RECORD_MAX;
        self.record.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        let mut cutter = Cutter::default();
        for piece in text.as_bytes().chunks(3) {
            cutter.push(piece, |record| all.push(String::from_utf8(record.to_vec()).unwrap()));
        }
        all
    }

    #[test]
    fn lists_and_single_objects() {
        assert_eq!(cut(r#"[{"a":1},{"b":{"c":[{"d":2}]}}]"#), [r#"{"a":1}"#, r#"{"b":{"c":[{"d":2}]}}"#]);
        assert_eq!(
            cut("{\"dmesg\": [\n {\"a\":\"}\\\"\"},{\"b\":1}\n]}"),
            ["{\"a\":\"}\\\"\"}", "{\"b\":1}"]
        );
        assert_eq!(cut("{\n\"a\":[1,2]\n}\n{\"b\":1}"), ["{\n\"a\":[1,2]\n}", "{\"b\":1}"]);
        assert_eq!(cut("]}{\"a\":1}"), ["{\"a\":1}"]);
        assert_eq!(cut("{\"a\":"), [""; 0]);
    }
}

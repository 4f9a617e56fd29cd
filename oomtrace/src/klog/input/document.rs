//! JSON that is not one object a line: cuts the objects out that are records.
//!
//! A record is an object in the outermost array (`[{…},…]`, `{"dmesg":[{…},…]}`, `{"hits":{"hits":[…]}}`), or one that is in no
//! array (`journalctl -o json-pretty`); what is around such an array is a record, too, without what is in it. A record of
//! more than [`RECORD_MAX`] bytes is left out and counted.

/// Longest record.
pub(super) const RECORD_MAX: usize = 8 << 20;

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
    /// What is around the array that is being read, and how deep the array is.
    outer: Option<(Vec<u8>, bool)>,
    list: Option<usize>,
    left_out: u64,
    /// The last byte that is no blank was `[`.
    after_bracket: bool,
}

/// Deeper than this it is no log.
const DEPTH_MAX: usize = 64;

impl Cutter {
    /// How many records were too long.
    pub(super) fn too_long(&self) -> u64 {
        self.left_out
    }

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
        let depth = self.open.len();
        let first = self.after_bracket
            && self
                .open
                .split_last()
                .is_some_and(|(last, rest)| *last == b'[' && rest.iter().all(|b| *b == b'{'));
        let of_top = self.began == Some(0) && depth > 1 && (first || self.list == Some(depth));
        if of_top {
            self.outer = Some((std::mem::take(&mut self.record), self.too_long));
            self.list = Some(depth);
        }
        if self.began.is_none() || of_top {
            self.began = Some(depth);
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
        self.list = self.list.filter(|depth| self.open.len() >= *depth);
        if self.began == Some(self.open.len()) {
            if self.too_long {
                self.left_out += 1;
            } else {
                sink(&self.record);
            }
            self.began = None;
            self.record.clear();
            self.too_long = false;
            if let Some((outer, too_long)) = self.outer.take() {
                (self.record, self.too_long, self.began) = (outer, too_long, Some(0));
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        let between = self.began == Some(0) && self.list == Some(self.open.len()) && !self.quoted;
        if self.began.is_none() || self.too_long || (between && (byte == b',' || byte.is_ascii_whitespace()))
        {
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
            ["{\"a\":\"}\\\"\"}", "{\"b\":1}", "{\"dmesg\": [\n ]}"]
        );
        assert_eq!(
            cut(r#"{"took":1,"hits":{"n":2,"hits":[{"a":[{"b":1}]}, {"c":2}]},"program":"x"}"#),
            [r#"{"a":[{"b":1}]}"#, r#"{"c":2}"#, r#"{"took":1,"hits":{"n":2,"hits":[]},"program":"x"}"#]
        );
        assert_eq!(cut("{\n\"a\":[1,2]\n}\n{\"b\":1}"), ["{\n\"a\":[1,2]\n}", "{\"b\":1}"]);
        assert_eq!(cut("]}{\"a\":1}"), ["{\"a\":1}"]);
        assert_eq!(cut("{\"a\":"), [""; 0]);
    }
}

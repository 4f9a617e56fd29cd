//! The lines the guest speaks on its console: `@@ KIND NAME TEXT`, printable ASCII only.

use std::io::Write as _;

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that was compared agrees; the text says what was compared.
    Pass(String),
    /// Something differs or did not work.
    Fail(String),
    /// This machine can't run it; the text says why.
    Skip(String),
}

/// `@@ start NAME`.
pub fn start(name: &str) {
    line("start", name, "");
}

/// `@@ pass|fail|skip NAME TEXT`.
pub fn verdict(name: &str, verdict: &Verdict) {
    match verdict {
        Verdict::Pass(text) => line("pass", name, text),
        Verdict::Fail(text) => line("fail", name, text),
        Verdict::Skip(text) => line("skip", name, text),
    }
}

/// `@@ log NAME LINE`.
pub fn log(name: &str, text: &str) {
    line("log", name, text);
}

/// `@@ done`.
pub fn done() {
    line("done", "", "");
}

/// One write for one line: kernel messages and other processes share the console.
fn line(kind: &str, name: &str, text: &str) {
    let mut line = format!("@@ {kind}");
    for part in [name, &printable(text.as_bytes())] {
        if !part.is_empty() {
            line.push(' ');
            line.push_str(part);
        }
    }
    line.push('\n');
    let mut out = std::io::stdout().lock();
    // A console that can't be written leaves nobody to tell.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// Bytes as printable ASCII, the rest as `\xNN`, so that hostile names can't forge a protocol line.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if (b' '..=b'~').contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bytes_cannot_make_a_line() {
        assert_eq!(printable(b"a\n@@ pass\xff"), "a\\x0a@@ pass\\xff");
    }
}

//! Secrets taken out of command lines.
//!
//! Whoever can read a record could not necessarily read `/proc/PID/cmdline`, so values that look like secrets are replaced
//! before anything is written. When in doubt more is taken than needed.
//!
//! What it knows: names that say what they hold (`--db-password x`, `-Dapi.token=x`, `PGPASSWORD=x`, `Authorization: x`),
//! also inside of one argument (`sh -c '...'`, JSON, connection strings); user and password in URLs; keys and tokens with
//! a known beginning; and the short options of a few clients (`mysql -px`, `curl -u a:b`).
//!
//! What it can't know: a secret under an innocent name or in a position (`login bob hunter2`), one that an encoding
//! hides, and a URL's password that holds a `/` after a number. It is a net, not a wall: do not put secrets on command
//! lines.

mod names;
mod shapes;

use names::is_secret;

/// What stands in for a secret.
pub const REDACTED: &[u8] = b"[redacted]";

/// Replaces what looks like a secret in a command line. The result has as many arguments as `args`.
///
/// # Examples
/// ```
/// use oomtrace::enrich::redact::redact;
/// let args = ["psql", "--password", "hunter2", "-h", "db"].map(|arg| arg.as_bytes().to_vec());
/// assert_eq!(redact(&args)[2], b"[redacted]");
/// ```
#[must_use]
pub fn redact(args: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut words = Words::default();
    args.iter().map(|arg| words.argument(arg)).collect()
}

/// What the words so far mean for the next one.
#[derive(Default)]
struct Words {
    /// The next word is a value.
    expects_value: bool,
    /// All that follows is a value, up to this quote where there is one: a header that was cut into words.
    rest_until: Option<Option<u8>>,
    /// The short options of the program that was last named.
    program: Option<&'static shapes::Program>,
}

impl Words {
    /// A whole argument, which may be a script or a connection string.
    fn argument(&mut self, arg: &[u8]) -> Vec<u8> {
        if std::mem::take(&mut self.expects_value) {
            return self.value(arg);
        }
        if let Some(begin) = shapes::private_key(arg) {
            return [&arg[..begin], REDACTED].concat();
        }
        let mut inner = Self { program: self.program, ..Self::default() };
        let has_words = arg.iter().any(u8::is_ascii_whitespace);
        if !has_words {
            return self.word(arg);
        }
        let parts: Vec<_> = arg.split(|b| *b == b';').map(|part| inner.statement(part)).collect();
        parts.join(&b';')
    }

    /// Between two `;`. A secret that it begins with reaches to its end, blanks and all.
    fn statement(&mut self, text: &[u8]) -> Vec<u8> {
        let start = text.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(text.len());
        if !self.expects_value
            && let Some((name, value)) = shapes::assignment(&text[start..])
            && !text[start..start + name].iter().any(u8::is_ascii_whitespace)
        {
            return [&text[..start + value], REDACTED].concat();
        }
        let words = text.split_inclusive(u8::is_ascii_whitespace);
        words.flat_map(|word| self.spaced(word)).collect()
    }

    /// A word with the blank after it.
    fn spaced(&mut self, word: &[u8]) -> Vec<u8> {
        let end = word.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |at| at + 1);
        let (word, blank) = word.split_at(end);
        match word.is_empty() {
            true => blank.to_vec(),
            false => [self.word(word).as_slice(), blank].concat(),
        }
    }

    /// A word without blanks.
    fn word(&mut self, word: &[u8]) -> Vec<u8> {
        if let Some(quote) = self.rest_until {
            self.rest_until = (!quote.is_some_and(|quote| word.contains(&quote))).then_some(quote);
            return REDACTED.to_vec();
        }
        if std::mem::take(&mut self.expects_value) {
            return self.value(word);
        }
        self.note(word);
        let short = self.program.and_then(|program| program.attached(word));
        // A value after the first name reaches to the end, whatever it holds; in a query the next part has its own name.
        let named =
            shapes::assignment(word).filter(|(name, _)| !word[..*name].iter().any(shapes::is_delimiter));
        match short.or(named.map(|(_, value)| value)) {
            Some(value) => [&word[..value], REDACTED].concat(),
            None => shapes::inside(word),
        }
    }

    /// A word in the place of a secret. It is taken out in any case; when it looks like an option, the secret may be what
    /// follows that.
    fn value(&mut self, word: &[u8]) -> Vec<u8> {
        if word.starts_with(b"-") {
            self.note(word);
        }
        REDACTED.to_vec()
    }

    /// Looks whether a word announces a secret.
    fn note(&mut self, word: &[u8]) {
        let bare = shapes::unquoted(word);
        self.program = shapes::program(bare).or(self.program);
        let is_option = bare.starts_with(b"-") && !bare.contains(&b'=') && is_secret(bare);
        let is_short = self.program.is_some_and(|program| program.separate(bare));
        self.expects_value = is_option || is_short;
        if bare.strip_suffix(b":").is_some_and(is_secret) {
            let quote =
                word.first().filter(|first| matches!(first, b'"' | b'\'') && !word[1..].contains(first));
            self.rest_until = Some(quote.copied());
        }
    }
}

#[cfg(test)]
mod tests;

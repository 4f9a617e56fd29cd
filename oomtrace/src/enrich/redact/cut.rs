//! The end of a command line that is not whole: the mark of a secret may be in what is missing.

use super::hidden::{Hidden, Sheet};
use super::vendors::SHAPES;

/// Hides what may be the beginning of a secret at the end of the last argument.
pub(super) fn scan(sheet: &Sheet, hidden: &mut Hidden) {
    let Some(last) = sheet.args.last() else { return };
    let text = &sheet.text[last.clone()];
    let word = text
        .iter()
        .rposition(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
        .map_or(0, |at| at + 1);
    if let Some(at) = password(&text[word..]) {
        hidden.add(last.start + word + at..last.end);
    }
    if let Some(at) = token(&text[word..]) {
        hidden.add(last.start + word + at..last.end);
    }
}

/// `scheme://user:passw`, which has lost its `@host`.
fn password(word: &[u8]) -> Option<usize> {
    let user = memchr::memmem::rfind(word, b"://")? + 3;
    let rest = &word[user..];
    let authority = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let colon = memchr::memchr(b':', &rest[..authority])?;
    let more = &rest[colon + 1..];
    let port = more.split(|b| matches!(b, b'/' | b'?' | b'#')).next().unwrap_or_default();
    let is_port = port.len() <= 5 && port.iter().all(u8::is_ascii_digit);
    (!is_port && !rest.contains(&b'@') && !more.is_empty()).then_some(user + colon + 1)
}

/// The beginning of a token that is too short to be one.
fn token(word: &[u8]) -> Option<usize> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.+~".contains(b);
    let start = word.iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1);
    let tail = &word[start..];
    SHAPES.iter().any(|shape| tail.starts_with(shape.begins.as_bytes())).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::super::redact_part;

    fn last(arg: &str) -> String {
        let args = [b"app".to_vec(), arg.as_bytes().to_vec()];
        String::from_utf8(redact_part(&args, true).pop().unwrap()).unwrap()
    }

    #[test]
    fn secrets_without_their_end() {
        assert_eq!(last("postgres://app:hunt"), "postgres://app:[redacted]");
        assert_eq!(last("postgres://app:hunt/er"), "postgres://app:[redacted]");
        assert_eq!(last("--db=postgres://app:h"), "--db=postgres://app:[redacted]");
        assert_eq!(last("x ghp_0123"), "x [redacted]");
        assert_eq!(last("--jwt=eyJhb"), "--jwt=[redacted]");
    }

    #[test]
    fn what_is_none_stays() {
        for arg in
            ["http://host:80", "http://host:8080/path", "http://host/a:b", "/usr/lib/jvm/jav", "u@h", ""]
        {
            assert_eq!(last(arg), arg);
        }
    }
}

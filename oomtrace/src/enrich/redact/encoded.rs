//! Text in base64: what it says decides, not what its letters look like.

use super::REDACTED;

/// A run of fewer characters in a decoded text is a word, one of more may be a key.
const KEY: usize = 16;
/// The longest text that is decoded.
const LONGEST: usize = 4096;

/// What a word in base64 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// It is no text.
    Nothing,
    /// A text with a secret, or one that may hold one.
    Secret,
    /// A text without.
    Harmless,
}

/// What the word is that text begins with: its length, and what it says.
pub(super) fn word(text: &[u8]) -> (usize, Says) {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let run = text.iter().take(LONGEST).take_while(|b| is_part(b)).count();
    let pad = text[run..].iter().take(2).take_while(|b| **b == b'=').count();
    // A token in parts goes on.
    if text.get(run) == Some(&b'.') {
        return (run, Says::Nothing);
    }
    let Some(plain) = decode(&text[..run]) else { return (run + pad, Says::Nothing) };
    let is_text = plain.iter().all(|b| (b' '..=b'~').contains(b) || matches!(b, b'\n' | b'\t' | b'\r'));
    if plain.len() < 12 || !is_text {
        return (run + pad, Says::Nothing);
    }
    (run + pad, if holds_secret(&plain) { Says::Secret } else { Says::Harmless })
}

fn holds_secret(plain: &[u8]) -> bool {
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'_' | b'-' | b'=' | b'/' | b'.');
    let shown = super::redact(&[b"x".to_vec(), plain.to_vec()]);
    let has_key =
        plain.split(|b| !is_key(b)).any(|part| part.len() >= KEY && part.iter().any(u8::is_ascii_digit));
    let is_login = plain.iter().filter(|b| **b == b':').count() == 1
        && !plain.iter().any(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b'"' | b'/'));
    has_key || is_login || shown.iter().any(|arg| memchr::memmem::find(arg, REDACTED).is_some())
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.chunks(4).filter(|group| group.len() > 1) {
        let mut bits = 0_u32;
        for byte in group {
            bits = bits << 6 | u32::from(digit(*byte)?);
        }
        bits <<= 6 * (4 - group.len());
        let [_, bytes @ ..] = bits.to_be_bytes();
        plain.extend_from_slice(&bytes[..group.len() - 1]);
    }
    Some(plain)
}

fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Says, word};

    #[test]
    fn what_is_decoded_decides() {
        // {"log":"info","workers":4,"region":"eu"}; #!/bin/sh echo hello world; ["--verbose","--threads","8"].
        for text in [
            "eyJsb2ciOiJpbmZvIiwid29ya2VycyI6NCwicmVnaW9uIjoiZXUifQ==",
            "IyEvYmluL3NoCmVjaG8gaGVsbG8gd29ybGQK",
            "WyItLXZlcmJvc2UiLCItLXRocmVhZHMiLCI4Il0=",
        ] {
            assert_eq!(word(text.as_bytes()), (text.len(), Says::Harmless), "{text}");
        }
        // {"password":"hunter2","user":"bob"}; bob:Hunter22-long; TOKEN=abc123def ./run.
        for text in [
            "eyJwYXNzd29yZCI6Imh1bnRlcjIiLCJ1c2VyIjoiYm9iIn0=",
            "Ym9iOkh1bnRlcjIyLWxvbmc=",
            "VE9LRU49YWJjMTIzZGVmIC4vcnVu",
        ] {
            assert_eq!(word(text.as_bytes()), (text.len(), Says::Secret), "{text}");
        }
        for text in ["", "a", "short", "Ab3dE5gH1jK2mN4pQ6rS8tU0vW1xY3zA", "//////////////////"] {
            assert_eq!(word(text.as_bytes()).1, Says::Nothing, "{text}");
        }
    }
}

//! The words that a name is made of.

/// Bytes of a name that are looked at, from its end: the end says what the value is.
const LONGEST: usize = 80;

/// The words of a name in lower case: `dbPassword`, `DB_PASSWORD`, `db.password` and `--db-password` are `db password`.
/// Digits at the end of a word are left out (`password2`).
pub(super) fn of(name: &[u8]) -> Vec<String> {
    let name = &name[name.len().saturating_sub(LONGEST)..];
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, byte) in name.iter().enumerate() {
        if starts(name, at) {
            push(&mut words, &mut word);
        }
        if byte.is_ascii_alphanumeric() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    push(&mut words, &mut word);
    words
}

/// True where a word ends before the byte at `at`: `db|Pwd`, `API|Key`, `db|-pwd`.
fn starts(name: &[u8], at: usize) -> bool {
    let byte = name[at];
    let Some(before) = at.checked_sub(1).map(|before| name[before]) else { return false };
    let next_is_small = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    let capital = byte.is_ascii_uppercase()
        && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && next_is_small);
    capital || !byte.is_ascii_alphanumeric()
}

fn push(words: &mut Vec<String>, word: &mut String) {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if letters > 0 {
        word.truncate(letters);
    }
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn spellings() {
        for name in
            ["dbPassword", "DB_PASSWORD", "db.password", "--db-password", "DBPassword", "db:password1"]
        {
            assert_eq!(of(name.as_bytes()), ["db", "password"], "{name}");
        }
        assert_eq!(of(b"oauth2"), ["oauth"]);
        assert_eq!(of(b"AKey"), ["a", "key"]);
        assert_eq!(of(b"--"), Vec::<String>::new());
        assert_eq!(of(&[b'a'; 200])[0].len(), 80);
    }
}

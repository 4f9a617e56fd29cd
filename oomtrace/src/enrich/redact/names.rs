//! Names that say that their value is a secret.

/// In a name in any place.
const ANYWHERE: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "authorization",
    "privatekey",
];
/// As a word of a name: `db-pass`, `auth_basic`, but neither `author` nor `compass`.
const WORDS: [&str; 7] = ["pass", "pwd", "pw", "auth", "bearer", "cookie", "creds"];
/// As two words of a name next to each other, or as one.
const PAIRS: [(&str, &str); 7] = [
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("encryption", "key"),
    ("session", "key"),
    ("signing", "key"),
];
/// Last words of names whose value only says where or how: `--password-file /run/x`, `--token-ttl 5`.
const HARMLESS: [&str; 16] = [
    "file", "path", "dir", "stdin", "prompt", "env", "ttl", "timeout", "length", "count", "type", "mode",
    "url", "method", "policy", "expiry",
];

/// True when a name, with or without its dashes, says that it holds a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let words = words(name);
    if words.last().is_none_or(|last| HARMLESS.contains(&last.as_str())) {
        return false;
    }
    let whole = words.concat();
    ANYWHERE.iter().any(|secret| whole.contains(secret))
        || words.iter().any(|word| WORDS.contains(&word.as_str()))
        || PAIRS.iter().any(|(a, b)| words.windows(2).any(|pair| pair[0] == *a && pair[1] == *b))
        || PAIRS.iter().any(|(a, b)| words.iter().any(|word| word.strip_prefix(a) == Some(*b)))
}

/// The words of a name, in lower case: split at what is no letter or digit, and at a capital after a small letter.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b' ';
    for byte in name {
        let starts = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
        if starts || !byte.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| byte.is_ascii_alphanumeric()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        before = *byte;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_by_name() {
        for name in [
            "--password",
            "-password",
            "PGPASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "spring.datasource.password",
            "dbPassword",
            "--api-key",
            "apikey",
            "X-Api-Key",
            "apiKey",
            "--accesskey",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "--auth",
            "Authorization",
            "--db-pass",
            "http_cookie",
            "clientSecret",
            "--private-key",
            "--credentials",
            "GITHUB_TOKEN",
            "requirepass_pw",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn other_names() {
        for name in [
            "",
            "-",
            "--author",
            "--compass",
            "--port",
            "--keyspace",
            "--password-file",
            "--token-ttl",
            "--passwordFile",
            "--key",
            "--bypass",
            "authentik",
            "--auth-mode",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}

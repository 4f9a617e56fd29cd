//! What a name says of its value.

use super::lists::{
    ENDS, INSIDE, MARKS, NOT_ENDS, NOT_INSIDE, OTHER_KEYS, PERHAPS, QUALIFIERS, RUNS, SECRET_KEYS, SWITCHES,
    WORDS,
};
use super::words;

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A secret.
    Secret,
    /// A secret, or a user and a secret: `user:secret`.
    Login,
    /// A secret when it looks like one.
    Perhaps,
    /// None.
    Nothing,
}

/// Words of names whose value is a login or only its secret part.
const LOGINS: &[&str] =
    &["auth", "basicauth", "creds", "cred", "credential", "credentials", "userpass", "userpwd"];

/// What a name, with or without its dashes, says of its value.
pub(super) fn holds(name: &[u8]) -> Holds {
    match (of_words(name), name) {
        // `-Dbasicauth=x`, `-Ptoken=x`.
        (Holds::Nothing, [b'-', b'D' | b'P' | b'E' | b'X' | b'o' | b'e', rest @ ..]) => of_words(rest),
        (holds, _) => holds,
    }
}

fn of_words(name: &[u8]) -> Holds {
    let words = words::of(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Holds::Nothing };
    if words.len() > 1 && (SWITCHES.has(first) || first == "pass" && !is_split(&words)) {
        return Holds::Nothing;
    }
    // `existingSecretKey`, `secretKeyRef.key`: names of what holds it.
    if words.iter().any(|word| word == "existing") || words.windows(2).any(|pair| pair == ["ref", "key"]) {
        return Holds::Nothing;
    }
    // `PublicKeyToken` of an assembly, `public_key`.
    if words.windows(2).any(|pair| pair == ["public", "key"]) {
        return Holds::Nothing;
    }
    if last == "id" || last == "ids" {
        return identifier(&words);
    }
    // `x-honeycomb-team`: the header that holds the key.
    if last == "team" && words.iter().any(|word| word == "honeycomb" || word == "x") {
        return Holds::Perhaps;
    }
    if is_qualifier(last) {
        return Holds::Nothing;
    }
    if let Some(kind) = key(&words) {
        return kind;
    }
    if words.iter().any(|word| word == "pin") {
        return if words.len() > 1 || name.starts_with(b"--") { Holds::Perhaps } else { Holds::Nothing };
    }
    if LOGINS.contains(&last.as_str()) || is_joined_auth(last) {
        return Holds::Login;
    }
    if is_mark(&words) {
        return Holds::Nothing;
    }
    if words.iter().any(|word| is_secret(word)) || is_split(&words) {
        return Holds::Secret;
    }
    if PERHAPS.has(last) { Holds::Perhaps } else { Holds::Nothing }
}

/// `AWS_ACCESS_KEY_ID`, `secret_id`, `session_id`.
fn identifier(words: &[String]) -> Holds {
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    match before {
        // `-dev-root-token-id=x` sets the token itself.
        Some("token") if words.iter().any(|word| word == "root") => Holds::Secret,
        // `--encryption-key-id` is a name in a store of keys.
        Some("key") if !words.iter().any(|word| ["access", "secret", "api"].contains(&word.as_str())) => {
            Holds::Nothing
        }
        Some("secret" | "session" | "key" | "token") => Holds::Perhaps,
        _ => Holds::Nothing,
    }
}

fn is_qualifier(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    QUALIFIERS.has(word) || QUALIFIERS.has(one)
        // `passwordFile` written as one word.
        || ["file", "path", "dir", "ttl", "url", "type", "eval", "command", "cmd", "env", "name", "prompt"].iter().any(|end| word.strip_suffix(end).is_some_and(is_secret))
}

/// For names that end in `key`.
fn key(words: &[String]) -> Option<Holds> {
    let last = words.last()?;
    let stem = last.strip_suffix("keys").or_else(|| last.strip_suffix("key"))?;
    let before =
        if stem.is_empty() { words.len().checked_sub(2).map_or("", |at| words[at].as_str()) } else { stem };
    Some(match before {
        "secret" if words.windows(2).any(|pair| pair[0] == "password" && pair[1].starts_with("secret")) => {
            Holds::Perhaps
        }
        _ if SECRET_KEYS.has(before) => Holds::Secret,
        // `adminPasswordKey=postgres-password`: the key of an entry that holds it.
        "password" | "passwd" => Holds::Perhaps,
        _ if OTHER_KEYS.has(before) || last.ends_with("keys") => Holds::Nothing,
        _ if words.iter().any(|word| is_secret(word)) => Holds::Secret,
        _ if stem.is_empty()
            || stem.len() < 8 && !["mon", "tur", "don", "hoc", "joc", "whis"].contains(&stem) =>
        {
            Holds::Perhaps
        }
        _ => Holds::Nothing,
    })
}

/// `proxyauth`, `httpauth`.
fn is_joined_auth(word: &str) -> bool {
    word.strip_suffix("auth").is_some_and(|kind| {
        ["proxy", "http", "https", "basic", "user", "smtp", "web", "imap", "ftp", "db", "sasl"]
            .contains(&kind)
    })
}

/// `pass-phrase`, `fs.azure.account.key.host.example.net`.
fn is_split(words: &[String]) -> bool {
    let strong = ["account", "access", "secret", "api", "private", "shared", "master", "encryption"];
    words.windows(2).any(|pair| match pair[1].as_str() {
        "word" | "code" => pair[0] == "pass",
        "phrase" => ["pass", "seed", "recovery", "backup"].contains(&pair[0].as_str()),
        "key" => strong.contains(&pair[0].as_str()),
        _ => false,
    })
}

/// A piece of text of a language model, or a run over something: `--eos-token`, `--render-pass`.
fn is_mark(words: &[String]) -> bool {
    words.windows(2).any(|pair| match pair[1].as_str() {
        "token" => MARKS.has(&pair[0]),
        "pass" => RUNS.has(&pair[0]),
        "secret" => ["existing", "pull", "tls", "certificate"].contains(&pair[0].as_str()),
        _ => false,
    })
}

fn is_secret(word: &str) -> bool {
    if WORDS.has(word) {
        return true;
    }
    if NOT_INSIDE.iter().any(|other| word.contains(other)) || NOT_ENDS.has(word) {
        return false;
    }
    INSIDE.iter().any(|part| word.contains(part))
        || ENDS.iter().any(|end| word.len() <= 16 && word.ends_with(end))
}

/// True for a name whose value says where, how or who: `username`, `host`.
pub(super) fn is_plain(name: &[u8]) -> bool {
    words::of(name).last().is_some_and(|word| {
        is_qualifier(word)
            || ["id", "email", "database", "db", "region", "arn", "ca", "crt", "cert"]
                .contains(&word.as_str())
    })
}

/// True for an account's name, which a password may follow behind a colon.
pub(super) fn is_account(name: &[u8]) -> bool {
    name == b"-u"
        || name == b"-U"
        || words::of(name)
            .last()
            .is_some_and(|word| ["user", "username", "login", "account", "userinfo"].contains(&word.as_str()))
}

/// True for a name of which a short number is no secret: `-pass 1`, `auth:8080`.
pub(super) fn is_word_of_many_uses(name: &[u8]) -> bool {
    let words = words::of(name);
    matches!(words.as_slice(), [word] if ["pass", "auth", "token", "secret", "session", "cookie", "credential", "credentials", "sig", "sas"].contains(&word.as_str()))
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;

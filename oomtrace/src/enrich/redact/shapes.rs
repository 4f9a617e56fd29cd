//! Where in a word a secret begins.

use super::REDACTED;
use super::names::is_secret;

/// Beginnings of well-known keys and tokens, and how many more characters make one.
const TOKENS: [(&[u8], usize); 17] = [
    (b"AKIA", 16),
    (b"ASIA", 16),
    (b"ghp_", 20),
    (b"gho_", 20),
    (b"ghu_", 20),
    (b"ghs_", 20),
    (b"ghr_", 20),
    (b"github_pat_", 20),
    (b"glpat-", 16),
    (b"xoxb-", 10),
    (b"xoxp-", 10),
    (b"xoxa-", 10),
    (b"hvs.", 16),
    (b"npm_", 20),
    (b"sk_live_", 10),
    (b"AIza", 30),
    (b"eyJ", 20),
];

/// A client whose short options hold secrets.
pub(super) struct Program {
    names: &'static [&'static str],
    /// With the secret in the same word: `-pSECRET`.
    attached: &'static [&'static str],
    /// With the secret in the next word: `-p SECRET`.
    separate: &'static [&'static str],
}

/// `-p` of mysql stands alone to ask for the password; the word after it is a database.
const PROGRAMS: [Program; 7] = [
    Program {
        names: &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlcheck",
            "mysqlshow",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
        ],
        attached: &["-p"],
        separate: &[],
    },
    Program { names: &["mongo", "mongosh", "mongodump", "mongorestore"], attached: &[], separate: &["-p"] },
    Program { names: &["sshpass"], attached: &["-p"], separate: &["-p"] },
    Program { names: &["redis-cli"], attached: &["-a"], separate: &["-a"] },
    Program {
        names: &["curl"],
        attached: &["-u", "-U", "-b"],
        separate: &["-u", "-U", "-b", "--user", "--proxy-user"],
    },
    Program {
        names: &["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami"],
        attached: &["-w"],
        separate: &["-w"],
    },
    Program {
        names: &["docker", "podman", "nerdctl", "helm", "az", "sqlcmd"],
        attached: &["-P"],
        separate: &["-p", "-P"],
    },
];

/// The program that a word names, by its last component.
pub(super) fn program(word: &[u8]) -> Option<&'static Program> {
    let name = word.rsplit(|b| *b == b'/').next()?;
    PROGRAMS.iter().find(|program| program.names.iter().any(|known| known.as_bytes() == name))
}

impl Program {
    /// Where the secret begins in `-pSECRET`.
    pub(super) fn attached(&self, word: &[u8]) -> Option<usize> {
        let option = self.attached.iter().find(|option| word.starts_with(option.as_bytes()))?;
        (word.len() > option.len()).then_some(option.len())
    }

    /// True when the next word is a secret.
    pub(super) fn separate(&self, word: &[u8]) -> bool {
        self.separate.iter().any(|option| option.as_bytes() == word)
    }
}

/// The first secret with a name in text: where the name begins, and where the value does. `--password=x`, `TOKEN=x`,
/// `"password": "x"`, `Authorization: Basic x`.
pub(super) fn assignment(text: &[u8]) -> Option<(usize, usize)> {
    let separators = (0..text.len()).filter(|at| matches!(text[*at], b'=' | b':'));
    separators.filter_map(|at| Some((name_before(text, at)?, value_after(text, at)?))).next()
}

/// Where the name before a separator begins, when it is that of a secret.
fn name_before(text: &[u8], separator: usize) -> Option<usize> {
    let is_gap = |b: &u8| matches!(b, b'"' | b'\'' | b' ');
    let end = text[..separator].iter().rposition(|b| !is_gap(b))? + 1;
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let start = text[..end].iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1);
    // `team/auth:latest` is an image.
    let is_path = text[separator] == b':' && start > 0 && matches!(text[start - 1], b'/' | b':' | b'@');
    (!is_path && is_secret(&text[start..end])).then_some(start)
}

fn value_after(text: &[u8], separator: usize) -> Option<usize> {
    let value = &text[separator + 1..];
    let blanks = value.iter().position(|b| *b != b' ')?;
    (!value.starts_with(b"//")).then_some(separator + 1 + blanks)
}

/// Stands between the parts of queries and connection strings.
pub(super) fn is_delimiter(byte: &u8) -> bool {
    matches!(byte, b'&' | b'?' | b';' | b',')
}

/// Takes secrets out of the middle of a word.
pub(super) fn inside(word: &[u8]) -> Vec<u8> {
    let word = pairs(word);
    let word = user_info(&word);
    tokens(&word)
}

/// `a=1&password=x&b=2`, `host=h,password=x`, `{"user":"a","password":"x"}`: each part for itself.
fn pairs(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut in_secret = false;
    for part in word.split_inclusive(is_delimiter) {
        let (body, end) = match part.split_last() {
            Some((last, body)) if is_delimiter(last) => (body, std::slice::from_ref(last)),
            _ => (part, &[][..]),
        };
        // A part without a name of its own after a secret may be the rest of that.
        in_secret = match assignment(body) {
            Some((_, value)) => {
                out.extend_from_slice(&body[..value]);
                out.extend_from_slice(REDACTED);
                true
            }
            None if in_secret && !body.iter().any(|b| matches!(b, b'=' | b':')) => true,
            None => {
                out.extend_from_slice(body);
                false
            }
        };
        out.extend_from_slice(end);
    }
    out
}

/// `scheme://user:password@host` without what stands before the `@`: a token may be on either side of the colon.
fn user_info(word: &[u8]) -> Vec<u8> {
    let Some(start) = word.windows(3).position(|window| window == b"://").map(|at| at + 3) else {
        return word.to_vec();
    };
    let rest = &word[start..];
    let authority = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let at = rest[..authority].iter().rposition(|b| *b == b'@').or_else(|| late_at(rest, authority));
    match at {
        Some(at) => [&word[..start], REDACTED, b"@", &user_info(&rest[at + 1..])].concat(),
        None => [&word[..start], &user_info(rest)].concat(),
    }
}

/// The `@` behind a `/`: `user:pass/word@host`. What stands before the `/` must not be `host:port`.
fn late_at(rest: &[u8], authority: usize) -> Option<usize> {
    let colon = rest[..authority].iter().position(|b| *b == b':')?;
    let port = &rest[colon + 1..authority];
    if port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    rest.iter().rposition(|b| *b == b'@')
}

/// Takes out keys and tokens that are known by how they begin.
fn tokens(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, tail)) = rest.split_first() {
        let starts = out.last().is_none_or(|before: &u8| !before.is_ascii_alphanumeric());
        match token(rest).filter(|_| starts) {
            Some(length) => {
                out.extend_from_slice(REDACTED);
                rest = &rest[length..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

/// The length of the token that text begins with.
fn token(text: &[u8]) -> Option<usize> {
    let (prefix, more) = TOKENS.iter().find(|(prefix, _)| text.starts_with(prefix))?;
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'=');
    let length = text.iter().take_while(|b| is_part(b)).count();
    (length >= prefix.len() + more).then_some(length)
}

/// Where a private key in an argument begins.
pub(super) fn private_key(arg: &[u8]) -> Option<usize> {
    let begin = arg.windows(11).position(|window| window == b"-----BEGIN ")?;
    arg[begin..].windows(12).any(|window| window == b"PRIVATE KEY-").then_some(begin)
}

/// Without the quotes, braces and brackets around it.
pub(super) fn unquoted(word: &[u8]) -> &[u8] {
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`' | b'{' | b'}' | b'(' | b')' | b'[' | b']' | b',');
    let start = word.iter().position(|b| !is_quote(b)).unwrap_or(word.len());
    let end = word.iter().rposition(|b| !is_quote(b)).map_or(start, |at| at + 1);
    &word[start..end]
}

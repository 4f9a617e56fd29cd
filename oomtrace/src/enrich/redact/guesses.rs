//! Secrets of programs that no table has, by what stands around them: a user's name, a command that sets a password.

use std::ops::Range;

use super::command::Verdict;
use super::line::{State, Words};
use super::names;
use super::rules::{Client, Form, name_of};
use super::values::{is_harmless, is_path, is_random};

/// Options that are followed by a user's name.
const USERS: &[&str] = &[
    "-u",
    "-U",
    "-user",
    "-username",
    "--user",
    "--username",
    "--login",
    "--userid",
    "--uid",
    "-usr",
    "--user-name",
    "--account",
];
/// Options that may be followed by a password when there is a user.
const PASSWORDS: &[&str] = &["-p", "-P", "-w", "-W"];
/// Programs of which `-p` is something else, and `-u` no user's name.
const OTHERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "node",
    "perl",
    "ruby",
    "php",
    "java",
    "bash",
    "sh",
    "zsh",
    "sort",
    "cp",
    "mkdir",
    "tar",
    "ps",
    "kill",
    "pkill",
    "pgrep",
    "lsof",
    "strace",
    "perf",
    "top",
    "htop",
    "psql",
    "pg_dump",
    "celery",
    "gunicorn",
    "uwsgi",
    "nginx",
    "git",
    "make",
    "cargo",
    "go",
    "npm",
    "rsync",
    "ssh",
    "scp",
    "sftp",
    "docker",
    "podman",
    "sudo",
    "su",
    "env",
    "find",
    "diff",
    "patch",
    "memcached",
    "unzip",
    "journalctl",
    "systemctl",
    "uvicorn",
];
/// Verbs and nouns of commands that take a user and a password: `add_user bob x`, `user add bob x`.
const VERBS: &[&str] = &["add", "create", "new", "set", "change", "register", "update", "reset", "passwd"];
/// Words behind which one token follows: `auth TOKEN`.
const LOGINS: &[&str] = &[
    "auth",
    "login",
    "authtoken",
    "authenticate",
    "activate",
    "token",
    "unlock",
    "apikey",
    "api-key",
    "set-token",
    "add-authtoken",
    "register",
];

/// What a word of a command that is not known says of the next, or of itself.
pub(super) fn guess(words: Words<'_>, at: usize, state: &State) -> Option<(Option<Range<usize>>, Verdict)> {
    let bytes = words.get(at);
    let says =
        |client: Client| client.rules().any(|rule| rule.place.option().map(str::as_bytes) == Some(bytes));
    if is_one_of(bytes, PASSWORDS) && !state.client.is_some_and(says) {
        let value = words.get(at + 1);
        let logs_in =
            (state.start..at).any(|at| is_one_of(words.get(at), &["login", "auth", "signin", "connect"]));
        let is_protocol = value.starts_with(b"tcp") || value.starts_with(b"udp");
        let likely =
            !is_protocol && (is_password(value) || logs_in && is_word(value)) && has_user(words, state, at);
        return likely.then_some((None, Verdict::Next(Form::All)));
    }
    if is_value_of_name(words, at, state) || is_plain_text(words, at, state) {
        return Some((None, Verdict::Next(Form::All)));
    }
    let login = account(words, at).or_else(|| pgpass(words, at));
    let login = login
        .or_else(|| recovered(words, at))
        .or_else(|| comma_pair(words, at))
        .or_else(|| of_host(words, at));
    let login = login.or_else(|| of_agent(words, at, state));
    let login = login.or_else(|| attached(words, at, state)).or_else(|| second_half(words, at));
    if let Some(login) = login {
        return Some((Some(login), Verdict::Done));
    }
    let place = words.all.get(at)?.place.clone();
    let secret = !bytes.starts_with(b"-")
        && (is_set(words, at, state)
            || is_set_by_name(words, at, state)
            || is_token_of_login(words, at, state));
    secret.then_some((Some(place), Verdict::Done))
}

/// `--name db-password --value x`.
fn is_value_of_name(words: Words<'_>, at: usize, state: &State) -> bool {
    let value = is_one_of(words.get(at), &["-v", "--value", "-Value", "-value"]);
    let from = at.saturating_sub(4).max(state.start);
    value
        && (from + 1..at).any(|at| {
            let before = words.get(at - 1);
            let name = words.get(at);
            let name = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
            is_one_of(before, &["-n", "--name", "-Name", "-k", "--key"])
                && names::holds(name) == names::Holds::Secret
        })
}

/// `ConvertTo-SecureString -AsPlainText -Force 'x'` of PowerShell.
fn is_plain_text(words: Words<'_>, at: usize, state: &State) -> bool {
    let bytes = words.get(at);
    let follows = words.all.get(at + 1).is_some_and(|next| next.is_quoted);
    let converts = |at: usize| words.get(at).eq_ignore_ascii_case(b"ConvertTo-SecureString");
    let option =
        [&b"-string"[..], b"-force", b"-asplaintext"].iter().any(|option| bytes.eq_ignore_ascii_case(option));
    follows && (converts(at) || option && (at.saturating_sub(4).max(state.start)..at).any(converts))
}

/// A line of `.pgpass`: `host:5432:database:user:password`.
fn pgpass(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let bytes = words.get(at);
    let place = words.all.get(at)?.place.clone();
    if bytes.len() > 256 || bytes.iter().any(|b| matches!(b, b'/' | b' ' | b'=')) {
        return None;
    }
    if bytes.iter().filter(|b| **b == b':').count() < 4 {
        return None;
    }
    let parts: Vec<&[u8]> = bytes.splitn(5, |b| *b == b':').collect();
    let [host, port, database, user, password] = parts.as_slice() else { return None };
    let port = *port == b"*" || (3..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    let named = |part: &&[u8]| part.iter().any(|b| matches!(b, b'g'..=b'z' | b'.' | b'*'));
    let fits = [host, database, user].into_iter().any(named) && !database.is_empty() && !user.is_empty();
    (port && fits && !password.is_empty()).then_some(place.end - password.len()..place.end)
}

/// `-u bob` before or behind `-p x`.
fn has_user(words: Words<'_>, state: &State, at: usize) -> bool {
    let program = state.program.and_then(|program| name_of(words.get(program)));
    // A program of its own, whatever runs it.
    let is_jar = (state.start..at).any(|at| words.get(at) == b"-jar");
    if !is_jar && program.is_some_and(|name| OTHERS.contains(&name)) {
        return false;
    }
    let from = at.saturating_sub(16).max(state.start);
    let joined = |word: &[u8]| {
        let equals = word.iter().take(16).position(|b| *b == b'=');
        equals.is_some_and(|at| is_one_of(&word[..at], USERS) && is_user(&word[at + 1..]))
    };
    (from..at + 16)
        .any(|at| is_one_of(words.get(at), USERS) && is_user(words.get(at + 1)) || joined(words.get(at)))
}

fn is_user(word: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-.@\\".contains(b);
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(plain)
        && !is_path(&String::from_utf8_lossy(word))
}

/// True for what looks like a password that somebody has chosen: letters with digits, capitals or signs.
pub(super) fn is_password(word: &[u8]) -> bool {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    let small = word.iter().filter(|b| b.is_ascii_lowercase()).count();
    let large = word.iter().filter(|b| b.is_ascii_uppercase()).count();
    let signs = word.iter().any(|b| b"!#$%^*+~".contains(b));
    let mixed =
        (small > 0 || large > 0) && digits > 0 || small > 0 && large > 0 || signs && small + large > 0;
    let other = word.iter().any(|b| b"/=:@,{}[]()<>".contains(b)) || word.starts_with(b"-");
    (4..=128).contains(&word.len()) && mixed && !other && !is_harmless(word)
}

/// Letters, and no setting.
fn is_word(word: &[u8]) -> bool {
    word.len() >= 4
        && word.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
        && !word.starts_with(b"-")
        && !is_harmless(word)
}

/// `--user bob:Secret1`, in one word or two.
fn account(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let bytes = words.get(at);
    let place = words.all.get(at)?.place.clone();
    if !bytes.starts_with(b"-") && bytes.contains(&b'=') {
        return listed_account(words, at);
    }
    let start = match bytes.iter().position(|b| *b == b'=') {
        Some(equals) if bytes.starts_with(b"-") && names::is_account(&bytes[..equals]) => equals + 1,
        _ => {
            let before = at.checked_sub(1).map(|before| words.get(before))?;
            (before.starts_with(b"-") && names::is_account(before)).then_some(0)?
        }
    };
    let value = &bytes[start..];
    let colon = value.iter().position(|b| *b == b':')?;
    let (user, password) = (&value[..colon], &value[colon + 1..]);
    (is_user(user) && is_password(password)).then_some(place.start + start + colon + 1..place.end)
}

/// `-o rw,user=bob:Secret1`.
fn listed_account(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let mut start = words.all.get(at)?.place.start;
    for part in words.get(at).split(|b| *b == b',') {
        let from = start;
        start += part.len() + 1;
        let Some(equals) = part.iter().position(|b| *b == b'=') else { continue };
        let value = &part[equals + 1..];
        let Some(colon) = value.iter().position(|b| *b == b':') else { continue };
        let fits = is_user(&value[..colon]) && is_password(&value[colon + 1..]);
        if fits && names::is_account(&part[..equals]) {
            return Some(from + equals + 1 + colon + 1..from + part.len());
        }
    }
    None
}

/// `-u bob -pSecret1`, for a program that is not known.
fn attached(words: Words<'_>, at: usize, state: &State) -> Option<Range<usize>> {
    let place = words.all.get(at)?.place.clone();
    let value = words.get(at).strip_prefix(b"-p").filter(|value| is_password(value))?;
    let begins = value[0].is_ascii_uppercase() || value[0].is_ascii_digit();
    let ends = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    let is_other = state.client.is_some_and(|client| !client.is_wrapper);
    (begins && ends && !is_other && has_user(words, state, at)).then_some(place.start + 2..place.end)
}

/// `--opt=auth_secret,x`: a name and its value with a comma between.
fn comma_pair(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let place = words.all.get(at)?.place.clone();
    let bytes = words.get(at);
    let pair = bytes.rsplit(|b| *b == b'=').next()?;
    let comma = pair.iter().take(40).position(|b| *b == b',')?;
    let (name, value) = (&pair[..comma], &pair[comma + 1..]);
    let is_name = name.contains(&b'_') && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    let fits = is_name && names::holds(name) == names::Holds::Secret && !value.contains(&b',');
    (fits && is_password(value) && !is_harmless(value)).then_some(place.end - value.len()..place.end)
}

/// `bundle config set gems.example.net user:x`: a login behind its host.
fn of_host(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let place = words.all.get(at)?.place.clone();
    let bytes = words.get(at);
    let host = words.get(at.checked_sub(1)?);
    let is_host = host.contains(&b'.') && host.iter().all(|b| b.is_ascii_alphanumeric() || b".-".contains(b));
    let colon = bytes.iter().take(80).position(|b| *b == b':')?;
    let (user, password) = (&bytes[..colon], &bytes[colon + 1..]);
    let hex = |part: &[u8]| (8..=64).contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit);
    let sets = (at.saturating_sub(5)..at).any(|at| words.get(at) == b"config");
    let fits = sets && (hex(user) && hex(password) || is_user(user) && is_password(password));
    (is_host && fits && !host.starts_with(b"-")).then_some(place.start + colon + 1..place.end)
}

/// `inspect "twelve words of a seed"`. Prose of so many words has a short one among them.
fn recovered(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let before = words.get(at.checked_sub(1)?);
    let takes = is_one_of(before, &["inspect", "insert", "recover", "import", "restore", "derive"]);
    let long = words.get(at).len() > 60 || takes;
    (long && super::verdict::is_mnemonic(words.get(at))).then(|| words.all[at].place.clone())
}

/// The secret of an agent of Jenkins: 64 hexadecimal digits in no place of their own.
fn of_agent(words: Words<'_>, at: usize, state: &State) -> Option<Range<usize>> {
    let bytes = words.get(at);
    let is_hex = matches!(bytes.len(), 32 | 40 | 64) && bytes.iter().all(u8::is_ascii_hexdigit);
    let is_agent = |at: usize| {
        [&b"hudson.remoting"[..], b"jenkins-agent", b"jenkins-slave", b"jenkins/agent", b"slave.jar"]
            .iter()
            .any(|part| memchr::memmem::find(words.get(at), part).is_some())
    };
    let found = is_hex && (state.start..at).rev().take(32).any(is_agent);
    found.then(|| words.all[at].place.clone())
}

/// The secret that follows the id of an access key, which has a shape of its own.
fn second_half(words: Words<'_>, at: usize) -> Option<Range<usize>> {
    let before = words.get(at.checked_sub(1)?);
    let before = if before.starts_with(b"-") { words.get(at.checked_sub(2)?) } else { before };
    let half = super::tokens::is_key_id(before) && super::tokens::is_key_secret(words.get(at));
    half.then(|| words.all[at].place.clone())
}

/// `add_user bob Secret1`, `user create bob Secret1`, `set-password bob Secret1`.
fn is_set(words: Words<'_>, at: usize, state: &State) -> bool {
    if !is_password(words.get(at)) || at < state.start + 2 || !is_user(words.get(at - 1)) {
        return false;
    }
    let verb = name_of(words.get(at - 2)).unwrap_or_default().to_ascii_lowercase();
    if verb.starts_with('-') || at - 2 <= state.start && words.depth == 0 && state.program == Some(at - 2) {
        return false;
    }
    let has_verb = |text: &str| VERBS.iter().any(|verb| text.contains(verb));
    let noun = |text: &str| text.contains("user") || text.contains("passw") || text.contains("account");
    let before = at
        .checked_sub(3)
        .filter(|before| *before >= state.start)
        .map(|before| words.get(before).to_ascii_lowercase());
    let before = before.map(|before| String::from_utf8_lossy(&before).into_owned()).unwrap_or_default();
    let alone = noun(&verb) && (has_verb(&verb) || words.depth > 0 && verb == "user");
    alone
        || VERBS.contains(&verb.as_str()) && noun(&before) && !before.starts_with('-')
        || noun(&verb) && VERBS.contains(&before.as_str())
}

/// `set Smtp:Password Secret1`.
fn is_set_by_name(words: Words<'_>, at: usize, state: &State) -> bool {
    let Some(name) = at.checked_sub(1).map(|at| words.get(at)) else { return false };
    let verb = at.checked_sub(2).filter(|at| *at > state.start).map(|at| words.get(at)).unwrap_or_default();
    let part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.:".contains(b);
    let is_name = name.iter().all(part) && name.iter().any(|b| b"_-.:".contains(b) || b.is_ascii_uppercase());
    let holds =
        name.rsplit(|b| *b == b':').next().is_some_and(|last| names::holds(last) == names::Holds::Secret);
    const VERBS: &[&str] = &["set", "add", "put", "update", "create", "write", "config:set"];
    const OPTIONS: &[&str] = &[
        "-s",
        "-e",
        "-E",
        "--set",
        "--setenv",
        "--env",
        "--arg",
        "--argjson",
        "--stringparam",
        "--param",
        "--var",
    ];
    (is_one_of(verb, VERBS) || is_one_of(verb, OPTIONS))
        && is_name
        && holds
        && (is_password(words.get(at)) || is_random(words.get(at)))
}

/// `auth 0123456789abcdef`.
fn is_token_of_login(words: Words<'_>, at: usize, state: &State) -> bool {
    let bytes = words.get(at);
    let plain = bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let dashes = bytes.iter().filter(|b| **b == b'-').count();
    at > state.start
        && plain
        && (dashes <= 1 || dashes == 4 && bytes.len() == 36)
        && is_random(bytes)
        && is_one_of(words.get(at - 1), LOGINS)
}

fn is_one_of(word: &[u8], known: &[&str]) -> bool {
    known.iter().any(|known| known.as_bytes() == word)
}

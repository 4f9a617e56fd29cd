//! Words without dashes that announce a secret: `IDENTIFIED BY 'x'`, `login u password x`, `set aws_secret_access_key x`.

use std::ops::Range;

use super::hidden::Hidden;
use super::line::{Expect, State, Words};
use super::names::{self, Holds};
use super::rules::name_of;
use super::shell::Before;

/// Words that stand for a secret by themselves.
const BARE: &[&str] =
    &["password", "passwd", "passphrase", "psk", "secret", "pass", "pwd", "encpassword", "pw"];
/// Words before one of these that say that its value follows.
const CONTEXTS: &[&str] = &[
    "login",
    "user",
    "username",
    "with",
    "set",
    "connect",
    "account",
    "machine",
    "role",
    "alter",
    "add",
    "modify",
    "member",
    "encrypted",
    "wifi",
    "name",
    "set_network",
    "config",
    "put",
    "credential",
];
/// Words that set what follows.
const SETTERS: &[&str] = &[
    "set",
    "add",
    "modify",
    "config",
    "put",
    "create",
    "update",
    "config:set",
    "configure",
    "con",
    "edit",
    "write",
    "setenv",
    "seta",
    "sets",
    "setu",
    "reset",
];
/// What may follow such a word without being a secret.
const NO_SECRETS: &[&str] = &[
    "for", "is", "file", "to", "expire", "expires", "never", "policy", "change", "required", "default",
    "reset", "null", "from", "in", "and", "or", "of", "the", "must", "was", "not", "with", "on", "using",
    "by", "hash", "valid", "history", "require", "generic", "ls", "get", "list",
];
/// Options behind which a script follows.
const CODES: &[&str] = &["-e", "-r", "/c", "-Command", "--command", "--eval", "--execute", "-exec", "-ic"];
/// Programs that read a secret.
const READERS: &[&str] = &[
    "chpasswd",
    "passwd",
    "sudo",
    "docker",
    "podman",
    "helm",
    "cryptsetup",
    "gpg",
    "gpg2",
    "openssl",
    "kinit",
    "smbpasswd",
    "wpa_passphrase",
    "su",
    "oras",
    "crane",
    "gh",
    "wg",
    "zfs",
    "zpool",
    "veracrypt",
    "keyctl",
    "secret-tool",
    "pass",
    "gopass",
    "htpasswd",
    "pdbedit",
    "saslpasswd2",
    "kadmin",
    "adcli",
    "realm",
    "step",
];

/// What a word without dashes says of the next one.
pub(super) fn announces(words: Words<'_>, at: usize, state: &mut State) -> Option<Expect> {
    let bytes = words.get(at);
    if bytes == b"=" && words.depth > 0 && at >= state.start + 4 {
        // `SET PASSWORD FOR bob = 'x'`.
        let sets = is_one_of(words.get(at - 3), &["password"]) && is_one_of(words.get(at - 2), &["for"]);
        return sets.then_some(Expect::Phrase);
    }
    if bytes.is_empty()
        || bytes.len() > 80
        || bytes.iter().any(|b| matches!(b, b' ' | b'=' | b'/' | b'@') && !bytes.starts_with(b"//"))
    {
        return None;
    }
    let word = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let earlier = |known: &[&str]| {
        let from = at.saturating_sub(6).max(state.start);
        (from..at).any(|at| is_one_of(words.get(at), known))
    };
    if matches!(word.as_str(), "send" | "exp_send") {
        let from = at.saturating_sub(6);
        let asks = |at: usize| {
            [&b"assword"[..], b"assphrase", b"PIN"]
                .iter()
                .any(|ask| memchr::memmem::find(words.get(at), ask).is_some())
        };
        return (words.depth > 0 && (from..at).any(asks)).then_some(Expect::Phrase);
    }
    if matches!(word.as_str(), "by" | "as") && earlier(&["identified"]) {
        return (words.depth > 0 && !is_one_of(words.get(at + 1), &["password"])).then_some(Expect::Phrase);
    }
    if matches!(word.as_str(), "connect" | "conn") && words.depth > 0 && words.get(at + 1).contains(&b'@') {
        return Some(Expect::Client(super::rules::Form::Behind(b'/', true)));
    }
    let sets = state.sets;
    state.sets |= is_one_of(bytes.strip_prefix(b"+").unwrap_or(bytes), SETTERS);
    let next = words.all.get(at + 1).filter(|next| next.before == Before::Blank)?;
    let follows = words.get(at + 1);
    if is_one_of(follows, NO_SECRETS) || follows.starts_with(b"=") || follows.starts_with(b":") {
        return None;
    }
    let is_bare = BARE.contains(&word.as_str());
    if is_bare && (words.depth > 0 && next.is_quoted || earlier(CONTEXTS)) && at > state.start {
        return Some(Expect::Phrase);
    }
    let name = bytes.rsplit(|b| matches!(b, b'/' | b':')).next().unwrap_or_default();
    // `//registry/:_password`.
    let is_compound = super::words::of(name).len() > 1 || name.starts_with(b"_");
    let holds = names::holds(name);
    let says = holds == Holds::Secret || holds == Holds::Login && name.starts_with(b"_");
    (sets && !is_bare && is_compound && says).then_some(Expect::Name(at, holds))
}

fn is_one_of(word: &[u8], known: &[&str]) -> bool {
    known.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether a word is a script, by the option before it.
pub(super) fn is_code(words: Words<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| words.get(before)) else { return false };
    // `-c`, `-lc`.
    let is_cluster = before.len() >= 2
        && before.len() <= 6
        && before[0] == b'-'
        && before[1..].iter().all(u8::is_ascii_lowercase)
        && before.ends_with(b"c");
    let program = (0..at).take(8).find_map(|at| name_of(words.get(at)).filter(|name| !name.starts_with('-')));
    let evaluates = matches!(program, Some("docker" | "podman" | "env" | "helm" | "sshpass"));
    is_cluster || !evaluates && is_one_of(before, CODES) || is_remote(words, at)
}

/// `ssh HOST 'script'`.
fn is_remote(words: Words<'_>, at: usize) -> bool {
    let from = at.saturating_sub(12);
    (from..at.saturating_sub(1)).any(|at| {
        is_one_of(words.get(at), &["ssh", "tmux", "screen", "watch", "xargs", "parallel", "eval", "flock"])
    })
}

/// Programs that print a secret for another one.
const PRINTERS: &[&[u8]] = &[b"<(echo", b"<(printf"];

/// `--password-file <(echo x)`: a secret is printed for an option whose name has a word for one.
pub(super) fn substitutes(words: Words<'_>, at: usize) -> Option<Expect> {
    let before = words.get(at.checked_sub(1)?);
    let has_word = |part: &str| names::holds(part.as_bytes()) != Holds::Nothing || part == "key";
    let named = super::words::of(before).iter().any(|part| has_word(part));
    (PRINTERS.contains(&words.get(at)) && named).then_some(Expect::Phrase)
}

/// Whether a word, where a secret is expected, belongs to the command that prints it.
pub(super) fn is_printed(words: Words<'_>, at: usize) -> bool {
    let bytes = words.get(at);
    let before = at.checked_sub(1).map(|at| words.get(at)).unwrap_or_default();
    PRINTERS.contains(&bytes)
        || PRINTERS.contains(&before) && (matches!(bytes, b"-n" | b"-e" | b"-ne") || bytes.contains(&b'%'))
}

/// Without the bracket that closes `<(echo x)`.
pub(super) fn without_bracket(words: Words<'_>, at: usize, place: Range<usize>) -> Range<usize> {
    let opens = |at: usize| PRINTERS.contains(&words.get(at));
    let is_inside = (at.saturating_sub(2)..at).any(opens) && words.text[place.clone()].ends_with(b")");
    place.start..place.end - usize::from(is_inside)
}

/// `echo user:password | chpasswd`: what was printed for a program that reads a secret.
pub(super) fn piped(words: Words<'_>, start: usize, at: usize, hidden: &mut Hidden) {
    if words.all[at].before != Before::Pipe
        || !is_one_of(words.get(start), &["echo", "printf"])
        || at < start + 2
    {
        return;
    }
    let Some(reader) = name_of(words.get(at)) else { return };
    if !(READERS.contains(&reader) && reads(words, at, reader) || asks_stdin(words, at)) {
        return;
    }
    let place = words.all[at - 1].place.clone();
    let value = &words.text[place.clone()];
    if value.starts_with(b"$") || value.starts_with(b"-") {
        return;
    }
    let colon = value.iter().position(|b| *b == b':').filter(|_| reader == "chpasswd");
    hidden.add(place.start + colon.map_or(0, |colon| colon + 1)..place.end);
}

/// `echo x > /run/secrets/token`: what was printed into a file whose name has a word for a secret.
pub(super) fn stored(words: Words<'_>, start: usize, at: usize, hidden: &mut Hidden) {
    let Some(rest) = words.get(at).strip_prefix(b">") else { return };
    let rest = rest.strip_prefix(b">").unwrap_or(rest);
    let file = if rest.is_empty() { words.get(at + 1) } else { rest };
    let name = file.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let is_word = |part: &String| {
        matches!(part.as_str(), "auth" | "key" | "pgpass" | "netrc" | "passphrase")
            || names::holds(part.as_bytes()) == Holds::Secret
    };
    let is_public = name.ends_with(b".pub") || name.starts_with(b"authorized");
    if !is_one_of(words.get(start), &["echo", "printf"])
        || is_public
        || !super::words::of(name).iter().any(is_word)
    {
        return;
    }
    let Some(last) = at.checked_sub(1).filter(|last| *last > start) else { return };
    let place = words.all[last].place.clone();
    let value = &words.text[place.clone()];
    if value.starts_with(b"$")
        || value.starts_with(b"-")
        || value.contains(&b'=')
        || super::values::is_harmless(value)
    {
        return;
    }
    // A user in the first line, and the password in the second.
    let second = memchr::memmem::find(value, b"\\n").filter(|at| at + 2 < value.len()).map_or(0, |at| at + 2);
    hidden.add(place.start + second..place.end);
}

/// `chpasswd <<< user:password`: what a program that reads a secret is given.
pub(super) fn here_string(words: Words<'_>, start: usize, at: usize, hidden: &mut Hidden) {
    let Some(rest) = words.get(at).strip_prefix(b"<<<") else { return };
    let place = match (rest, words.all.get(at + 1)) {
        ([], Some(next)) if next.before == Before::Blank => next.place.clone(),
        ([], _) => return,
        _ => words.all[at].place.start + 3..words.all[at].place.end,
    };
    let reader = (start..at).find_map(|at| {
        let name = name_of(words.get(at)).filter(|name| READERS.contains(name))?;
        reads(words, at, name).then_some(name)
    });
    let Some(reader) = reader else { return };
    let value = &words.text[place.clone()];
    let quotes =
        usize::from(value.len() > 2 && matches!(value[0], b'"' | b'\'') && value.last() == value.first());
    let place = place.start + quotes..place.end - quotes;
    let value = &words.text[place.clone()];
    if value.starts_with(b"$") || value.starts_with(b"-") {
        return;
    }
    let colon = value.iter().position(|b| *b == b':').filter(|_| reader == "chpasswd");
    hidden.add(place.start + colon.map_or(0, |colon| colon + 1)..place.end);
}

/// Options by which any program reads a secret.
const FROM_STDIN: &[&str] = &[
    "--passwd-on-stdin",
    "--password-on-stdin",
    "--password-stdin",
    "--passwd-stdin",
    "--pass-stdin",
    "--password-from-stdin",
    "--token-stdin",
    "--token-from-stdin",
    "--secret-stdin",
    "--api-key-stdin",
    "--passphrase-stdin",
    "--with-token",
    "--cookie-on-stdin",
    "--pw-stdin",
];

fn asks_stdin(words: Words<'_>, at: usize) -> bool {
    let last = (at + 1..words.all.len()).take(16).take_while(|at| words.all[*at].before == Before::Blank);
    last.into_iter().any(|at| is_one_of(words.get(at), FROM_STDIN))
}

/// Whether such a program reads a secret here.
fn reads(words: Words<'_>, at: usize, name: &str) -> bool {
    let arguments = (at + 1..words.all.len()).take(16).map(|at| words.get(at));
    let has = |options: &[&str]| {
        arguments.clone().any(|word| options.iter().any(|option| word.starts_with(option.as_bytes())))
    };
    match name {
        "sudo" => has(&["-S", "-kS", "--stdin", "-nS"]),
        "passwd" => has(&["--stdin"]),
        "docker" | "podman" | "helm" | "oras" | "crane" => has(&["--password-stdin"]),
        "gpg" | "gpg2" => has(&["--passphrase-fd"]),
        "openssl" => has(&["stdin", "-passin", "-pass", "passwd"]),
        "zfs" | "zpool" => has(&["load-key", "create", "change-key"]),
        "pass" | "gopass" => has(&["insert"]),
        "htpasswd" => has(&["-i", "-ni", "-bi"]),
        "keyctl" => has(&["padd"]),
        "gh" => has(&["--with-token", "set"]),
        _ => true,
    }
}

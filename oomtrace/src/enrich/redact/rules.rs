//! How the table of clients is read.
//!
//! A line is `NAME ...: RULE ...`; a `*` behind the names marks what starts other programs. A rule is
//! `[CONDITION&]PLACE` and a form:
//!
//! | place | means |
//! |---|---|
//! | `-p~` | the argument behind `-p`; `-p*~` may be the last of a cluster (`-xp`) |
//! | `-p\|` | the rest of the argument that begins with `-p` |
//! | `-p?` | both, and `--pass=` for a long one |
//! | `-p!` | nothing: this option stands alone |
//! | `-p^` | nothing: the argument behind `-p` belongs to it, and has no number of its own |
//! | `word+2~` | the second argument behind `word`; `//*+1~` is the next one behind what begins with `//` |
//! | `#1~` | the first argument that is no option |
//! | `$~` | the last argument |
//!
//! The form says what of it is hidden: `X` all, `u:X` what follows the first `:` (or `%`, `/`, `,`, `=`), `X@` what stands
//! before the last `@`, `pass:X` what follows these letters, `n=X;` the values of cookies, `0` nothing. In `u/X` and `u:X@`
//! it ends at the last `@`.
//! The condition is a word of the command, or a short option.

use std::sync::LazyLock;

/// The table.
const TABLE: &str = include_str!("clients.txt");

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    rules: &'static str,
    /// It starts other programs.
    pub(super) is_wrapper: bool,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) condition: Option<&'static str>,
    pub(super) place: Place,
    pub(super) form: Form,
}

/// Which argument it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The one behind this option.
    Next(&'static str),
    /// The rest of this option.
    Attached(&'static str),
    /// Either.
    Both(&'static str),
    /// This option holds none.
    Plain(&'static str),
    /// This option takes the next argument, which is no secret.
    Takes(&'static str),
    /// So many behind this word.
    Behind(&'static str, usize),
    /// The one with this number among those that are no options, from 1.
    Number(usize),
    /// The last one.
    Last,
}

/// What of it is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All.
    All,
    /// What follows the first of these bytes; up to an `@` where that is said.
    Behind(u8, bool),
    /// What follows the last of these bytes.
    BehindLast(u8),
    /// What stands before the last `@`.
    Before,
    /// What follows this.
    After(&'static str),
    /// The value of a cookie, or of each.
    Cookie,
    /// Nothing.
    Nothing,
}

/// Modules and classes, in small letters, whose programs have another name.
const MODULES: &[(&str, &str)] = &[
    ("azure", "az"),
    ("awscli", "aws"),
    ("googlecloudsdk", "gcloud"),
    ("zookeepermain", "zkCli"),
    ("impacket", "impacket-smbclient"),
    ("youtube_dl", "youtube-dl"),
    ("yt_dlp", "yt-dlp"),
    ("openstackclient", "openstack"),
    ("swiftclient", "swift"),
];

/// All names in order, each with its line.
static CLIENTS: LazyLock<Vec<(&str, Client)>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(line);
    let mut all: Vec<_> = lines.flat_map(|(names, client)| names.map(move |name| (name, client))).collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all
});

/// A line's names, and what it says.
fn line(text: &'static str) -> Option<(impl Iterator<Item = &'static str>, Client)> {
    let (names, rules) = text.split_once(':')?;
    let is_wrapper = names.ends_with(" *");
    let names = names.split(' ').filter(|name| *name != "*");
    Some((names, Client { rules, is_wrapper }))
}

/// Reads the table, so that nothing has to be done for it later.
pub(super) fn prepare() {
    LazyLock::force(&CLIENTS);
}

/// The client of that name: that of its file, without `.exe` and the like.
pub(super) fn client(word: &[u8]) -> Option<Client> {
    let name = name_of(word)?;
    named(name).or_else(|| named(without_version(name)?))
}

fn named(name: &str) -> Option<Client> {
    let at = CLIENTS.binary_search_by_key(&name, |(known, _)| known).ok()?;
    CLIENTS.get(at).map(|(_, client)| *client)
}

/// `python3.11`, `pg_dump-15`, `sqlline-1.12.0` without their version.
fn without_version(name: &str) -> Option<&str> {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    (bare.len() < name.len() && bare.len() >= 3).then_some(bare)
}

/// The client that a module of Python or a class of Java is the program of: `azure.cli`, `org.apache.sqoop.Sqoop`.
pub(super) fn client_of_module(word: &[u8]) -> Option<Client> {
    let name = std::str::from_utf8(word).ok().filter(|name| name.len() <= 80)?;
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')) {
        return None;
    }
    let small = name.to_ascii_lowercase();
    let mut parts: Vec<&str> = small.split('.').filter(|part| !matches!(*part, "cli" | "main")).collect();
    let last = parts.pop()?;
    let first = parts.first().copied().unwrap_or(last);
    [last, first].into_iter().find_map(|part| {
        let alias = MODULES.iter().find(|(module, _)| *module == part).map_or(part, |(_, program)| *program);
        named(alias).filter(|client| !client.is_wrapper)
    })
}

/// The name of a program in a word.
pub(super) fn name_of(word: &[u8]) -> Option<&str> {
    let name =
        word.rsplit(|b| matches!(b, b'/' | b'\\')).next().filter(|name| (1..=40).contains(&name.len()))?;
    let name = std::str::from_utf8(name).ok()?;
    let ends = [".exe", ".py", ".sh", ".phar", ".pl", ".rb", ".jar", ".bat", ".cmd"];
    Some(ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name))
}

impl Place {
    /// The option that it is about.
    pub(super) fn option(self) -> Option<&'static str> {
        match self {
            Self::Next(option)
            | Self::Attached(option)
            | Self::Both(option)
            | Self::Plain(option)
            | Self::Takes(option) => Some(option.trim_end_matches('*')),
            Self::Behind(..) | Self::Number(_) | Self::Last => None,
        }
    }
}

impl Client {
    pub(super) fn rules(self) -> impl Iterator<Item = Rule> {
        self.rules.split(' ').filter(|rule| !rule.is_empty()).filter_map(rule)
    }
}

fn rule(text: &'static str) -> Option<Rule> {
    let (condition, rest) = match text.split_once('&') {
        Some((condition, rest)) => (Some(condition), rest),
        None => (None, text),
    };
    let at = rest.find(['~', '|', '?', '!', '^']).filter(|at| *at > 0)?;
    let (name, form) = (&rest[..at], &rest[at + 1..]);
    let place = match rest.as_bytes()[at] {
        b'~' => next(name)?,
        b'|' => Place::Attached(name),
        b'?' => Place::Both(name),
        b'^' => Place::Takes(name),
        _ => Place::Plain(name),
    };
    Some(Rule { condition, place, form: form_of(form)? })
}

fn next(name: &'static str) -> Option<Place> {
    if name == "$" {
        return Some(Place::Last);
    }
    if let Some(number) = name.strip_prefix('#') {
        return number.parse().ok().map(Place::Number);
    }
    Some(match name.rsplit_once('+') {
        Some((word, number)) => Place::Behind(word, number.parse().ok()?),
        None => Place::Next(name),
    })
}

fn form_of(text: &'static str) -> Option<Form> {
    Some(match text {
        "X" | "" => Form::All,
        "0" => Form::Nothing,
        "n=X;" => Form::Cookie,
        "X@" => Form::Before,
        "u::X" => Form::BehindLast(b':'),
        _ => {
            let (head, to_at) = match text.strip_suffix('@') {
                Some(head) => (head, true),
                None => (text, false),
            };
            match head.strip_suffix('X')?.as_bytes() {
                [b'u', sign] => Form::Behind(*sign, to_at || *sign == b'/'),
                _ => Form::After(head.strip_suffix('X')?),
            }
        }
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

//! A command line word by word: what a word says of the one behind it.

use super::hidden::Hidden;
use super::names::{self, Holds};
use super::pairs::{self, Whole};
use super::phrases;
use super::rules::{Client, Form};
use super::shell::{self, Before, Word};
use super::{command, cookies, guesses, urls, values, verdict};

/// How many scripts within scripts are looked at.
const DEPTH: usize = 3;

/// Why the next word may be a secret.
#[derive(Clone, Copy)]
pub(super) enum Expect {
    /// An option of a client.
    Client(Form),
    /// The name in the word at this place.
    Name(usize, Holds),
    /// `IDENTIFIED BY` and the like.
    Phrase,
}

/// The words of a command line or script.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) text: &'a [u8],
    pub(super) all: &'a [Word],
    /// How many scripts they are in.
    pub(super) depth: usize,
    /// What is known of the program that they were given to.
    pub(super) client: Option<Client>,
}

impl<'a> Words<'a> {
    /// The bytes of a word.
    pub(super) fn get(&self, at: usize) -> &'a [u8] {
        self.all.get(at).and_then(|word| self.text.get(word.place.clone())).unwrap_or_default()
    }

    /// True for the last word of a command.
    pub(super) fn is_last(&self, at: usize) -> bool {
        self.all.get(at + 1).is_none_or(|next| next.before != Before::Blank)
    }
}

/// The command that is being looked at.
#[derive(Default)]
pub(super) struct State {
    /// What is known of its program.
    pub(super) client: Option<Client>,
    /// Where its program is named.
    pub(super) program: Option<usize>,
    /// No other program follows.
    pub(super) is_settled: bool,
    /// Another program starts it.
    pub(super) is_wrapped: bool,
    /// Where the command begins.
    pub(super) start: usize,
    /// How many words that are no options it had behind its program.
    pub(super) positional: usize,
    /// A word said that something is set.
    pub(super) sets: bool,
}

/// Hides what is a secret by the words before it.
pub(super) fn run(words: Words<'_>, hidden: &mut Hidden) {
    let inherited = words.client;
    let mut state = State { client: inherited, ..State::default() };
    let mut expect = None;
    for at in 0..words.all.len() {
        if words.all[at].before != Before::Blank {
            phrases::piped(words, state.start, at, hidden);
            state = State { start: at, client: inherited, ..State::default() };
            expect = None;
        }
        expect = match expect.take().and_then(|expect| take(words, at, expect, hidden)) {
            Some(next) => next,
            None => word(words, at, &mut state, hidden),
        };
    }
}

/// Takes a word that is expected to be a secret. `None` when it is none and has to be looked at for itself; else what that
/// says of the next.
fn take(words: Words<'_>, at: usize, expect: Expect, hidden: &mut Hidden) -> Option<Option<Expect>> {
    let word = &words.all[at];
    let bytes = words.get(at);
    // `<(echo -n x)`: what it prints is what is expected.
    if phrases::is_printed(words, at) {
        return Some(Some(Expect::Phrase));
    }
    match expect {
        Expect::Client(form) => {
            // The option stood alone, to ask for the secret.
            if is_long_option(bytes) {
                return None;
            }
            if form == Form::Cookie && bytes.contains(&b'=') {
                cookies::hide(words.text, word.place.clone(), hidden);
                return Some(None);
            }
            if let Some(place) = command::part(words.text, word.place.clone(), form) {
                hidden.add(place);
            }
            // A value with a part that is no secret may hold others.
            if form != Form::All {
                inside(words, at, None, hidden);
            }
            Some(None)
        }
        Expect::Phrase => {
            if is_option(bytes) {
                return None;
            }
            let place = phrases::without_bracket(words, at, unquoted(words.text, word));
            let value = &words.text[place.clone()];
            let is_number = value.len() <= 2 && value.iter().all(u8::is_ascii_digit);
            if is_number || values::is_harmless(value) {
                return None;
            }
            hidden.add(place);
            Some(None)
        }
        Expect::Name(name, holds) => {
            let is_next = |word: &[u8]| matches!(word, [b'+', first, ..] if first.is_ascii_alphabetic());
            let is_next = is_next(words.get(name)) && is_next(bytes);
            if is_option(bytes) || is_long_option(bytes) || is_next {
                return None;
            }
            // `Authorization: Bearer x` that was divided at its blanks.
            if values::SCHEMES.iter().any(|scheme| scheme.as_bytes().eq_ignore_ascii_case(bytes))
                && words.get(name).ends_with(b":")
            {
                return Some(Some(Expect::Name(name, holds)));
            }
            verdict::hide(words.text, words.get(name), holds, unquoted(words.text, word), hidden)
                .then_some(None)
        }
    }
}

/// A word without what a script leaves around it.
fn unquoted(text: &[u8], word: &Word) -> std::ops::Range<usize> {
    let place = word.place.clone();
    if word.is_quoted {
        return place;
    }
    let bytes = &text[place.clone()];
    let quoted = bytes.len() >= 2 && matches!(bytes[0], b'"' | b'\'') && bytes.last() == bytes.first();
    if quoted { place.start + 1..place.end - 1 } else { place }
}

/// `-x`, `--long`, `-long` in small letters: no secret begins like that, as a rule.
fn is_option(word: &[u8]) -> bool {
    let long = |rest: &[u8]| {
        let name = rest.split(|b| *b == b'=').next().unwrap_or_default();
        name.len() > 1
            && name[0].is_ascii_alphabetic()
            && name.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'.'))
    };
    match word {
        [b'-', b'-', rest @ ..] => rest.is_empty() || long(rest),
        [b'-', letter] => letter.is_ascii_alphabetic(),
        [b'-', rest @ ..] => rest.len() <= 6 && rest.iter().all(u8::is_ascii_lowercase) && !rest.is_empty(),
        _ => false,
    }
}

/// `--long` in any letters.
fn is_long_option(word: &[u8]) -> bool {
    let Some(name) = word.strip_prefix(b"--") else { return false };
    let name = name.split(|b| *b == b'=').next().unwrap_or_default();
    name.len() > 2 && name.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-')
}

/// Looks at a word for itself, and at what it says of the next one.
fn word(words: Words<'_>, at: usize, state: &mut State, hidden: &mut Hidden) -> Option<Expect> {
    inside(words, at, state.client, hidden);
    phrases::here_string(words, state.start, at, hidden);
    phrases::stored(words, state.start, at, hidden);
    let bytes = words.get(at);
    let names_program = command::program(words, at, state);
    let verdict = if names_program { None } else { command::client(words, at, state, hidden) };
    let verdict = match verdict {
        None if !names_program => guesses::guess(words, at, state).map(|(place, verdict)| {
            place.into_iter().for_each(|place| hidden.add(place));
            verdict
        }),
        verdict => verdict,
    };
    if !bytes.starts_with(b"-") && !names_program {
        state.positional += 1;
    }
    match verdict {
        Some(command::Verdict::Next(form)) => return Some(Expect::Client(form)),
        Some(command::Verdict::Done) => return None,
        None => {}
    }
    if bytes.len() > 1 && bytes[0] == b'-' && !bytes.contains(&b'=') && !bytes.contains(&b' ') {
        let holds = names::holds(bytes);
        return (holds != Holds::Nothing && !bytes.contains(&b':')).then_some(Expect::Name(at, holds));
    }
    if let [b'+', name @ ..] = bytes
        && names::holds(name) == Holds::Secret
    {
        return Some(Expect::Name(at, Holds::Secret));
    }
    if let Some(name) = bytes.strip_suffix(b":").filter(|_| words.depth == 0) {
        let holds = if name.len() <= 80 { names::holds(name) } else { Holds::Nothing };
        return (holds != Holds::Nothing).then_some(Expect::Name(at, holds));
    }
    phrases::substitutes(words, at).or_else(|| phrases::announces(words, at, state))
}

/// What is in the word itself.
fn inside(words: Words<'_>, at: usize, client: Option<Client>, hidden: &mut Hidden) {
    let word = &words.all[at];
    let bytes = words.get(at);
    urls::bare(words.text, word.place.clone(), hidden);
    if words.depth >= DEPTH || !shell::is_script(bytes) {
        return;
    }
    if word.is_quoted && words.depth > 0 {
        let whole = if phrases::is_code(words, at) { Whole::Script } else { Whole::Argument };
        pairs::scan(words.text, &word.place, whole, hidden);
    }
    if word.is_quoted {
        let inner = shell::words(words.text, &word.place);
        run(Words { text: words.text, all: &inner, depth: words.depth + 1, client }, hidden);
    }
}

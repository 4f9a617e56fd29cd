//! The program of a command, and what the table of clients says of its arguments.

use std::ops::Range;

use super::hidden::Hidden;
use super::line::{State, Words};
use super::names;
use super::rules::{self, Client, Form, Place, Rule};
use super::values::{is_harmless, is_random};

/// Words of a command that are looked at for a condition.
const REACH: usize = 64;

/// Options behind which a command follows.
const EXECUTES: &[&[u8]] = &[b"-exec", b"-execdir", b"-ok", b"--exec"];
/// Names of options that are no short option with a value.
const NAMES: &[&[u8]] =
    &[b"-pass", b"-passwd", b"-password", b"-pw", b"-pwd", b"-passphrase", b"-token", b"-path", b"-port"];

/// Short options that stand alone in the clients whose options may be joined.
const FLAGS: &[u8] = b"fsSLkvgiIjlnNqRaGOJZB#012346rty9Q";

/// What a rule says.
pub(super) enum Verdict {
    /// The next word has this form.
    Next(Form),
    /// The word is dealt with, and says nothing of the next one.
    Done,
}

/// Whether a word names the program of its command; then the state knows it.
pub(super) fn program(words: Words<'_>, at: usize, state: &mut State) -> bool {
    let bytes = words.get(at);
    if bytes.starts_with(b"-") || bytes.contains(&b'=') || bytes.contains(&b' ') {
        return false;
    }
    let first = state.program.is_none();
    // `docker exec mysql mysql -px`: the first one was the container.
    let before = words.get(at.wrapping_sub(1));
    let again = state.is_wrapped && (state.program == Some(at.wrapping_sub(1)) || before == b"--")
        || EXECUTES.contains(&before);
    if state.is_settled && !again {
        return false;
    }
    let known = rules::client(bytes).or_else(|| module(words, at, state));
    if !first && known.is_none() {
        return false;
    }
    state.is_wrapped = !first;
    state.is_settled = known.is_some_and(|client| !client.is_wrapper);
    state.client = known.or(state.client);
    state.program = Some(at);
    state.positional = 0;
    true
}

/// The client behind a module of Python or a class of Java, given to its interpreter.
fn module(words: Words<'_>, at: usize, state: &State) -> Option<Client> {
    let interpreter = rules::name_of(words.get(state.program?))?;
    let before = words.get(at.checked_sub(1)?);
    let is_module = before.len() <= 6
        && before.starts_with(b"-")
        && before.ends_with(b"m")
        && before[1..].iter().all(u8::is_ascii_alphabetic);
    let bytes = words.get(at);
    let is_class = bytes.iter().filter(|b| **b == b'.').count() >= 2 && !bytes.contains(&b'/');
    let fits = match interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "python" | "pypy" => is_module,
        "java" => is_class,
        _ => false,
    };
    if fits { rules::client_of_module(bytes) } else { None }
}

/// What the table says of a word of the command.
pub(super) fn client(words: Words<'_>, at: usize, state: &State, hidden: &mut Hidden) -> Option<Verdict> {
    let client = state.client?;
    let mut verdict = None;
    for rule in client.rules() {
        let found = apply(words, at, state, rule);
        if found.is_some() && holds(words, state, rule.condition) {
            let (place, said) = found.unwrap_or((None, Verdict::Done));
            if rule.form == Form::Nothing {
                hidden.add_plain(words.all[at].place.start);
            }
            place.into_iter().for_each(|place| hidden.add(place));
            verdict = match (verdict, said) {
                (Some(Verdict::Next(form)), _) | (_, Verdict::Next(form)) => Some(Verdict::Next(form)),
                _ => Some(Verdict::Done),
            };
        }
    }
    verdict
}

/// What a rule says when its condition holds: what is hidden, and of the next word.
fn apply(words: Words<'_>, at: usize, state: &State, rule: Rule) -> Option<(Option<Range<usize>>, Verdict)> {
    let bytes = words.get(at);
    let place = words.all.get(at)?.place.clone();
    let whole = |found: bool| found.then(|| (part(words.text, place.clone(), rule.form), Verdict::Done));
    match rule.place {
        Place::Next(option) => is_option(bytes, option).then_some((None, Verdict::Next(rule.form))),
        Place::Attached(option) => attached(words, at, option, rule.form, false),
        Place::Both(option) if is_option(bytes, option) => Some((None, Verdict::Next(rule.form))),
        Place::Both(option) => attached(words, at, option, rule.form, true),
        Place::Plain(option) => (bytes == option.as_bytes()).then_some((None, Verdict::Done)),
        Place::Takes(_) => None,
        Place::Behind(word, number) => {
            let is_next =
                matches!(bytes, [b'+', next, ..] if next.is_ascii_lowercase()) && word.starts_with('+');
            whole(!bytes.starts_with(b"-") && !is_next && is_behind(words, at, state, word, number))
        }
        Place::Number(number) => whole(!bytes.starts_with(b"-") && state.positional + 1 == number),
        Place::Last => whole(
            !bytes.starts_with(b"-")
                && words.is_last(at)
                && state.program.is_some_and(|program| at > program + 1),
        ),
    }
}

/// Whether a word is an option, or a cluster of short ones that ends with it.
fn is_option(word: &[u8], option: &str) -> bool {
    let Some(option) = option.strip_suffix('*').map(str::as_bytes) else { return word == option.as_bytes() };
    word == option
        || (3..=6).contains(&word.len())
            && word[0] == b'-'
            && word[1..].iter().all(u8::is_ascii_alphabetic)
            && word.last() == option.last()
}

/// `-pSECRET`, `--password=SECRET`.
fn attached(
    words: Words<'_>,
    at: usize,
    option: &str,
    form: Form,
    is_both: bool,
) -> Option<(Option<Range<usize>>, Verdict)> {
    let place = words.all.get(at)?.place.clone();
    let rest = match option.strip_suffix('*') {
        Some(option) => behind_cluster(words.get(at), option, form)?,
        None => words.get(at).strip_prefix(option.as_bytes())?,
    };
    let option = option.strip_suffix('*').unwrap_or(option);
    if rest.is_empty() {
        return None;
    }
    if is_both && NAMES.contains(&words.get(at)) {
        return None;
    }
    let mut start = place.end - rest.len();
    if is_both && option.len() > 2 {
        rest.strip_prefix(b"=")?;
        start += 1;
    }
    // `-pass` is no `-p`, unless that is all the program knows.
    let is_other = form != Form::All && rest.iter().all(|b| b.is_ascii_lowercase() || *b == b'-');
    if is_other && option.len() == 2 && rest.len() > 3 {
        return None;
    }
    Some((part(words.text, bare(words.text, start..place.end), form), Verdict::Done))
}

/// What is attached to a short option, which others without a value may stand before: `-fsSLuuser:password`.
fn behind_cluster<'a>(word: &'a [u8], option: &str, form: Form) -> Option<&'a [u8]> {
    let letter = *option.as_bytes().get(1).filter(|_| option.len() == 2)?;
    let letters = word.strip_prefix(b"-")?;
    let at = letters.iter().take(8).position(|b| *b == letter)?;
    let is_flag = |b: &u8| FLAGS.contains(b) || *b == b'x' && form == Form::All;
    letters[..at].iter().all(is_flag).then(|| &letters[at + 1..])
}

/// Without the quotes of a script around it.
fn bare(text: &[u8], place: Range<usize>) -> Range<usize> {
    match &text[place.clone()] {
        [b'\'', .., b'\''] | [b'"', .., b'"'] => place.start + 1..place.end - 1,
        _ => place,
    }
}

/// Whether a word is the `number`th behind another one, options left out unless the other one is an option.
fn is_behind(words: Words<'_>, at: usize, state: &State, word: &str, number: usize) -> bool {
    let same = |at: usize| words.get(at).eq_ignore_ascii_case(word.as_bytes());
    if let Some(begin) = word.strip_suffix('*') {
        return at
            .checked_sub(number)
            .is_some_and(|before| before >= state.start && words.get(before).starts_with(begin.as_bytes()));
    }
    if word.starts_with('-') {
        return at.checked_sub(number).is_some_and(|before| before >= state.start && same(before));
    }
    let client = state.client;
    let takes = |at: usize| {
        let option = words.get(at);
        let is_it = |rule: Rule| matches!(rule.place, Place::Takes(known) if known.as_bytes() == option);
        option.starts_with(b"-") && client.is_some_and(|client| client.rules().any(is_it))
    };
    let is_value = |at: usize| at > state.start && takes(at - 1);
    if is_value(at) {
        return false;
    }
    let before =
        (state.start..at).rev().take(REACH).filter(|at| !words.get(*at).starts_with(b"-") && !is_value(*at));
    before.clone().nth(number - 1).is_some_and(same)
}

/// Whether the command has this word or short option.
fn holds(words: Words<'_>, state: &State, condition: Option<&str>) -> bool {
    let Some(condition) = condition.map(str::as_bytes) else { return true };
    let all = &words.all[state.start..];
    let length = all.iter().skip(1).take_while(|word| word.before == super::shell::Before::Blank).count() + 1;
    (state.start..state.start + length.min(REACH)).any(|at| {
        let word = words.get(at);
        let cluster = condition.len() == 2
            && condition[0] == b'-'
            && word.len() > 1
            && word[0] == b'-'
            && word[1..].iter().all(u8::is_ascii_alphabetic)
            && word[1..].contains(&condition[1]);
        cluster
            || (state.program == Some(at) && rules::name_of(word).map(str::as_bytes) == Some(condition))
            || word.eq_ignore_ascii_case(condition)
    })
}

/// The part of a value that a form hides.
pub(super) fn part(text: &[u8], place: Range<usize>, form: Form) -> Option<Range<usize>> {
    let value = &text[place.clone()];
    let at_end = value.iter().rposition(|b| *b == b'@');
    let found = match form {
        Form::Nothing => return None,
        Form::Cookie => value.iter().position(|b| *b == b'=')? + 1..value.len(),
        Form::All if is_assignment(value) || is_switch(value) || is_elsewhere(value) => return None,
        Form::All => 0..value.len(),
        Form::Before => 0..at_end?,
        Form::After(head) => match value.strip_prefix(head.as_bytes()) {
            Some(_) => head.len()..value.len(),
            None => return None,
        },
        Form::BehindLast(sign) => value.iter().rposition(|b| *b == sign)? + 1..value.len(),
        Form::Behind(sign, to_at) => match value.iter().position(|b| *b == sign) {
            Some(at) if sign == b'=' && names::is_plain(&value[..at]) => return None,
            // A URL: what stands before its host is looked at elsewhere.
            Some(at) if sign == b':' && value[at..].starts_with(b"://") => return None,
            Some(at) if sign == b'/' && !is_name(&value[..at]) => return None,
            Some(at) => {
                let end =
                    if to_at { at_end.filter(|end| *end > at).unwrap_or(value.len()) } else { value.len() };
                login(value, at, end)?
            }
            None if is_random(value) => 0..value.len(),
            None => return None,
        },
    };
    let found = place.start + found.start..place.start + found.end;
    let is_file = text[found.clone()].starts_with(b"-") && found.len() == 1;
    let found = bare(text, found);
    (!is_blank(&text[found.clone()]) && !is_file && found.len() > 1).then_some(found)
}

/// `username=bob` in the place of a secret: what it holds is looked at by its name.
fn is_assignment(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    name > 2 && value.get(name) == Some(&b'=') && value.get(name + 1).is_some_and(|b| *b != b'=')
}

/// Where the secret is, in place of it; `public` is the name that SNMP has for everybody.
fn is_elsewhere(value: &[u8]) -> bool {
    let variable = |name: &[u8]| {
        !name.is_empty() && name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_' || b.is_ascii_digit())
    };
    value == b"public"
        || [&b"file:/"[..], b"file:.", b"fd:"].iter().any(|begin| value.starts_with(begin))
        || value.strip_prefix(b"env:").is_some_and(variable)
}

/// `/user:bob` of a program of Windows.
fn is_switch(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"/") else { return false };
    let name = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    name >= 3 && (rest.get(name) == Some(&b':') || [&b"delete"[..], b"savecred", b"add"].contains(&rest))
}

/// What is the secret of `user:password`: the user where no password follows.
fn login(value: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let (user, password) = (&value[..at], &value[at + 1..end]);
    let named = matches!(password, b"" | b"x" | b"X" | b"api_token" | b"x-oauth-basic" | b"unused");
    match named {
        true if is_random(user)
            || user.len() >= 10 && user.iter().any(u8::is_ascii_digit)
            || password == b"api_token" =>
        {
            Some(0..at)
        }
        true => None,
        false => Some(at + 1..end),
    }
}

/// A user of a database, no path and no URL.
fn is_name(user: &[u8]) -> bool {
    !user.is_empty() && user.iter().all(|b| b.is_ascii_alphanumeric() || b"_$#\"[]".contains(b))
}

/// A variable or a mark in the place of a secret.
fn is_blank(value: &[u8]) -> bool {
    value.is_empty()
        || (value.starts_with(b"$")
            || value.starts_with(b"{{")
            || value.starts_with(b"<")
            || value[0] == b'*'
            || value[0] == b'[')
            && is_harmless(value)
}

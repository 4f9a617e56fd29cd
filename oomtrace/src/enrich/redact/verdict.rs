//! Which part of a value is hidden, by what its name says and what it looks like.

use std::ops::Range;

use super::guesses::is_password;
use super::hidden::Hidden;
use super::names::{self, Holds};
use super::values::{SCHEMES, after_scheme, is_harmless, is_method, is_random};
use super::{cookies, words};

/// Longer values are hidden, whatever they look like.
const LONGEST: usize = 512;

/// Hides what is a secret of the value at `place`. True when there was one.
pub(super) fn hide(text: &[u8], name: &[u8], holds: Holds, place: Range<usize>, out: &mut Hidden) -> bool {
    if holds == Holds::Secret && is_cookie(name) && !is_harmless(&text[place.clone()]) {
        cookies::hide(text, place, out);
        return true;
    }
    let secret = secret(text, name, holds, place);
    let any = secret.is_some();
    secret.into_iter().for_each(|place| out.add(place));
    any
}

fn secret(text: &[u8], name: &[u8], holds: Holds, place: Range<usize>) -> Option<Range<usize>> {
    let value = &text[place.clone()];
    if let Some(secret) = after_scheme(value).filter(|_| holds != Holds::Perhaps) {
        let rest = place.start + secret..place.end;
        return Some(rest.clone()).filter(|_| !is_harmless(&text[rest]));
    }
    if is_harmless(value)
        || is_directory(name, value)
        || is_pass_number(name, value)
        || is_figure(name, value)
        || is_measure(name, value)
        || is_subcommand(text, name, &place)
        || is_pgp_id(name, value)
        || value.starts_with(b"//") && words::of(name).last().is_some_and(|last| last == "suri")
    {
        return None;
    }
    // `Authorization: Bearer` whose token is elsewhere.
    let is_scheme = SCHEMES.iter().any(|scheme| scheme.as_bytes().eq_ignore_ascii_case(value));
    if is_scheme && words::of(name).last().is_some_and(|word| word == "authorization") {
        return None;
    }
    match holds {
        Holds::Nothing => None,
        Holds::Secret => Some(behind_kind(name, text, place)),
        Holds::Login => login(text, name, place),
        Holds::Perhaps => (is_random(value) || is_pin(name, value) || is_mnemonic(value)).then_some(place),
    }
}

/// `Cookie`, `Set-Cookie`, `--cookies`.
fn is_cookie(name: &[u8]) -> bool {
    words::of(name).last().is_some_and(|word| word == "cookie" || word == "cookies")
}

/// `PWD=/work`: where a shell is.
fn is_directory(name: &[u8], value: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-+@".contains(b);
    [&b"PWD"[..], b"OLDPWD"].contains(&name) && value.starts_with(b"/") && value.iter().all(plain)
}

/// `-pass 1` is a pass of an encoder.
fn is_pass_number(name: &[u8], value: &[u8]) -> bool {
    let number = value.first().is_some_and(u8::is_ascii_digit)
        && value.get(1).is_none_or(|b| matches!(b, b':' | b',' | b';'));
    number && names::is_word_of_many_uses(name)
}

/// `--token-dropout 0.1`: a number, for a name that goes on behind the word for the secret.
fn is_figure(name: &[u8], value: &[u8]) -> bool {
    let has_pin = words::of(name).iter().any(|word| word == "pin");
    let number = !has_pin && value.iter().all(|b| b.is_ascii_digit() || *b == b'.') && value.len() <= 6;
    number && words::of(name).last().is_some_and(|last| names::holds(last.as_bytes()) == Holds::Nothing)
}

/// `--encrypt-key 6E508BA1`: the key of PGP with that id or fingerprint, which is known to all.
fn is_pgp_id(name: &[u8], value: &[u8]) -> bool {
    const KINDS: &[&str] = &["encrypt", "sign", "signing", "gpg", "pgp", "default", "trusted"];
    let words = words::of(name);
    let is_key =
        matches!(words.as_slice(), [.., kind, key] if key == "key" && KINDS.contains(&kind.as_str()));
    let digits = value.strip_prefix(b"0x").unwrap_or(value);
    is_key && matches!(digits.len(), 8 | 40) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// `auth:clear-resets`, `token:refresh`: a task of that name.
fn is_subcommand(text: &[u8], name: &[u8], place: &Range<usize>) -> bool {
    let value = &text[place.clone()];
    let joined = place.start > 0 && text[place.start - 1] == b':' && !name.starts_with(b"-");
    let kinds: [&[u8]; 6] = [b"auth", b"token", b"session", b"cookie", b"credentials", b"secrets"];
    joined
        && kinds.contains(&name)
        && value.len() <= 24
        && value.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b':'))
}

/// `--token-refresh 30s`, `--secret-size 4KiB`: a duration or a size, for a name that means no password.
fn is_measure(name: &[u8], value: &[u8]) -> bool {
    const UNITS: &[&[u8]] = &[
        b"ns", b"us", b"ms", b"s", b"m", b"h", b"d", b"w", b"sec", b"min", b"B", b"K", b"M", b"G", b"KB",
        b"MB", b"GB", b"KiB", b"MiB", b"GiB", b"Ki", b"Mi", b"Gi", b"%",
    ];
    let digits = value.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    let means_password =
        |word: &String| ["pass", "pwd", "pin", "pw", "otp"].iter().any(|part| word.contains(part));
    (1..=6).contains(&digits)
        && UNITS.contains(&&value[digits..])
        && !words::of(name).iter().any(means_password)
}

/// `user:password` without the user.
fn login(text: &[u8], name: &[u8], place: Range<usize>) -> Option<Range<usize>> {
    let value = &text[place.clone()];
    if is_method(value) {
        return None;
    }
    match value.iter().position(|b| *b == b':') {
        Some(colon) if colon > 0 && !value[..colon].contains(&b'/') && !value.starts_with(b"{") => {
            let rest = place.start + colon + 1..place.end;
            if is_harmless(&text[rest.clone()]) && value.len() <= LONGEST { None } else { Some(rest) }
        }
        // Without a user it may be the name of a file or of a profile.
        _ if words::of(name).last().is_some_and(|word| word.starts_with("cred")) => {
            (is_random(value) || is_password(value)).then_some(place)
        }
        _ => Some(place),
    }
}

/// `pass:x` of openssl says that the password itself follows.
fn behind_kind(name: &[u8], text: &[u8], place: Range<usize>) -> Range<usize> {
    let small = name.to_ascii_lowercase();
    let takes_kind = [&b"passin"[..], b"passout", b"pass"].iter().any(|end| small.ends_with(end));
    match text[place.clone()].starts_with(b"pass:") && takes_kind {
        true => place.start + 5..place.end,
        false => place,
    }
}

/// The words of a wallet's seed: 12, 15, 18, 21 or 24, in small letters (BIP 39).
pub(super) fn is_mnemonic(value: &[u8]) -> bool {
    if value.len() > LONGEST {
        return false;
    }
    let mut words = value.split(|b| *b == b' ');
    let fits = |word: &[u8]| (3..=8).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase);
    words.clone().all(fits) && matches!(words.by_ref().count(), 12 | 15 | 18 | 21 | 24)
}

/// A number of four digits and more.
fn is_pin(name: &[u8], value: &[u8]) -> bool {
    let words = words::of(name);
    let has_pin = words.iter().any(|word| word == "pin");
    has_pin && (4..=16).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

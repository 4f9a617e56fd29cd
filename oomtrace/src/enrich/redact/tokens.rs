//! Keys and tokens that are known by their shape, wherever they are.

use std::ops::Range;

use super::encoded::{self, Says};
use super::hidden::Hidden;
use super::shaped;
use super::vendors::{ADDRESSES, Alphabet, FIRST, SHAPES};
use super::words;

/// Bytes behind a beginning that decide whether it is a token.
const DECIDES: usize = 256;

/// Hides what has the shape of a key or token.
pub(super) fn scan(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    let mut at = region.start;
    while at < region.end {
        let before = &text[region.start..at];
        let starts = before.last().is_none_or(|b| !b.is_ascii_alphanumeric()) || before.ends_with(b"/bot");
        let rest = &text[at..region.end];
        let (run, says) = if starts && begins_run(before) { encoded::word(rest) } else { (0, Says::Nothing) };
        let length = match says {
            Says::Secret => Some(run),
            // What it begins like says nothing: the text is known.
            Says::Harmless => {
                at += run;
                continue;
            }
            Says::Nothing => starts.then(|| token(rest)).flatten(),
        };
        let length =
            length.filter(|length| !is_public(text, at, &rest[..*length]) && !is_part_of_name(before, rest));
        match length {
            Some(length) => {
                out.add(at..at + length);
                at += length + joined_secret(&rest[..length], &rest[length..], at + length, out);
            }
            None => at += 1,
        }
    }
    private_keys(text, region.clone(), out);
    addresses(text, region, out);
}

/// Nothing of base64 stands before it.
fn begins_run(before: &[u8]) -> bool {
    before.last().is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'/' | b'_' | b'-'))
}

/// `task-sk-learn-...`: a short beginning in the middle of a name made of words.
fn is_part_of_name(before: &[u8], rest: &[u8]) -> bool {
    let [.., word, b'-' | b'_'] = before else { return false };
    let begin = rest.iter().take(5).take_while(|b| b.is_ascii_lowercase()).count();
    let next = rest.get(begin + 1..).unwrap_or_default();
    let length = next.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    word.is_ascii_alphanumeric() && begin <= 4 && matches!(rest.get(begin), Some(b'-' | b'_')) && length < 16
}

/// Names of what is public, though it looks as if made up: `--wallet x`, `--pubkey=x`.
const PUBLIC_NAMES: &[&str] = &[
    "wallet",
    "address",
    "addr",
    "pubkey",
    "publickey",
    "hash",
    "digest",
    "checksum",
    "fingerprint",
    "integrity",
    "sha",
    "etag",
    "recipient",
    "etherbase",
    "coinbase",
    "account",
    "validator",
    "contract",
    "mint",
    "payer",
    "peer",
];

/// Whether a token without a beginning of its own is public: by the name before it, or as an address of a coin.
fn is_public(text: &[u8], at: usize, token: &[u8]) -> bool {
    if shaped::mixed(token).is_none_or(|length| length < token.len()) || known(token).is_some() {
        return false;
    }
    let is_end = |b: &u8| matches!(b, b'=' | b' ' | 0 | b':' | b'"' | b'\'');
    let before = &text[at.saturating_sub(64)..at];
    let before = &before[..before.iter().rposition(|b| !is_end(b)).map_or(0, |last| last + 1)];
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let name = &before[before.iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1)..];
    let named = words::of(name);
    let is_key = named.windows(2).any(|pair| pair == ["public", "key"]);
    is_key || named.last().is_some_and(|word| PUBLIC_NAMES.contains(&word.as_str())) || is_coin(token)
}

/// An address of Monero, Bitcoin and their kin: of letters and digits without `0`, `O`, `I`, `l`.
fn is_coin(token: &[u8]) -> bool {
    let base58 = token.iter().all(|b| b.is_ascii_alphanumeric() && !b"0OIl".contains(b));
    base58
        && match token.len() {
            95 | 106 => matches!(token[0], b'4' | b'8'),
            // Content and peers of IPFS.
            46 => token.starts_with(b"Qm"),
            52 => token.starts_with(b"12D3KooW"),
            32..=35 => matches!(token[0], b'1' | b'3' | b'T' | b'D' | b'L'),
            _ => false,
        }
}

/// Beginnings of the ids of access keys, and how long these are.
const KEY_IDS: &[(&str, usize, usize)] = &[
    ("AKIA", 20, 20),
    ("ASIA", 20, 20),
    ("LTAI", 16, 32),
    ("AKID", 32, 40),
    ("GOOG1E", 50, 64),
    ("GOOG", 20, 32),
    ("YCAJE", 25, 25),
    ("AKLT", 20, 60),
    ("SCW", 20, 20),
    ("JDC_", 20, 40),
];

/// The id of an access key, as a whole word.
pub(super) fn is_key_id(word: &[u8]) -> bool {
    let plain = word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let known = |(begins, least, most): &(&str, usize, usize)| {
        word.starts_with(begins.as_bytes()) && (*least..=*most).contains(&word.len())
    };
    plain && KEY_IDS.iter().any(known)
}

/// What the secret of an access key looks like: 28 to 64 characters of base64.
pub(super) fn is_key_secret(word: &[u8]) -> bool {
    let count = |is: fn(&u8) -> bool| word.iter().filter(|b| is(b)).count();
    let plain = word.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(b));
    (28..=64).contains(&word.len())
        && plain
        && count(u8::is_ascii_lowercase) >= 3
        && (count(u8::is_ascii_uppercase) >= 3 && count(u8::is_ascii_digit) >= 1)
}

/// Hides the secret that an id of an access key is joined with, `AKIA...:secret`; how long both are.
fn joined_secret(id: &[u8], rest: &[u8], at: usize, out: &mut Hidden) -> usize {
    let joins = rest.first().is_some_and(|b| matches!(b, b':' | b',' | b';' | b'|' | b' ' | b'/'));
    if !joins || !is_key_id(id) {
        return 0;
    }
    let length = rest[1..]
        .iter()
        .take(DECIDES)
        .take_while(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b))
        .count();
    if !is_key_secret(&rest[1..=length]) {
        return 0;
    }
    out.add(at + 1..at + 1 + length);
    length + 1
}

/// The length of the token that text begins with.
fn token(text: &[u8]) -> Option<usize> {
    if !FIRST[usize::from(*text.first()?)] {
        return shaped::token(text);
    }
    known(text).or_else(|| shaped::token(text))
}

/// The length of the token of a vendor that text begins with.
fn known(text: &[u8]) -> Option<usize> {
    SHAPES.iter().filter(|shape| text.starts_with(shape.begins.as_bytes())).find_map(|shape| {
        let rest = &text[shape.begins.len()..];
        // A bounded part decides, so that many beginnings in a row cost no more than that each.
        let length = rest.iter().take(DECIDES).take_while(|b| belongs(shape.of, **b)).count();
        let found = length >= shape.more && is_made_up(&rest[..length]);
        found.then(|| shape.begins.len() + rest.iter().take_while(|b| belongs(shape.of, **b)).count())
    })
}

/// Names are words with signs between them; tokens have digits, or no signs.
fn is_made_up(rest: &[u8]) -> bool {
    rest.iter().any(u8::is_ascii_digit) || rest.iter().all(u8::is_ascii_alphanumeric)
}

fn belongs(alphabet: Alphabet, byte: u8) -> bool {
    match alphabet {
        Alphabet::Hex => byte.is_ascii_hexdigit(),
        Alphabet::Letters => byte.is_ascii_alphanumeric(),
        Alphabet::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        Alphabet::Any => byte.is_ascii_alphanumeric() || b"_-.+/=~".contains(&byte),
    }
}

/// Private keys in PEM, up to their end or that of the text.
fn private_keys(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    let mut at = region.start;
    while let Some(found) = memchr::memmem::find(&text[at..region.end], b"-----BEGIN ") {
        let begin = at + found;
        let label = &text[begin..region.end.min(begin + 80)];
        let end = memchr::memmem::find(&text[begin..region.end], b"-----END ").map_or(region.end, |end| {
            let end = begin + end + 9;
            memchr::memmem::find(&text[end..region.end], b"-----")
                .map_or(region.end, |dashes| end + dashes + 5)
        });
        if memchr::memmem::find(label, b"PRIVATE KEY").is_some() {
            out.add(begin..end);
        }
        at = end;
    }
}

/// Addresses that whoever knows them may write to: the part behind the known beginning.
fn addresses(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    if memchr::memchr(b'/', &text[region.clone()]).is_none() {
        return;
    }
    for address in ADDRESSES {
        let mut at = region.start;
        while let Some(found) = memchr::memmem::find(&text[at..region.end], address.as_bytes()) {
            let begin = at + found + address.len();
            let stops = |b: &u8| {
                b.is_ascii_whitespace()
                    || matches!(b, b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b';')
            };
            let length = text[begin..region.end].iter().position(stops).unwrap_or(region.end - begin);
            out.add(begin..begin + length);
            at = begin + length;
        }
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;

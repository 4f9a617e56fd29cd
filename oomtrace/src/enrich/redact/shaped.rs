//! Tokens that are known by their build alone: parts, lengths, mixed letters.

/// Characters from which on a mixed word is taken for a token.
const MIXED: usize = 32;
/// Longer words are no tokens.
const LONGEST: usize = 512;
/// Beginnings of what is public although it looks like a token: keys of SSH, certificates, digests.
const PUBLIC: &[&[u8]] = &[
    b"AAAA",
    b"MII",
    b"sha1-",
    b"sha256-",
    b"sha384-",
    b"sha512-",
    b"SHA256",
    b"LS0t",
    b"data",
    b"_ZN",
    b"H4sI",
    b"age1",
    b"pk_live_",
    b"pk_test_",
];

/// The length of the token that text begins with, when its build says that it is one.
pub(super) fn token(text: &[u8]) -> Option<usize> {
    crypt(text)
        .or_else(|| numbered(text))
        .or_else(|| parts(text))
        .or_else(|| mixed(text))
        .or_else(|| bot(text))
}

/// `sdk-` and a UUID of LaunchDarkly, `...-us12` of Mailchimp, `xxx8Q~...` of Azure.
fn numbered(text: &[u8]) -> Option<usize> {
    let hex = |range: &[u8]| range.iter().all(u8::is_ascii_hexdigit);
    let uuid = |text: &[u8]| {
        text.split(|b| *b == b'-').map(<[u8]>::len).eq([8, 4, 4, 4, 12])
            && text.split(|b| *b == b'-').all(hex)
    };
    let ends = |at: usize| text.get(at).is_none_or(|b| !is_part(*b));
    if [&b"sdk-"[..], b"api-", b"mob-"].iter().any(|begin| text.starts_with(begin))
        && text.get(4..40).is_some_and(uuid)
        && ends(40)
    {
        return Some(40);
    }
    if text.get(..32).is_some_and(hex) && text.get(32..35) == Some(b"-us") {
        let digits = text[35..].iter().take(3).take_while(|b| b.is_ascii_digit()).count();
        return (digits > 0 && ends(35 + digits)).then_some(35 + digits);
    }
    let length =
        text.iter().take(60).take_while(|b| b.is_ascii_alphanumeric() || b"_~.-".contains(b)).count();
    (text.get(4..6) == Some(b"Q~") && text[3].is_ascii_digit() && length >= 36).then_some(length)
}

/// A password's hash, as in `/etc/shadow`: `$6$salt$hash`.
fn crypt(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"$")?;
    let kind = rest.iter().take(12).position(|b| *b == b'$')?;
    let known: [&[u8]; 15] = [
        b"1",
        b"2a",
        b"2b",
        b"2y",
        b"5",
        b"6",
        b"7",
        b"y",
        b"gy",
        b"apr1",
        b"argon2i",
        b"argon2id",
        b"argon2d",
        b"pbkdf2",
        b"scrypt",
    ];
    let length = text
        .iter()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphanumeric() || b"./$,=+-_".contains(b))
        .count();
    (known.contains(&&rest[..kind]) && length >= kind + 12).then_some(length)
}

/// A bot's token of Telegram: `123456789:AA...`, 35 characters behind the colon.
fn bot(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take(17).take_while(|b| b.is_ascii_digit()).count();
    let rest = text.get(digits..)?.strip_prefix(b":AA").filter(|_| digits >= 6)?;
    let length = rest.iter().take_while(|b| is_part(**b)).count();
    (length >= 30).then_some(digits + 3 + length)
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Two or three parts with dots between: those of Discord, of Terraform Cloud, of Airtable.
fn parts(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(400).take_while(|b| is_part(**b) || **b == b'.').count();
    let text = text.get(..length)?;
    let mut parts = text.split(|b| *b == b'.');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let digits =
        first.iter().chain(second).chain(third.unwrap_or_default()).filter(|b| b.is_ascii_digit()).count();
    let lengths = (first.len(), second.len(), third.map_or(0, <[u8]>::len));
    let found = match lengths {
        (20..=30, 6 | 7, 24..) => digits >= 3,
        (14, 7, 40..) => second == b"atlasv1",
        (17, 64, 0) => first.starts_with(b"pat") && second.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    };
    found.then_some(length)
}

/// A long word of small letters, capitals and digits in disorder. Names of classes and files have them in order.
pub(super) fn mixed(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(LONGEST + 1).take_while(|b| is_part(**b)).count();
    let word = &text[..length];
    // A path, a class or a file goes on; so does base64, which may be public.
    let next = text.get(length);
    if !(MIXED..=LONGEST).contains(&length)
        || next.is_some_and(|b| b"/+=".contains(b))
        || PUBLIC.iter().any(|begin| word.starts_with(begin))
    {
        return None;
    }
    let count = |is: fn(&u8) -> bool| word.iter().filter(|b| is(b)).count();
    let (small, large, digits) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    let kind = |b: &u8| (b.is_ascii_lowercase(), b.is_ascii_uppercase(), b.is_ascii_digit());
    let changes = word.windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
    let signs = length - small - large - digits;
    let all = small >= 4 && large >= 4 && digits >= 3;
    (all && changes * 5 >= length * 2 && signs * 8 <= length).then_some(length)
}

#[cfg(test)]
#[path = "shaped_tests.rs"]
mod tests;

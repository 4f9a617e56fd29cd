//! Users and passwords in front of a host: `scheme://user:password@host`, and the same without a scheme.

use std::ops::Range;

use super::hidden::Hidden;
use super::values::{is_harmless, is_random};

/// Longest part of a URL that is looked at for its `@`.
const LONGEST: usize = 2048;
/// Passwords that say that the user is the secret.
const NO_PASSWORDS: &[&[u8]] = &[b"", b"x", b"X", b"x-oauth-basic", b"unused", b"api_token"];
/// What stands before a colon without being a user.
const NO_USERS: &[&[u8]] = &[
    b"mailto",
    b"sip",
    b"sips",
    b"xmpp",
    b"npm",
    b"pkg",
    b"acct",
    b"jid",
    b"tel",
    b"git",
    b"file",
    b"link",
    b"portal",
    b"patch",
    b"workspace",
    b"jsr",
    b"docker",
    b"sha256",
    b"catalog",
    b"jdbc",
    b"node",
    b"sftp",
    b"ssh",
    b"scp",
    b"rsync",
    b"rclone",
];

/// Hides passwords, and tokens in the place of a user, in all URLs of a text.
pub(super) fn scan(text: &[u8], region: Range<usize>, out: &mut Hidden) {
    let mut from = region.start;
    while let Some(found) = memchr::memmem::find(&text[from..region.end], b"://") {
        from += found + 3;
        if let Some(at) = user_end(text, from, region.end) {
            login(text, from..at, out);
            from = at;
        }
    }
}

/// Where the `@` is behind a user.
fn user_end(text: &[u8], from: usize, end: usize) -> Option<usize> {
    let url = &text[from..end.min(from + LONGEST)];
    let length = url
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'`' | b'<' | b'>'))
        .unwrap_or(url.len());
    let url = &url[..memchr::memmem::find(&url[..length], b"://").unwrap_or(length)];
    let authority = url.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(url.len());
    let at = memchr::memrchr(b'@', &url[..authority]).or_else(|| late_at(url, authority))?;
    Some(from + at)
}

/// The `@` behind a `/`, `?` or `#` of a password. What stands before must not be `host:port`.
fn late_at(url: &[u8], authority: usize) -> Option<usize> {
    let colon = memchr::memchr(b':', &url[..authority]).filter(|_| !url.starts_with(b"["))?;
    let port = &url[colon + 1..authority];
    let host = &url[..colon];
    if port.iter().all(u8::is_ascii_digit) || host.contains(&b'.') {
        return None;
    }
    let at = memchr::memrchr(b'@', url)?;
    // A query's value may hold an address.
    (!url[..at].contains(&b'=')).then_some(at)
}

/// Hides the secret part of `user:password`.
pub(super) fn login(text: &[u8], place: Range<usize>, out: &mut Hidden) {
    let user_info = &text[place.clone()];
    let Some(colon) = memchr::memchr(b':', user_info) else {
        if is_token(user_info) {
            out.add(place);
        }
        return;
    };
    let (user, password) = (&user_info[..colon], &user_info[colon + 1..]);
    if NO_PASSWORDS.contains(&password) && (is_token(user) || password.len() > 1) {
        out.add(place.start..place.start + colon);
    } else if !is_harmless(password) || super::values::is_path(&String::from_utf8_lossy(password)) {
        if is_random(user) && user.len() >= 24 {
            out.add(place.start..place.start + colon);
        }
        out.add(place.start + colon + 1..place.end);
    }
}

/// True for a user that looks like a token.
fn is_token(user: &[u8]) -> bool {
    let other = |b: &u8| matches!(b, b'@' | b'.' | b'$' | b'{');
    is_random(user) || user.len() >= 20 && !user.iter().any(other) && !is_in_words(user)
}

/// `CoarseGrainedScheduler`: words of letters, each with a capital.
fn is_in_words(user: &[u8]) -> bool {
    let capitals = user.iter().filter(|b| b.is_ascii_uppercase()).count();
    let far = user.windows(2).all(|pair| !pair.iter().all(u8::is_ascii_uppercase));
    user.iter().all(u8::is_ascii_alphabetic)
        && user[0].is_ascii_uppercase()
        && far
        && capitals * 5 <= user.len()
}

/// Hides the password of `user:password@host` and `user/password@host` in a word without a scheme.
pub(super) fn bare(text: &[u8], word: Range<usize>, out: &mut Hidden) {
    let bytes = &text[word.clone()];
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let Some(at) = memchr::memrchr(b'@', bytes) else { return };
    if memchr::memmem::find(bytes, b"://").is_some() || !is_host(&bytes[at + 1..]) {
        return;
    }
    // What stands before the user: `--db=user:...`, `:pserver:user:...`, `jdbc:oracle:thin:user/...`.
    if let Some(thin) = memchr::memmem::find(&bytes[..at], b":thin:").map(|thin| thin + 6) {
        // Without a slash there is no user: `jdbc:oracle:thin:@host:1521:x`.
        let slash = memchr::memchr(b'/', &bytes[thin..at]).map_or(at, |slash| thin + slash + 1);
        return out.add(word.start + slash..word.start + at);
    }
    let pserver = if bytes.starts_with(b":pserver:") { 9 } else { 0 };
    let user = pserver.max(memchr::memchr(b'=', &bytes[..at]).map_or(0, |equals| equals + 1));
    let user = user + usize::from(matches!(bytes.get(user), Some(b'"' | b'\'')));
    let Some(colon) = memchr::memchr(b':', &bytes[user..at]).map(|colon| user + colon) else { return };
    let name = &bytes[user..colon];
    let password = &bytes[colon + 1..at];
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'\\' | b'/' | b'+');
    if name.is_empty() || !name.iter().all(plain) || NO_USERS.contains(&name) || is_image(name, password) {
        return;
    }
    if !is_harmless(password) && !password.contains(&b' ') {
        out.add(word.start + colon + 1..word.start + at);
    }
}

/// `registry/image:tag@sha256:...`, `host:port@...`.
fn is_image(name: &[u8], password: &[u8]) -> bool {
    super::values::is_tag(password) && (name.contains(&b'/') || password.iter().all(u8::is_ascii_digit))
}

/// True for what may stand behind an `@`: a host, `tcp(host)`, no digest and no version.
fn is_host(text: &[u8]) -> bool {
    let starts = text.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'[' | b'(' | b'/'));
    let name =
        text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')).count();
    let address = text[..name].iter().filter(|b| **b == b'.').count() == 3;
    let version = text.first().is_some_and(u8::is_ascii_digit) && !address;
    let digest = text.starts_with(b"sha256:")
        || text.starts_with(b"sha512:")
        || text == b"latest"
        || text.starts_with(b"^");
    starts && !version && !digest
}

#[cfg(test)]
#[path = "urls_tests.rs"]
mod tests;

//! Parts of which beginnings of lines are made.

use super::calendar;
use super::line::Stamp;
use super::{stamp, words};
use crate::klog::parse::scan::digits;

/// A part, by what it says.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Blanks, quotes, bullets, numbers, names of files.
    Filling,
    /// A word or group in brackets: of a container, a collector, or a part of a program.
    Name,
    /// A word that may name a machine.
    Host(&'a [u8]),
    /// The kernel's tag or facility.
    Kernel,
    /// `INFO`
    Level,
    Time(Option<Stamp>),
    /// printk's, microseconds.
    Clock(u64),
    /// A program's tag, or a facility other than the kernel's.
    Process(&'a [u8]),
}

/// Whether a quote, a backtick or the border of a table stands here.
pub(super) fn is_quote(text: &[u8]) -> bool {
    matches!(text, [b'"' | b'\'' | b'`' | b'|', ..] | [0xe2, 0x80, 0x98..=0x9f, ..] | [0xc2, 0xab | 0xbb, ..])
}

/// What may stand between words and around them.
const MARKS: &[u8] = b">|*-+\"'`~#,;=$(";
/// The same in UTF-8: bullets, quotes, lines, dashes.
const WIDE: [&[u8]; 16] = [
    b"\xe2\x80\xa2",
    b"\xc2\xb7",
    b"\xe2\x80\x93",
    b"\xe2\x80\x94",
    b"\xe2\x80\x9c",
    b"\xe2\x80\x9d",
    b"\xe2\x80\x98",
    b"\xe2\x80\x99",
    b"\xc2\xab",
    b"\xc2\xbb",
    b"\xe2\x80\x9e",
    b"\xe2\x80\xba",
    b"\xe2\x94\x82",
    b"\xe2\x94\x83",
    b"\xe2\x96\xb6",
    b"\xe2\x80\xb9",
];
/// Words before a colon that name no program.
const LABELS: [&[u8]; 26] = [
    b"guest",
    b"message",
    b"msg",
    b"text",
    b"log",
    b"line",
    b"dmesg",
    b"console",
    b"host",
    b"node",
    b"stdout",
    b"stderr",
    b"syslog",
    b"messages",
    b"journal",
    b"output",
    b"raw",
    b"_raw",
    b"body",
    b"content",
    b"value",
    b"event",
    b"data",
    b"serial",
    b"klog",
    b"kmsg",
];
const LEVELS: [&[u8]; 29] = [
    b"DEBG",
    b"DBG",
    b"EROR",
    b"INF",
    b"PANIC",
    b"SEVERE",
    b"FINE",
    b"INFO",
    b"WARN",
    b"WARNING",
    b"ERROR",
    b"ERR",
    b"DEBUG",
    b"TRACE",
    b"FATAL",
    b"NOTICE",
    b"CRIT",
    b"CRITICAL",
    b"ALERT",
    b"EMERG",
    b"info",
    b"warn",
    b"warning",
    b"error",
    b"err",
    b"debug",
    b"notice",
    b"crit",
    b"critical",
];
const FACILITIES: [&[u8]; 21] = [
    b"kern",
    b"user",
    b"mail",
    b"daemon",
    b"auth",
    b"syslog",
    b"lpr",
    b"news",
    b"uucp",
    b"cron",
    b"authpriv",
    b"ftp",
    b"local0",
    b"local1",
    b"local2",
    b"local3",
    b"local4",
    b"local5",
    b"local6",
    b"local7",
    b"security",
];

/// The part at the beginning and what follows it.
pub(super) fn next(text: &[u8], is_first: bool) -> Option<(Token<'_>, &[u8])> {
    let first = *text.first()?;
    if first.is_ascii_whitespace() {
        return Some((Token::Filling, text.trim_ascii_start()));
    }
    if let Some(found) = time(text) {
        return Some(found);
    }
    if let Some(mark) = WIDE.iter().find(|mark| text.starts_with(mark)) {
        return Some((Token::Filling, &text[mark.len()..]));
    }
    if first == b'[' {
        return group(text);
    }
    if first == b'<' {
        return priority(text);
    }
    if first == b'(' && text.get(1).is_some_and(u8::is_ascii_digit) {
        let end = text.iter().take(8).position(|b| *b == b')')?;
        return Some((Token::Filling, &text[end + 1..]));
    }
    if MARKS.contains(&first) {
        return Some((Token::Filling, &text[1..]));
    }
    if first.is_ascii_digit()
        && let Some(found) = number(text)
    {
        return Some(found);
    }
    word(text, is_first)
}

fn time(text: &[u8]) -> Option<(Token<'_>, &[u8])> {
    if let Some((stamp, _, rest)) = stamp::iso(text) {
        return Some((Token::Time(Some(stamp)), rest));
    }
    if let Some((stamp, rest)) =
        stamp::rfc3164(text).or_else(|| stamp::unix(text)).or_else(|| stamp::ctime(text))
    {
        return Some((Token::Time(Some(stamp)), rest));
    }
    let (stamp, rest) = calendar::date(text)?;
    Some((Token::Time(Some(stamp)), rest))
}

/// `[...]`: a row of the task table has nothing but a number in its brackets, and is no part of a beginning.
fn group(text: &[u8]) -> Option<(Token<'_>, &[u8])> {
    if let Some((usec, rest)) = stamp::printk(text) {
        return Some((Token::Clock(usec), rest));
    }
    if let Some((stamp, rest)) = stamp::bracketed(text) {
        return Some((Token::Time(stamp), rest.strip_prefix(b":").unwrap_or(rest)));
    }
    let end = text.iter().take(160).position(|b| *b == b']')?;
    let inner = text[1..end].trim_ascii();
    if inner.is_empty() || inner.iter().all(u8::is_ascii_digit) || inner == b"pid" {
        return None;
    }
    let rest = text[end + 1..].strip_prefix(b":").unwrap_or(&text[end + 1..]);
    let token = match inner {
        _ if LEVELS.contains(&inner) => Token::Level,
        b"kernel" | b"kern" => Token::Kernel,
        _ => Token::Name,
    };
    Some((token, rest))
}

/// `<4>`: a facility other than 0 is a process's.
fn priority(text: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let (value, rest) = digits(text.strip_prefix(b"<")?)?;
    let rest = rest.strip_prefix(b">")?;
    let kernel = value.len() == 1 && value[0] < b'8';
    Some((if kernel { Token::Filling } else { Token::Process(b"") }, rest))
}

/// The number of a line, of a process or a thread, or an address.
fn number(text: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let (_, rest) = digits(text)?;
    if let [b':' | b'-' | b'\t' | b',' | b'|' | b';' | b'.' | b')', after @ ..] = rest
        && (!after.first().is_some_and(u8::is_ascii_digit)
            || after.first().is_some_and(|_| is_stamped(after)))
    {
        return Some((Token::Filling, after));
    }
    let blank = rest.trim_ascii_start();
    (blank.len() < rest.len() && leads_on(blank, 5)).then_some((Token::Filling, blank))
}

/// Whether a date or another beginning that stands for itself follows at once.
fn is_stamped(text: &[u8]) -> bool {
    stamp::printk(text).is_some() || time(text).is_some() || words::follows(text, false)
}

/// Whether within some words a stamp, a tag of the kernel or its words follow.
fn leads_on(mut text: &[u8], words: usize) -> bool {
    for _ in 0..words {
        let filling = |b: &u8| matches!(b, b' ' | b'\t' | b',' | b';');
        text = &text[text.iter().position(|b| !filling(b)).unwrap_or(text.len())..];
        if is_solid(text) {
            return true;
        }
        let end = text.iter().take(80).position(filling).unwrap_or(0);
        if end == 0 || !is_plain(text[..end].strip_suffix(b"|").unwrap_or(&text[..end])) {
            return false;
        }
        text = &text[end..];
    }
    false
}

fn is_solid(text: &[u8]) -> bool {
    words::follows(text, false)
        || stamp::printk(text).is_some()
        || stamp::bracketed(text).is_some()
        || priority(text).is_some()
        || time(text).is_some()
        || kernel(text).is_some()
        || facility(text).is_some()
        || matches!(text.first(), Some(b'{' | b'|' | b'"' | b'>'))
        || WIDE.iter().any(|mark| text.starts_with(mark))
}

/// `kernel:`, `kernel[0]:`, `kernel  :`, `kernel |`
fn kernel(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"kernel")?;
    let rest = match rest.strip_prefix(b"[").and_then(digits) {
        Some((_, rest)) => rest.strip_prefix(b"]")?,
        None => rest,
    };
    match rest.trim_ascii_start() {
        [b':', rest @ ..] => Some(rest),
        next if rest.len() - next.len() > 1 || rest.starts_with(b"\t") => Some(next),
        next if matches!(next.first(), Some(b'|' | b',' | b';' | b'"' | b'-' | b'/' | b'\'')) => Some(next),
        _ => None,
    }
}

/// `kern.warn`, `kern:`, `kern  :warn  :`, `daemon.err`: the facility and what follows it and the level.
fn facility(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take(10).position(|b| !b.is_ascii_alphanumeric())?;
    let (name, rest) = text.split_at(end);
    if !FACILITIES.contains(&name) {
        return None;
    }
    let blank = rest.trim_ascii_start();
    let rest = match (rest.strip_prefix(b"."), blank.strip_prefix(b":")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) => rest.trim_ascii_start(),
        (None, None) if name == b"kern" && blank.len() < rest.len() => return Some((name, blank)),
        _ => return None,
    };
    let end = rest.iter().take(10).position(|b| !b.is_ascii_alphabetic()).unwrap_or(0);
    let level = &rest[..end];
    let after = if level.is_empty()
        || LEVELS.contains(&level)
        || level == b"alert"
        || level == b"emerg"
        || level == b"panic"
    {
        &rest[end..]
    } else {
        return (blank.first() == Some(&b':')).then_some((name, rest));
    };
    let blank = after.trim_ascii_start();
    Some((name, blank.strip_prefix(b":").unwrap_or(blank)))
}

fn word(text: &[u8], is_first: bool) -> Option<(Token<'_>, &[u8])> {
    if let Some(rest) = kernel(text) {
        return Some((Token::Kernel, rest));
    }
    if let Some((name, rest)) = facility(text) {
        return Some((if name == b"kern" { Token::Kernel } else { Token::Process(b"") }, rest));
    }
    if let Some(found) = logcat(text) {
        return Some(found);
    }
    let end = text.iter().take(200).position(|b| matches!(b, b' ' | b'\t' | b'|' | b'"' | b';' | b','))?;
    let (whole, after) = text.split_at(end);
    if let Some(found) = assigned(text, whole) {
        return Some(found);
    }
    if is_first && let Some(rest) = named_file(text, whole) {
        return Some((Token::Filling, rest));
    }
    // Android's, which is no name of a logger.
    if matches!(whole, [b'A'..=b'Z']) && after.first() == Some(&b' ') {
        return Some((Token::Filling, after));
    }
    if is_level(whole) {
        return Some((Token::Level, after));
    }
    if is_tag_of_process(whole) || is_numbered_tag(whole) {
        return Some((Token::Process(whole), after));
    }
    if whole.ends_with(b":") {
        return Some((Token::Name, after));
    }
    let plain = is_plain(whole);
    (plain && leads_on(after, 4)).then_some((Token::Host(whole), after))
}

/// `E/kernel  (  0): `, as Android's logcat writes it in short.
fn logcat(text: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let tag = matches!(text, [b'A'..=b'Z', b'/', ..]).then(|| &text[2..])?;
    let open = tag.iter().take(40).position(|b| *b == b'(')?;
    let (_, rest) = digits(tag[open + 1..].trim_ascii_start())?;
    let rest = rest.trim_ascii_start().strip_prefix(b"):")?;
    let kernel = tag[..open].trim_ascii_end() == b"kernel";
    Some((if kernel { Token::Kernel } else { Token::Process(b"") }, rest))
}

/// `MESSAGE=`, `msg="`; another key is of a program that logs in fields, unless it says that the kernel wrote it.
fn assigned<'a>(text: &'a [u8], whole: &'a [u8]) -> Option<(Token<'a>, &'a [u8])> {
    let at = whole.iter().take(40).position(|b| *b == b'=')?;
    let (key, value) = (&whole[..at], &whole[at + 1..]);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@');
    if key.is_empty() || !key.iter().all(plain) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    if LABELS.contains(&lower.as_slice()) || lower.ends_with(b"message") {
        return Some((Token::Filling, &text[at + 1..]));
    }
    if value == b"kernel" || value == b"\"kernel" {
        return Some((Token::Kernel, &text[whole.len()..]));
    }
    let of_program: [&[u8]; 8] =
        [b"level", b"lvl", b"logger", b"caller", b"component", b"severity", b"module", b"thread"];
    let token = if of_program.contains(&lower.as_slice()) { Token::Process(b"") } else { Token::Name };
    Some((token, &text[whole.len()..]))
}

/// `kern.log.1:`, `/var/log/messages-20231128.gz:12:`, `kern.log-12-`, as grep and zgrep write them before a line.
fn named_file<'a>(text: &'a [u8], whole: &[u8]) -> Option<&'a [u8]> {
    let plain = |b: &u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'+' | b'@' | b'~' | b'=' | b'%')
    };
    let length = whole.iter().take_while(|b| plain(b)).count();
    if whole.get(length) == Some(&b':') && length > 0 && length + 1 < text.len() {
        let rest = &text[length + 1..];
        let path = whole[..length].iter().any(|b| matches!(b, b'/' | b'.'));
        return (path || (!rest.starts_with(b" ") && is_solid(numbered(rest)))).then(|| numbered(rest));
    }
    // `-12-`: lines of context.
    (1..whole.len()).filter(|at| whole[*at] == b'-').find_map(|at| {
        let rest = &text[at + 1..];
        let behind = numbered(rest);
        let rest = if behind.len() < rest.len() { behind } else { rest };
        let solid = stamp::printk(rest).is_some() || time(rest).is_some() || words::begins(rest);
        solid.then_some(rest)
    })
}

/// Without `12:` or `12-`.
fn numbered(text: &[u8]) -> &[u8] {
    let behind =
        digits(text).and_then(|(_, rest)| rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"-")));
    behind.filter(|rest| is_stamped(rest) || is_solid(rest)).unwrap_or(text)
}

/// A name of a machine, a container, a file: nothing that stands in a sentence between others.
fn is_plain(word: &[u8]) -> bool {
    let plain = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b'#' | b'+' | b'>')
            || *b >= 0x80
    };
    !word.is_empty() && word.iter().all(plain)
}

/// `sshd:`; names of machines and files have a point or a slash, labels name no program.
pub(super) fn is_tag_of_process(word: &[u8]) -> bool {
    let Some(name) = word.strip_suffix(b":") else { return false };
    let lower = name.to_ascii_lowercase();
    let letters = name.iter().any(u8::is_ascii_alphabetic);
    let place = name.contains(&b'.') || name.contains(&b'/') || name.contains(&b':');
    let vendor = matches!(name, [b'A'..=b'Z', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
    letters
        && !place
        && !vendor
        && !LABELS.contains(&lower.as_slice())
        && name != b"kernel"
        && !LEVELS.contains(&name)
}

/// `sshd[123]:`, `sshd[123]`
pub(super) fn is_numbered_tag(word: &[u8]) -> bool {
    let word = word.strip_suffix(b":").unwrap_or(word);
    let Some(rest) = word.strip_suffix(b"]") else { return false };
    let at = rest.iter().rposition(|b| *b == b'[');
    at.is_some_and(|at| {
        at > 0
            && &rest[..at] != b"kernel"
            && !rest[at + 1..].is_empty()
            && rest[at + 1..].iter().all(u8::is_ascii_digit)
    })
}

/// `level=warn`
pub(super) fn is_structured(word: &[u8]) -> bool {
    [&b"level="[..], b"lvl=", b"logger=", b"caller=", b"severity="].iter().any(|key| word.starts_with(key))
}

pub(super) fn is_level(word: &[u8]) -> bool {
    LEVELS.contains(&word.strip_suffix(b":").unwrap_or(word))
}

/// A word as sentences have them.
pub(super) fn is_prose(word: &[u8]) -> bool {
    word.len() > 1 && word.iter().all(u8::is_ascii_lowercase)
}

//! A line of text: what stands before the kernel's words, and who wrote them.

use std::borrow::Cow;

use super::line::{LogLine, Stamp, Writer};
use super::{beginning, calendar, json, stamp, words};
use crate::klog::KmsgRecord;
use crate::klog::parse::scan::{digits, number, split};
use crate::klog::userspace::Program;

/// Wrappings inside of wrappings are followed so deep.
const DEPTH: u8 = 4;

/// Reads a line, with or without its line end.
pub(super) fn parse(line: &[u8]) -> LogLine<'_> {
    at_depth(line, 0)
}

pub(super) fn at_depth(line: &[u8], depth: u8) -> LogLine<'_> {
    let line = without_ends(line);
    let known = exact(line, depth);
    if let Some(known) = &known
        && (is_settled(known) || words::find(line).is_none())
    {
        return known.clone();
    }
    let found = (depth < DEPTH).then(|| beginning::parse(line, depth)).flatten();
    found.or(known).unwrap_or_else(|| untagged(line))
}

/// Nothing more is to be found out about it.
fn is_settled(line: &LogLine<'_>) -> bool {
    ["/dev/kmsg", "JSON", "journal"].contains(&line.format)
        || (line.writer == Writer::Process && line.program.is_some())
        || words::begins(&line.text)
}

/// A line in a form that is known; `None` when there is nothing but a text, with or without a date.
pub(super) fn exact(line: &[u8], depth: u8) -> Option<LogLine<'_>> {
    if depth < DEPTH
        && line.first() == Some(&b'{')
        && let Some(parsed) = json::parse(line, depth + 1)
    {
        // Inside of another wrapping it is a text that anyone may have written, not what the journal found.
        return Some(if depth > 0 { parsed.without_findings() } else { parsed });
    }
    if line.first().is_some_and(u8::is_ascii_digit)
        && let Some(record) = kmsg(line)
    {
        return Some(record);
    }
    let (priority, rest) = priority(line);
    if let Some(rest) = rest.strip_prefix(b"1 ").filter(|_| priority.is_some())
        && let Some(parsed) = rfc5424(priority, rest)
    {
        return Some(parsed);
    }
    if let Some((facility, rest)) = decoded(rest) {
        let mut parsed = ring_buffer(rest).or_else(|| with_comma(rest)).unwrap_or_else(|| bare(rest));
        parsed.format = "dmesg with facilities";
        parsed.writer = if facility == b"kern" { Writer::Kernel } else { Writer::Process };
        return Some(parsed);
    }
    if let Some(parsed) = ring_buffer(rest).or_else(|| with_comma(rest)) {
        return Some(LogLine { writer: written(priority, parsed.writer), ..parsed });
    }
    if let Some(parsed) = dated(rest, priority, depth) {
        return Some(parsed);
    }
    if let Some(rest) = rest.strip_prefix(b"kernel:") {
        let text = rest.strip_prefix(b" ").unwrap_or(rest);
        return Some(LogLine {
            format: "syslog",
            writer: written(priority, Writer::Kernel),
            ..printed(text)
        });
    }
    // `<4>` before the kernel's words, and nothing else.
    priority.map(|_| LogLine { writer: written(priority, Writer::Unknown), ..bare(rest) })
}

/// Nothing says who wrote it.
fn untagged(line: &[u8]) -> LogLine<'_> {
    let Some((stamp, format, rest)) = date(line) else { return bare(line) };
    LogLine { format, stamp: Some(stamp), ..bare(rest) }
}

/// Line ends, also those of serial consoles, where the carriage return may come first.
fn without_ends(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    while let [b'\r', rest @ ..] = line {
        line = rest;
    }
    line
}

pub(super) fn bare(text: &[u8]) -> LogLine<'_> {
    LogLine { format: "text", text: unescaped(text), ..LogLine::default() }
}

/// A record of /dev/kmsg.
fn kmsg(line: &[u8]) -> Option<LogLine<'_>> {
    // Three numbers and a flag come before the text.
    let head = line.iter().take(64).position(|b| *b == b';')?;
    if line[..head].iter().filter(|b| **b == b',').count() < 2 {
        return None;
    }
    let record = KmsgRecord::parse(line)?;
    Some(LogLine {
        format: "/dev/kmsg",
        writer: if record.facility == 0 { Writer::Kernel } else { Writer::Process },
        usec: Some(record.usec),
        seq: Some(record.seq),
        fragment: record.fragment,
        caller: record.caller,
        text: Cow::Owned(record.text),
        ..LogLine::default()
    })
}

/// `<4>`: facility and level in one number.
fn priority(line: &[u8]) -> (Option<u32>, &[u8]) {
    let parsed = || {
        let (value, rest) = digits(line.strip_prefix(b"<")?)?;
        Some((number::<u32>(value).filter(|value| *value < 1024)?, rest.strip_prefix(b">")?))
    };
    parsed().map_or((None, line), |(value, rest)| (Some(value), rest))
}

/// A facility other than the kernel's is a process's. 0 tells nothing: `dmesg -r` mixes it up with the level in some versions.
fn written(priority: Option<u32>, otherwise: Writer) -> Writer {
    if priority.is_some_and(|priority| priority >= 8) { Writer::Process } else { otherwise }
}

/// `kern  :info  : ` of `dmesg -x`.
fn decoded(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (facility, rest) = split(&line[..line.len().min(32)], b":")?;
    let (level, _) = split(rest, b":")?;
    let word = |text: &[u8]| {
        let text = text.trim_ascii_end();
        !text.is_empty() && text.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let levels: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"err", b"warn", b"notice", b"info", b"debug"];
    (word(facility) && levels.contains(&level.trim_ascii_end())).then_some(())?;
    let text = &line[facility.len() + level.len() + 2..];
    Some((facility.trim_ascii_end(), text.strip_prefix(b" ").unwrap_or(text)))
}

/// A line of dmesg or of a console, or of the journal by the monotonic clock.
fn ring_buffer(line: &[u8]) -> Option<LogLine<'_>> {
    if line.first() != Some(&b'[') {
        return None;
    }
    let base = LogLine { format: "dmesg", writer: Writer::RingBuffer, ..LogLine::default() };
    if let Some((usec, rest)) = stamp::printk(line) {
        let journal = stamp::delta(rest).unwrap_or(rest);
        if let Some((host, rest)) = host_and_kernel(journal) {
            let inner = printed(rest);
            let host = Some(String::from_utf8_lossy(host).into_owned());
            return Some(LogLine {
                format: "journal",
                writer: Writer::Kernel,
                host,
                usec: inner.usec.or(Some(usec)),
                ..inner
            });
        }
        return Some(stamped(LogLine { usec: Some(usec), ..base }, rest));
    }
    let (stamp, rest) = stamp::bracketed(line)?;
    Some(stamped(LogLine { stamp, ..base }, rest))
}

/// `2026-11-25T02:46:53,123456+01:00 ` of `dmesg --time-format iso`: no other form has a comma there.
fn with_comma(line: &[u8]) -> Option<LogLine<'_>> {
    let (stamp, is_dmesg, rest) = stamp::iso(line)?;
    let base =
        LogLine { format: "dmesg", writer: Writer::RingBuffer, stamp: Some(stamp), ..LogLine::default() };
    is_dmesg.then(|| stamped(base, rest))
}

/// What follows the first time: more times, where dmesg was asked for several, the caller, and what vendors print.
fn stamped<'a>(mut line: LogLine<'a>, mut rest: &'a [u8]) -> LogLine<'a> {
    while let Some((usec, stamp, after)) = stamp::another(rest).filter(|(.., after)| !is_name(after)) {
        line.usec = line.usec.or(usec);
        line.stamp = line.stamp.take().or(stamp);
        rest = after;
    }
    if let Some((caller, after)) = stamp::caller(rest) {
        line.caller = Some(caller);
        rest = after;
    }
    while let Some(after) = stamp::vendor(rest).filter(|after| !is_name(after)) {
        rest = after;
    }
    line.text = unescaped(rest);
    line
}

/// What stood before this is the name of the process that asked for memory.
fn is_name(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"invoked oom-killer")
}

/// `web-3 kernel: `
fn host_and_kernel(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take(256).position(|b| *b == b' ')?;
    let (host, rest) = text.split_at(end);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    Some((host, rest.strip_prefix(b" kernel: ")?)).filter(|_| !host.is_empty() && host.iter().all(plain))
}

/// The kernel's words behind a tag, with printk's time and caller where they are printed as well.
fn printed(text: &[u8]) -> LogLine<'_> {
    match stamp::printk(text.trim_ascii_start()) {
        Some((usec, rest)) => stamped(LogLine { usec: Some(usec), ..LogLine::default() }, rest),
        None => LogLine { text: unescaped(text), ..LogLine::default() },
    }
}

/// `TIMESTAMP HOST APP PROCID MSGID SD MSG` of RFC 5424.
fn rfc5424(priority: Option<u32>, text: &[u8]) -> Option<LogLine<'_>> {
    let (time, rest) = split(text, b" ")?;
    let (host, rest) = split(rest, b" ")?;
    let (app, rest) = split(rest, b" ")?;
    let (procid, rest) = split(rest, b" ")?;
    let (_msgid, rest) = split(rest, b" ")?;
    let message = structured(rest)?;
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let stamp = std::str::from_utf8(time).ok().and_then(stamp::field);
    if stamp.is_none() && time != b"-" {
        return None;
    }
    let kernel = app == b"kernel" && priority.is_some_and(|priority| priority < 8);
    let writer = if kernel { Writer::Kernel } else { Writer::Process };
    let program = name(app).filter(|_| !kernel).map(|app| Program {
        tag: Some(app),
        pid: std::str::from_utf8(procid).ok().and_then(|pid| pid.parse().ok()),
        ..Program::default()
    });
    Some(LogLine {
        format: "syslog (RFC 5424)",
        writer,
        program,
        host: name(host),
        stamp,
        ..printed(message)
    })
}

/// What follows the structured data.
fn structured(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest.strip_prefix(b" ").unwrap_or(rest));
    }
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && text.get(at + 1) != Some(&b'[') => {
                return Some(text[at + 1..].strip_prefix(b" ").unwrap_or(&text[at + 1..]));
            }
            b'[' | b' ' | b'=' => {}
            _ if at == 0 => return None,
            _ => {}
        }
    }
    None
}

fn name(host: &[u8]) -> Option<String> {
    (!host.is_empty() && host != b"-").then(|| String::from_utf8_lossy(host).into_owned())
}

/// The date at the beginning of a line, the form's name, and what follows.
fn date(line: &[u8]) -> Option<(Stamp, &'static str, &[u8])> {
    if let Some((stamp, _, rest)) = stamp::iso(line) {
        return Some((stamp, "syslog", rest));
    }
    if let Some((stamp, rest)) = stamp::rfc3164(line) {
        return Some((stamp, "syslog (RFC 3164)", rest));
    }
    if let Some((stamp, rest)) = stamp::unix(line) {
        return Some((stamp, "journal", rest));
    }
    if let Some((stamp, rest)) = stamp::ctime(line) {
        return Some((stamp, "syslog", rest.trim_ascii_start()));
    }
    let (stamp, rest) = calendar::date(line)?;
    Some((stamp, "syslog", rest))
}

/// Lines that begin with a date: syslog files, the journal's short forms, logs of containers.
fn dated(line: &[u8], priority: Option<u32>, depth: u8) -> Option<LogLine<'_>> {
    let (stamp, format, rest) = date(line)?;
    if let Some(inner) = of_container(rest)
        && depth < DEPTH
    {
        let inner = at_depth(inner, depth + 1);
        return Some(LogLine { stamp: inner.stamp.clone().or(Some(stamp)), ..inner });
    }
    let Some((host, tag, text)) = tagged(rest) else {
        // Nothing but a time before it, as `docker logs -t` and `kubectl logs --timestamps` have it.
        let inner = (depth < DEPTH).then(|| exact(rest, depth + 1)).flatten()?;
        return Some(LogLine { stamp: inner.stamp.clone().or(Some(stamp)), ..inner });
    };
    let is_kernel = tag == b"kernel:";
    let writer = if is_kernel { written(priority, Writer::Kernel) } else { Writer::Process };
    let program = if is_kernel { None } else { program(tag) };
    Some(LogLine { format, writer, program, host: host.and_then(name), stamp: Some(stamp), ..printed(text) })
}

/// `stdout F `: a container's log as containerd and CRI-O write it.
fn of_container(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"stdout ").or_else(|| text.strip_prefix(b"stderr "))?;
    rest.strip_prefix(b"F ").or_else(|| rest.strip_prefix(b"P "))
}

/// The host, the tag, the text. An empty tag is a process's that is not known.
type Tagged<'a> = (Option<&'a [u8]>, &'a [u8], &'a [u8]);

/// `HOST TAG: TEXT` or `TAG: TEXT`: the host, the tag, the text. Between host and tag may stand facility and level
/// (`kern.warn`).
fn tagged(text: &[u8]) -> Option<Tagged<'_>> {
    let kernel = &b"kernel:"[..];
    if let Some(rest) = text.strip_prefix(kernel) {
        return Some((None, kernel, rest.strip_prefix(b" ").unwrap_or(rest)));
    }
    if words::follows(text, false) {
        return None;
    }
    let (host, rest) = split(text, b" ")?;
    if is_tag(host) {
        return Some((None, host, rest));
    }
    // OpenWrt's logread has no host.
    let (host, mut rest) = if is_level(host) { (None, text) } else { (Some(host), rest.trim_ascii_start()) };
    if words::follows(rest, false) {
        return None;
    }
    if let Some((level, after)) = split(rest, b" ").filter(|(level, _)| is_level(level)) {
        if level.split(|b| *b == b'.').next() != Some(b"kern") {
            let (tag, after) = split(after, b" ").filter(|(tag, _)| is_tag(tag)).unwrap_or((b"", after));
            // Of another facility it is a process's, whatever its tag says.
            let tag = if tag == kernel { b"" } else { tag };
            return Some((host, tag, after));
        }
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(kernel) {
        return Some((host, kernel, after.strip_prefix(b" ").unwrap_or(after)));
    }
    if let Some(after) = rest
        .strip_prefix(b"kernel[")
        .and_then(|rest| split(rest, b"]:"))
        .filter(|(id, _)| number::<u32>(id).is_some())
    {
        return Some((host, kernel, after.1.strip_prefix(b" ").unwrap_or(after.1)));
    }
    let end = rest.iter().take(128).position(|b| matches!(b, b' ' | b'\t'))?;
    is_tag(&rest[..end]).then(|| (host, &rest[..end], &rest[end + 1..]))
}

/// The program of `sshd[123]:` or `sshd:`.
pub(super) fn program(tag: &[u8]) -> Option<Program> {
    let tag = std::str::from_utf8(tag).ok()?.strip_suffix(':')?;
    let (name, pid) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
        Some((name, pid)) => (name, pid.parse().ok()),
        None => (tag, None),
    };
    Some(Program { tag: Some(name.to_owned()), pid, ..Program::default() })
}

/// `sshd[123]:`
fn is_tag(word: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b',' | b'"' | b'|' | b';' | b'>') || *b >= 0x80;
    word.len() > 1 && word.ends_with(b":") && !word[0].is_ascii_digit() && word.iter().all(plain)
}

/// `kern.warn`
fn is_level(word: &[u8]) -> bool {
    let mut parts = word.split(|b| *b == b'.');
    let levels: [&[u8]; 11] = [
        b"emerg", b"alert", b"crit", b"err", b"error", b"warn", b"warning", b"notice", b"info", b"debug",
        b"panic",
    ];
    parts.next().is_some_and(|facility| facility.iter().all(u8::is_ascii_alphanumeric))
        && parts.next().is_some_and(|level| levels.contains(&level))
        && parts.next().is_none()
}

/// Undoes how dmesg (`\x01`) and rsyslog (`#012`) write bytes that can't be shown. Only those are undone: a text that looks
/// like an escaped letter is that text.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.windows(4).any(|four| escape(four).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text.get(at..at + 4).and_then(escape) {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn escape(four: &[u8]) -> Option<u8> {
    let value = match four {
        [b'\\', b'x', digits @ ..] => u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?,
        [b'#', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?
        }
        _ => return None,
    };
    (!(0x20..0x7f).contains(&value)).then_some(value)
}

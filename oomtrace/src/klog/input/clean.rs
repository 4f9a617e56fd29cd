//! What terminals, web pages and editors put into a line: colours, entities, tags, byte order marks.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// Entities of HTML, and what they stand for.
const ENTITIES: [(&[u8], &[u8]); 14] = [
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&amp;", b"&"),
    (b"&quot;", b"\""),
    (b"&apos;", b"'"),
    (b"&nbsp;", b" "),
    (b"&colon;", b":"),
    (b"&lpar;", b"("),
    (b"&rpar;", b")"),
    (b"&lsqb;", b"["),
    (b"&rsqb;", b"]"),
    (b"&lbrack;", b"["),
    (b"&rbrack;", b"]"),
    (b"&Tab;", b"\t"),
];
/// Tags that end a line.
const BREAKS: [&[u8]; 7] = [b"br", b"p", b"div", b"li", b"tr", b"pre", b"code"];
/// Tags that only colour or enclose.
const INLINE: [&[u8]; 22] = [
    b"span",
    b"b",
    b"i",
    b"em",
    b"strong",
    b"font",
    b"tt",
    b"a",
    b"td",
    b"th",
    b"table",
    b"tbody",
    b"ul",
    b"ol",
    b"body",
    b"html",
    b"mark",
    b"u",
    b"s",
    b"samp",
    b"kbd",
    b"blockquote",
];

/// The line without all that; newlines stand where a tag ends a line. Borrowed where there was nothing.
pub(super) fn clean(line: &[u8], is_html: bool) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
    if has_colour(&text) {
        text = Cow::Owned(without_colours(&text));
    }
    if is_coloured(&text) {
        text = Cow::Owned(without_written_colours(&text));
    }
    if memmem::find(&text, b"\xc2\xa0").is_some() || memmem::find(&text, b"\xe2\x80\x8b").is_some() {
        text = Cow::Owned(without_blanks(&text));
    }
    if !is_html {
        return text;
    }
    if memchr(b'<', &text).is_some() && has_tag(&text) {
        text = Cow::Owned(without_tags(&text));
    }
    if memchr(b'&', &text).is_some() {
        let decoded = entities(&text);
        text = Cow::Owned(decoded);
    }
    text
}

/// How the escape character is written: as it is, by `cat -v`, rsyslog, dmesg, `less` and in source code.
const ESCAPES: [&[u8]; 7] = [b"\x1b", b"^[", b"#033", b"\\x1b", b"\\033", b"\\u001b", b"\\e"];

/// Whether there may be an escape sequence that is written out.
pub(super) fn has_written_colour(text: &[u8]) -> bool {
    ESCAPES[1..]
        .iter()
        .any(|start| memmem::find(text, start).is_some_and(|at| text.get(at + start.len()) == Some(&b'[')))
        || lost(text.trim_ascii_start()).is_some()
}

/// The length of a colour that has lost its escape character, as forums and web consoles drop it: `[32m`, `[0;1;31m`. No line of
/// the kernel begins with one.
fn lost(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"[")?;
    let end = rest.iter().take(12).position(|b| !(b.is_ascii_digit() || *b == b';'))?;
    (end > 0 && rest[end] == b'm').then_some(end + 2)
}

fn has_colour(text: &[u8]) -> bool {
    memchr(0x1b, text).is_some()
}

/// Whether a line begins with an escape sequence that is written out. The kernel, dmesg and syslog write out those in the names of
/// processes and cgroups as well: of a line that does not begin with one they are part of a name.
fn is_coloured(text: &[u8]) -> bool {
    escape(text.trim_ascii_start()).is_some()
}

/// The length of an escape sequence at the beginning.
fn escape(text: &[u8]) -> Option<usize> {
    let first = text.first()?;
    if *first == b'[' {
        return lost(text);
    }
    if !matches!(first, 0x1b | b'^' | b'#' | b'\\') {
        return None;
    }
    let start = ESCAPES.iter().find(|start| text.starts_with(start))?;
    let rest = &text[start.len()..];
    match rest.first() {
        Some(b'[') => {
            let end =
                rest[1..].iter().take(24).position(|b| !matches!(b, b'0'..=b'9' | b';' | b':' | b'?'))? + 1;
            let last = rest.get(end)?;
            (last.is_ascii_alphabetic() && (*first == 0x1b || end > 1 || matches!(last, b'm' | b'K')))
                .then_some(start.len() + end + 1)
        }
        // A title or a link, ended by BEL or ESC \.
        Some(b']') if *first == 0x1b => {
            let end = rest.iter().take(512).position(|b| matches!(b, 0x07 | 0x1b))?;
            let tail = if rest[end] == 0x1b { 2 } else { 1 };
            Some((start.len() + end + tail).min(text.len()))
        }
        Some(b'(' | b')') if *first == 0x1b => Some((start.len() + 2).min(text.len())),
        _ if *first == 0x1b => Some(1),
        _ => None,
    }
}

/// Without those that are there as they are: no log of the kernel holds one by itself.
fn without_colours(text: &[u8]) -> Vec<u8> {
    without(text, |rest| if rest.first() == Some(&0x1b) { escape(rest) } else { None })
}

fn without_written_colours(text: &[u8]) -> Vec<u8> {
    without(text, escape)
}

fn without(text: &[u8], sequence: impl Fn(&[u8]) -> Option<usize>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match sequence(&text[at..]) {
            Some(length) => at += length,
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// No-break spaces of web pages are spaces; spaces without width are none.
fn without_blanks(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"\xc2\xa0") {
            out.push(b' ');
            at += 2;
        } else if text[at..].starts_with(b"\xe2\x80\x8b") {
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The name of the tag at the beginning, and its length.
fn tag(text: &[u8]) -> Option<(&'static [u8], usize)> {
    let rest = text.strip_prefix(b"<")?;
    let rest = rest.strip_prefix(b"/").unwrap_or(rest);
    let name = rest.iter().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
    let known = BREAKS.iter().chain(&INLINE).find(|known| known.eq_ignore_ascii_case(&rest[..name]))?;
    let end = text.iter().take(512).position(|b| *b == b'>')?;
    let after = rest.get(name)?;
    matches!(after, b'>' | b' ' | b'/').then_some((known, end + 1))
}

fn has_tag(text: &[u8]) -> bool {
    memchr::memchr_iter(b'<', text).any(|at| tag(&text[at..]).is_some())
}

/// Whether a text is of a web page: a line begins or ends with a tag, or an entity stands for a bracket or a quote.
pub(super) fn is_html(begin: &[u8]) -> bool {
    let entities: [&[u8]; 5] = [b"&lt;", b"&gt;", b"&quot;", b"&#39;", b"&nbsp;"];
    if memchr(b'&', begin).is_some() && entities.iter().any(|entity| memmem::find(begin, entity).is_some()) {
        return true;
    }
    memchr(b'<', begin).is_some()
        && begin.split(|b| *b == b'\n').any(|line| {
            let line = line.trim_ascii();
            let last = line.iter().rposition(|b| *b == b'<').filter(|_| line.ends_with(b">"));
            tag(line).is_some()
                || last
                    .is_some_and(|at| tag(&line[at..]).is_some_and(|(_, length)| at + length == line.len()))
        })
}

fn without_tags(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match tag(&text[at..]) {
            Some((name, length)) => {
                if BREAKS.contains(&name) {
                    out.push(b'\n');
                } else if [&b"td"[..], b"th"].contains(&name) {
                    out.push(b' ');
                }
                at += length;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

fn entities(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some((name, plain)) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name)) {
            out.extend_from_slice(plain);
            at += name.len();
        } else if let Some((byte, length)) = numbered(rest) {
            out.push(byte);
            at += length;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// `&#39;` or `&#x27;`: ASCII and the no-break space.
fn numbered(text: &[u8]) -> Option<(u8, usize)> {
    let rest = text.strip_prefix(b"&#")?;
    let end = rest.iter().take(6).position(|b| *b == b';')?;
    let digits = std::str::from_utf8(&rest[..end]).ok()?;
    let value = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u8::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    let byte = if value == 160 { b' ' } else { value };
    (byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t')).then_some((byte, end + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(clean(text.as_bytes(), true).into_owned()).unwrap()
    }

    #[test]
    fn colours_however_they_are_written() {
        for escape in ["\x1b", "^[", "#033", "\\x1b", "\\033", "\\u001b"] {
            let line =
                format!("{escape}[32m[   12.3] {escape}[0m{escape}[1;31mOut of{escape}[m memory{escape}[K");
            assert_eq!(cleaned(&line), "[   12.3] Out of memory", "{escape}");
        }
        assert_eq!(cleaned("\x1b]8;;http://x\x1b\\a\x1b]0;t\x07b"), "ab");
        for name in
            ["Killed process 7 (\\x1b[31mred\\x1b[0m)", "oom_memcg=/a-\\x1b[31mred\\x07", "x #033[1mb#033[0m"]
        {
            assert_eq!(cleaned(name), name, "a name");
        }
        for same in ["^[abc", "[ 1.2] #033", "\\x1b", "a^[[", "\\[x", "#033[zz "] {
            assert_eq!(cleaned(same), same);
        }
    }

    #[test]
    fn web_pages() {
        assert_eq!(
            cleaned("<pre>[ 1.2] a &lt;b&gt; &#39;c&#x27; d&amp;e&nbsp;f<br>g</pre>"),
            "\n[ 1.2] a <b> 'c' d&e f\ng\n"
        );
        assert_eq!(cleaned("<td class=\"x\">a</td><td>b</td>"), " a  b ");
        for same in ["<4>[ 1.2] x", "[ 1.2 < 0.1>] x", "a < b > c", "AT&T", "&#999;", "<busybox>", "R13: <x"]
        {
            assert_eq!(cleaned(same), same);
        }
        assert_eq!(cleaned("\u{feff}Out\u{a0}of memory"), "Out of memory");
    }

    #[test]
    fn a_plain_line_is_not_copied() {
        assert!(matches!(clean(b"[ 1.2] Out of memory: Killed process 1 (a)", true), Cow::Borrowed(_)));
    }
}

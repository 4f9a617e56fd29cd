//! Text that Markdown, and what ticket systems make of it, leaves as it is.

use crate::model::Text;
use crate::words::escape;

/// A name in a code span. The two characters that can end a span or a table's cell are shown as escapes; nothing else means
/// anything in a span, neither mentions nor links nor HTML.
pub(super) fn code(text: &str) -> String {
    let shown = escape::text(&text.replace('\u{a0}', " ")).replace('`', r"\x60").replace('|', r"\x7c");
    if shown.trim().is_empty() { "(empty)".into() } else { format!("`{shown}`") }
}

/// The same of a name from the kernel.
pub(super) fn name(text: &Text) -> String {
    code(&escape::bytes(text.as_bytes()))
}

/// Prose: what Markdown would take for markup is escaped, and so is what would notify people or link issues.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    // U+00A0 is our own way to keep a figure and its unit on one line.
    for (at, part) in text.split('\u{a0}').enumerate() {
        if at > 0 {
            out.push_str("&nbsp;");
        }
        escape::text(part).chars().for_each(|c| push(&mut out, c));
    }
    unlink(out)
}

fn push(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => out.extend(['\\', c]),
        // A comment takes the mention or reference apart and shows nothing.
        '@' | '#' => {
            out.push(c);
            out.push_str("<!-- -->");
        }
        _ => out.push(c),
    }
}

/// Addresses are not to become links.
fn unlink(text: String) -> String {
    if text.contains("://") || text.contains("www.") {
        return text.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn code_can_not_be_left() {
        assert_eq!(code("a`b|c\n<i>"), r"`a\x60b\x7cc\n<i>`");
        assert_eq!(code(""), "(empty)");
        assert_eq!(name(&Text::new(b"\xff".to_vec())), r"`\xff`");
    }

    #[test]
    fn prose_is_prose() {
        assert_eq!(prose("**x** [a](b) |"), r"\*\*x\*\* \[a\](b) \|");
        assert_eq!(prose("<img> @all #12"), "&lt;img&gt; @<!-- -->all #<!-- -->12");
        assert_eq!(prose("see https://x.y"), "see https:<!-- -->//x.y");
        assert_eq!(prose("64.0\u{a0}MiB\n::error::"), r"64.0&nbsp;MiB\\n::error::");
    }

    proptest! {
        #[test]
        fn nothing_breaks_a_line_or_a_cell(text in any::<String>()) {
            let code = code(&text);
            prop_assert!(!code.contains(['\n', '|']) && code.matches('`').count() <= 2);
            let prose = prose(&text);
            prop_assert!(!prose.contains('\n'));
            prop_assert!(prose.replace("<!-- -->", "").chars().all(|c| c != '<' && c != '>'));
        }
    }
}

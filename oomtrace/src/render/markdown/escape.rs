//! Text that Markdown, and what ticket systems make of it, leaves as it is.

use crate::model::Text;
use crate::words::escape;

/// A name in a code span. The two characters that can end a span or a table's cell are shown as escapes; nothing else means
/// anything in a span, neither mentions nor links nor HTML.
pub(super) fn code(text: &str) -> String {
    let shown = escape::text(&text.replace('\u{a0}', " ")).replace('`', r"\x60").replace('|', r"\x7c");
    if shown.trim().is_empty() { "(empty)".into() } else { format!("`{shown}`") }
}

/// A command in a fenced block, exactly as a shell is to read it: the fence is longer than any run of backticks in it. `indent`
/// blanks stand before each line, so that the block can belong to a list item.
pub(super) fn command(text: &str, indent: usize) -> String {
    let text = escape::text(&text.replace('\u{a0}', " ")).into_owned();
    let run = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (blanks, fence) = (" ".repeat(indent), "`".repeat((run + 1).max(3)));
    format!("{blanks}{fence}sh\n{blanks}{text}\n{blanks}{fence}")
}

/// A name from the kernel as [`code`].
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
    fn a_command_is_what_a_shell_reads() {
        let line = "echo 1 | sudo tee '/sys/fs/cgroup/a`b'";
        assert_eq!(command(line, 0), format!("```sh\n{line}\n```"));
        assert_eq!(command("echo ```` x", 2), "  `````sh\n  echo ```` x\n  `````");
        assert_eq!(command("a\n```\nb", 0), "````sh\na\\n```\\nb\n````", "no line break gets out");
    }

    #[test]
    fn prose_is_prose() {
        assert_eq!(prose("**x** [a](b) |"), r"\*\*x\*\* \[a\](b) \|");
        assert_eq!(prose("<img> @all #12"), "&lt;img&gt; @<!-- -->all #<!-- -->12");
        assert_eq!(prose("see https://x.y"), "see https:<!-- -->//x.y");
        assert_eq!(prose("64\u{a0}MiB\n::error::"), r"64&nbsp;MiB\\n::error::");
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

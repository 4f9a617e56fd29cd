//! A command in a given width that can still be pasted as a whole.

use crate::words::width::columns;

/// Breaks `command` at blanks outside of quotes, each line but the last ending in ` \`. A word that is wider than a line is
/// left whole.
pub(super) fn lines(command: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(command) {
        let line = lines.last().map_or(0, |line| columns(line));
        // Two columns stay free for the ` \`.
        if line > 0 && line + 1 + columns(word) + 2 > width {
            if let Some(line) = lines.last_mut() {
                line.push_str(" \\");
            }
            lines.push(word.to_owned());
        } else if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// The words of a shell's command line, quotes and all. Only ASCII is looked at, so any cut is between characters.
fn words(command: &str) -> Vec<&str> {
    let bytes = command.as_bytes();
    let mut words = Vec::new();
    let (mut start, mut at) = (0, 0);
    // What ends the quotes that we are in, and whether a backslash escapes in them.
    let mut quote: Option<(u8, bool)> = None;
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (None | Some((_, true)), b'\\') => at += 1,
            (None, b'$') if bytes.get(at + 1) == Some(&b'\'') => {
                quote = Some((b'\'', true));
                at += 1;
            }
            (None, b'\'') => quote = Some((b'\'', false)),
            (None, b'"') => quote = Some((b'"', true)),
            (Some((end, _)), byte) if *byte == end => quote = None,
            (None, b' ') => {
                words.push(&command[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    words.push(&command[start..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::shell;

    #[test]
    fn breaks_where_a_shell_reads_on() {
        assert_eq!(lines("docker update --memory 640m abc", 80), ["docker update --memory 640m abc"]);
        assert_eq!(lines("docker update --memory 640m abc", 20), ["docker update \\", "--memory 640m abc"]);
        assert_eq!(lines("a 'b c d e' f", 8), ["a \\", "'b c d e' \\", "f"]);
        assert_eq!(lines(r"x $'a b\' c' \' d", 6), [r"x \", r"$'a b\' c' \", r"\' d"]);
        assert_eq!(lines("", 8), [""]);
    }

    proptest! {
        /// A shell reads the same words from the broken lines.
        #[test]
        fn nothing_changes(names in proptest::collection::vec(proptest::collection::vec(1..=255_u8, 0..12), 1..5), width in 4_usize..40) {
            let command: Vec<_> = names.iter().map(|name| shell::quote(name)).collect();
            let script = format!("printf '<%s>' {}", lines(&command.join(" "), width).join("\n    "));
            let out = std::process::Command::new("bash").arg("-c").arg(script).output().unwrap();
            let expected: Vec<u8> = names.iter().flat_map(|name| [b"<", name.as_slice(), b">"].concat()).collect();
            prop_assert_eq!(out.stdout, expected);
        }
    }
}

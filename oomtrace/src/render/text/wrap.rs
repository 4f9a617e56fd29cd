//! Breaks text into lines at spaces, and words that are too long after a `/`.

use super::page::{Rich, Tone};
use crate::words::width::of_char;

type Char = (Tone, char);

/// Breaks `text` into lines of at most `width` columns; all but the first leave `hang` columns free.
pub(super) fn wrap(text: &Rich, width: usize, hang: usize, max_lines: usize) -> Vec<Rich> {
    let mut lines = Lines { done: Vec::new(), line: Vec::new(), used: 0, width, hang };
    let chars: Vec<Char> =
        text.pieces().iter().flat_map(|(tone, text)| text.chars().map(|c| (*tone, c))).collect();
    for word in chars.split_inclusive(|(_, c)| *c == ' ') {
        lines.word(word);
    }
    lines.finish(max_lines)
}

struct Lines {
    done: Vec<Vec<Char>>,
    line: Vec<Char>,
    used: usize,
    width: usize,
    hang: usize,
}

impl Lines {
    fn word(&mut self, word: &[Char]) {
        let visible = columns(trim(word));
        if self.used + visible > self.room() && self.used > 0 && (visible <= self.full() || !self.is_roomy())
        {
            self.turn();
        }
        let mut rest = word;
        while self.used + columns(trim(rest)) > self.room() {
            let (head, tail) = rest.split_at(self.split(rest));
            self.push(head);
            self.turn();
            rest = tail;
        }
        self.push(rest);
    }

    /// A long word is begun on the current line only where at least half of it is free.
    fn is_roomy(&self) -> bool {
        self.used * 2 < self.room()
    }

    /// Where a word is cut that does not fit even on a line of its own: after the last `/` that fits, else anywhere.
    fn split(&self, word: &[Char]) -> usize {
        let room = self.room() - self.used;
        let mut used = 0;
        let fits = word.iter().take_while(|(_, c)| {
            used += of_char(*c);
            used <= room
        });
        let fits = fits.count().max(1);
        let slash = word[..fits].iter().rposition(|(_, c)| *c == '/').map(|at| at + 1);
        slash.filter(|at| *at > fits / 2).unwrap_or(fits)
    }

    fn room(&self) -> usize {
        if self.done.is_empty() { self.width } else { self.full() }
    }

    fn full(&self) -> usize {
        self.width.saturating_sub(self.hang).max(2)
    }

    fn push(&mut self, chars: &[Char]) {
        self.used += columns(chars);
        self.line.extend_from_slice(chars);
    }

    fn turn(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        self.used = 0;
    }

    fn finish(mut self, max_lines: usize) -> Vec<Rich> {
        self.turn();
        if self.done.len() > max_lines {
            self.done.truncate(max_lines);
            let room = if max_lines == 1 { self.width } else { self.full() };
            if let Some(last) = self.done.last_mut() {
                last.truncate(trim(last).len());
                while columns(last) >= room {
                    last.pop();
                }
                last.push((last.last().map_or(Tone::Plain, |(tone, _)| *tone), '…'));
            }
        }
        self.done.iter().map(|line| join(trim(line))).collect()
    }
}

fn columns(chars: &[Char]) -> usize {
    chars.iter().map(|(_, c)| of_char(*c)).sum()
}

/// Without the spaces at the end.
fn trim(chars: &[Char]) -> &[Char] {
    let end = chars.iter().rposition(|(_, c)| *c != ' ').map_or(0, |at| at + 1);
    &chars[..end]
}

/// Puts neighbours of the same tone together again.
fn join(chars: &[Char]) -> Rich {
    let mut rich = Rich::new();
    for run in chars.chunk_by(|(a, _), (b, _)| a == b) {
        rich.push(run[0].0, run.iter().map(|(_, c)| *c).collect::<String>());
    }
    rich
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize, hang: usize, max: usize) -> Vec<String> {
        let plain = |rich: &Rich| rich.pieces().iter().map(|(_, text)| text.as_str()).collect();
        wrap(&text.into(), width, hang, max).iter().map(plain).collect()
    }

    #[test]
    fn breaks_at_spaces() {
        assert_eq!(lines("one two three", 7, 0, 9), ["one two", "three"]);
        assert_eq!(lines("one two three", 7, 2, 9), ["one two", "three"]);
        assert_eq!(lines("one\u{a0}two three", 7, 0, 9), ["one\u{a0}two", "three"]);
    }

    #[test]
    fn breaks_paths_after_a_slash() {
        assert_eq!(lines("/aaa/bbb/ccc/ddd", 10, 0, 9), ["/aaa/bbb/", "ccc/ddd"]);
        assert_eq!(lines("aaaaaaaaaaaaaaa", 10, 2, 9), ["aaaaaaaaaa", "aaaaa"]);
    }

    #[test]
    fn ends_what_is_too_long() {
        assert_eq!(lines("one two three four", 7, 0, 2), ["one two", "three…"]);
        assert_eq!(lines("aaaaaaaaaa", 4, 0, 1), ["aaa…"]);
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(text in "[a数/ ]{0,80}", width in 6_usize..30, hang in 0_usize..4, max in 1_usize..5) {
            for (at, line) in lines(&text, width, hang, max).iter().enumerate() {
                let room = if at == 0 { width } else { width - hang };
                prop_assert!(crate::words::width::columns(line) <= room, "{line:?}");
            }
        }

        #[test]
        fn loses_nothing_but_spaces(text in "[ab/ ]{0,80}", width in 6_usize..30) {
            let kept: String = lines(&text, width, 0, usize::MAX).concat();
            prop_assert_eq!(kept.replace(' ', ""), text.replace(' ', ""));
        }
    }
}

//! The figures and marks of our own texts in ASCII, for terminals and locales without UTF-8.

/// Rising rows of blocks, and what stands for each.
const BLOCKS: [(char, char); 8] =
    [('▁', '_'), ('▂', '.'), ('▃', '-'), ('▄', '~'), ('▅', '='), ('▆', '+'), ('▇', '*'), ('█', '#')];

/// Replaces blocks, rules and marks by ASCII of the same width; names are left as they are.
#[must_use]
pub fn ascii(text: &str) -> String {
    text.chars().map(|c| plain(c).unwrap_or(c)).collect()
}

fn plain(c: char) -> Option<char> {
    let block = BLOCKS.iter().find(|(block, _)| *block == c).map(|(_, plain)| *plain);
    block.or(match c {
        '─' => Some('-'),
        '└' => Some('`'),
        '·' => Some('-'),
        '…' => Some('~'),
        '×' => Some('x'),
        'µ' => Some('u'),
        '\u{a0}' => Some(' '),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_same_width_and_rising() {
        assert_eq!(ascii("▁▂▃▄▅▆▇█ 3 µs · a… ×2"), "_.-~=+*# 3 us - a~ x2");
        assert_eq!(ascii("数据 é"), "数据 é", "names stay");
    }
}

//! What stands behind the kernel's words in each line of a log: quotes and brackets of a program's list, `$` of `cat -A`, tags of a
//! forum, more columns of a table.

use memchr::memmem;

use super::line::Writer;
use super::shape::Shape;
use crate::klog::parse::scan::digits;

/// The end of the lines of a log, learned from one in which the kernel's words show where they end.
#[derive(Debug)]
pub(super) struct Ending(Shape);

/// Longer ones are no end of a line.
const LONGEST: usize = 200;

impl Ending {
    /// What is known of it behind `line`: that of the line, where it has one; none, where its words are the last of it.
    pub(super) fn learn(known: Option<Self>, line: &[u8]) -> Option<Self> {
        let Some(end) = behind(line) else { return known };
        let reversed: Vec<u8> = end.iter().rev().copied().collect();
        Shape::of(&reversed, Writer::Unknown, None).filter(|_| is_ending(end)).map(Self)
    }

    /// The line without it.
    pub(super) fn strip<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let begin = line.len().saturating_sub(LONGEST * 2);
        let reversed: Vec<u8> = line[begin..].iter().rev().copied().collect();
        self.0.strip(&reversed).map_or(line, |rest| &line[..begin + rest.len()])
    }
}

/// A mark stands first, so that a number or a name can't go on in it; a comma and a blank would begin another value of the kernel.
fn is_ending(end: &[u8]) -> bool {
    let first = end.iter().find(|b| !b.is_ascii_whitespace());
    let value = end.starts_with(b", ") || end.starts_with(b" (");
    end.len() <= LONGEST && !value && first.is_none_or(u8::is_ascii_punctuation)
}

/// What follows the last value of a line of which the last value is known; `None` for all others.
fn behind(line: &[u8]) -> Option<&[u8]> {
    // A record in JSON is read whole.
    if memmem::find(line, b"{\"").is_some() && line.trim_ascii_end().ends_with(b"}") {
        return None;
    }
    let last = |key: &[u8], within: &[u8]| {
        memmem::find(line, within)?;
        let at = memmem::rfind(line, key)? + key.len();
        let rest = line[at..].strip_prefix(b"-").unwrap_or(&line[at..]);
        digits(rest).map(|(_, rest)| rest)
    };
    last(b"oom_score_adj=", b" invoked oom-killer: ")
        .or_else(|| last(b" oom_score_adj:", b"illed process "))
        .or_else(|| last(b",uid=", b"oom-kill:constraint="))
        .or_else(|| last(b", failcnt ", b": usage "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILL: &str = "[ 1.2] Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB, UID:0 pgtables:4kB oom_score_adj:0";

    #[test]
    fn learned_from_one_line_and_taken_off_others() {
        for end in [
            "\",",
            "$",
            " ",
            "[/code]",
            "{noformat}",
            "</msg></event>",
            "\",\"2023-11-28T07:26:44\",web-3",
            "'),",
            "\\n'",
        ] {
            let ending = Ending::learn(None, format!("{KILL}{end}").as_bytes()).unwrap();
            let row = format!(
                "[ 1.2] [  12]     0    12      900       99    40960        0             0 sh{end}"
            );
            assert_eq!(ending.strip(row.as_bytes()), row.strip_suffix(end).unwrap().as_bytes(), "{end}");
            assert_eq!(ending.strip(b"[ 1.2] Mem-Info:"), b"[ 1.2] Mem-Info:");
            assert!(Ending::learn(Some(ending), KILL.as_bytes()).is_none(), "{end}");
        }
    }

    #[test]
    fn what_is_none() {
        for end in ["", ", new:5", "kB", " more", " (x)"] {
            assert!(Ending::learn(None, format!("{KILL}{end}").as_bytes()).is_none(), "{end:?}");
        }
        assert!(
            Ending::learn(None, b"[ 1.2] [  12]     0    12  900  99  40960  0   0 oom_score_adj=0$")
                .is_none()
        );
    }
}

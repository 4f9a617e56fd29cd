//! The kernel's own words: which text begins with them, and where they begin in a line of unknown form.

use memchr::memmem;

use crate::klog::parse::COMM_MAX;
use crate::klog::parse::scan::digits;

/// What the lines of a report begin with; those in which a name comes first are looked for by [`invoked`].
const STARTS: [&[u8]; 44] = [
    b"Out of memory",
    b"Memory cgroup ",
    b"Killed process ",
    b"oom-kill:constraint=",
    b"oom_reaper: ",
    b"Task in /",
    b"Tasks in /",
    b"Memory limit reached of cgroup /",
    b"Kernel panic - not syncing: ",
    b"OOM request ignored",
    b"sysrq: ",
    b"memory: usage ",
    b"swap: usage ",
    b"memory+swap: usage ",
    b"kmem: usage ",
    b"CPU: ",
    b"Pid: ",
    b"Hardware name: ",
    b"Call Trace:",
    b"Mem-Info:",
    b"active_anon:",
    b"active_file:",
    b"inactive_file:",
    b"unevictable:",
    b"slab_reclaimable:",
    b"mapped:",
    b"free:",
    b"sec_pagetables:",
    b"kernel_misc_reclaimable:",
    b"dirty:",
    b"Node ",
    b"DMA free:",
    b"DMA32 free:",
    b"Normal free:",
    b"HighMem free:",
    b"DMA: ",
    b"DMA32: ",
    b"Normal: ",
    b"HighMem: ",
    b"lowmem_reserve[]:",
    b"Free swap",
    b"Total swap",
    b"Tasks state (memory values in pages)",
    b"Tasks dump",
];

/// Whether a text is one that the kernel begins a line of a report with.
pub(super) fn begins(text: &[u8]) -> bool {
    starts(text) || invoked_name(text).is_some()
}

/// The same of a text before which something may stand that is not known: the name of a process in it must look like one.
pub(super) fn follows(text: &[u8], is_first: bool) -> bool {
    starts(text) || invoked_name(text).is_some_and(|name| is_name(name, is_first))
}

fn starts(text: &[u8]) -> bool {
    STARTS.iter().any(|start| text.starts_with(start)) || is_header(text)
}

/// `[ pid ]   uid  tgid`
fn is_header(text: &[u8]) -> bool {
    text.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"pid"))
}

const INVOKED: &[u8] = b" invoked oom-killer: gfp_mask=0x";

/// The name in `NAME invoked oom-killer: ...`.
fn invoked_name(text: &[u8]) -> Option<&[u8]> {
    let end = text.len().min(COMM_MAX + INVOKED.len());
    memmem::find(&text[..end], INVOKED).map(|at| &text[..at]).filter(|name| length(name) <= NAME)
}

/// Bytes of a name of a process.
const NAME: usize = 15;

/// How long a name is without the ways in which its bytes are written out: `\x07`, `#007`, U+FFFD.
fn length(name: &[u8]) -> usize {
    let (mut at, mut length) = (0, 0);
    while at < name.len() {
        at += match &name[at..] {
            [b'\\', b'x', _, _, ..] | [b'#', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', ..] => 4,
            [0xef, 0xbf, 0xbd, ..] => 3,
            [b'\\', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', ..] => 4,
            [b'\\', _, ..] => 2,
            _ => 1,
        };
        length += 1;
    }
    length
}

/// A name of a process, and not a part of what stands before it: a name may have any form, but few have these.
fn is_name(text: &[u8], is_first: bool) -> bool {
    let blank = |text: &[u8]| text.windows(2).any(|two| two == b"  ") || text.contains(&b'\t');
    let mut words = text.split(|b| *b == b' ');
    let first = words.next().unwrap_or_default();
    let several = words.next().is_some();
    let mark = !first.first().is_some_and(u8::is_ascii_alphanumeric);
    let column = several
        && ((first.len() < 2 && (mark || !is_first))
            || first.iter().all(u8::is_ascii_digit)
            || first == b"kernel"
            || first.ends_with(b":"));
    let assigned = text.iter().any(|b| matches!(b, b'=' | b',' | b'|' | b'"'));
    !(assigned
        || text.starts_with(b" ")
        || text.starts_with(b"kernel:")
        || blank(text)
        || column
        || memmem::find(text, b": ").is_some())
}

/// Words that no one but the kernel uses in this form, wherever they stand: where they begin in the line.
pub(super) fn find(text: &[u8]) -> Option<usize> {
    kill(text)
        .or_else(|| constraint(text))
        .or_else(|| invoked(text))
        .or_else(|| reaped(text))
        .or_else(|| limit(text))
}

/// `Out of memory: Killed process N (`, or without the message and with sizes.
fn kill(text: &[u8]) -> Option<usize> {
    memmem::find_iter(text, b"illed process ").chain(memmem::find_iter(text, b"ill process ")).find_map(
        |at| {
            let begin = at.checked_sub(1).filter(|at| matches!(text[*at], b'K' | b'k'))?;
            let (_, rest) = text[at..].split_at_checked(text[at..].iter().position(u8::is_ascii_digit)?)?;
            let (_, rest) = digits(rest)?;
            (rest.starts_with(b" (") || rest.starts_with(b", UID ")).then_some(())?;
            for message in [
                &b"Memory cgroup out of memory: "[..],
                b"Out of memory (oom_kill_allocating_task): ",
                b"Out of memory: ",
            ] {
                if text[..begin].ends_with(message) {
                    return Some(begin - message.len());
                }
            }
            let sized =
                memmem::find(rest, b") total-vm:").is_some() || memmem::find(rest, b", total-vm:").is_some();
            (sized && memmem::find(rest, b"anon-rss:").is_some()).then_some(begin)
        },
    )
}

fn constraint(text: &[u8]) -> Option<usize> {
    memmem::find(text, b"oom-kill:constraint=CONSTRAINT_")
}

/// The name before it is one word here: where a longer one begins is not known.
fn invoked(text: &[u8]) -> Option<usize> {
    let at = memmem::find(text, INVOKED)?;
    let begin =
        text[..at].iter().rposition(|b| matches!(b, b' ' | b'\t' | b'"' | b'\'' | b'|' | b',' | b';' | b'>'));
    Some(begin.map_or(0, |at| at + 1))
}

fn reaped(text: &[u8]) -> Option<usize> {
    let at = memmem::find(text, b"oom_reaper: reaped process ")?;
    memmem::find(&text[at..], b", now anon-rss:").map(|_| at)
}

fn limit(text: &[u8]) -> Option<usize> {
    let at = memmem::find(text, b" killed as a result of limit of /")?;
    memmem::rfind(&text[..at], b"Task in /")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_they_begin() {
        for (before, words) in [
            ("x: ", "Out of memory: Killed process 12 (a b) total-vm:9kB, anon-rss:8kB"),
            ("x 7 ", "Memory cgroup out of memory: Kill process 12 (a) score 9 or sacrifice child"),
            ("|", "Killed process 12 (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB"),
            ("\"", "Killed process 12, UID 7, (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB"),
            ("x ", "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"),
            ("x ", "java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0"),
            ("x ", "Task in /a killed as a result of limit of /a"),
            ("x ", "oom_reaper: reaped process 9 (a), now anon-rss:0kB, file-rss:0kB"),
        ] {
            let line = [before, words].concat();
            assert_eq!(find(line.as_bytes()), Some(before.len()), "{line}");
            assert!(begins(words.as_bytes()), "{words}");
        }
    }

    #[test]
    fn what_is_not_the_kernels() {
        for text in [
            "Killed process 1234 (java) because it used too much memory",
            "java.lang.OutOfMemoryError: out of memory, killed process",
            "GET /search?q=out+of+memory",
            "the oom-killer was invoked",
            "kill process 12",
            "Out of memory: Killed process 12",
        ] {
            assert_eq!(find(text.as_bytes()), None, "{text}");
        }
    }
}

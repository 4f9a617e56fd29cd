//! Words of which every line has one that can begin or end a report, or tells of a program that kills.

use oomtrace_grams::{Grams, Step};

/// None of them holds a byte that a wrapper writes in another way, and none has fewer than seven.
pub(super) const NEEDLES: [&str; 26] = [
    OUT_OF_MEMORY,
    KILLED,
    KILL,
    KILLING,
    "oom-kill",
    "oom_reaper: ",
    "Memory cgroup stats for ",
    "emory.oom.group",
    "killed as a result of limit of ",
    "Memory limit reached of cgroup ",
    "OOM request ignored",
    "deadlocked on memory",
    " due to memory pressure for ",
    " due to memory used (",
    " due to swap used (",
    "systemd-oomd killed ",
    "ending SIG",
    "mem avail: ",
    "low memory! at or below",
    ", badness: ",
    "oomd kill: ",
    "vict pod(s) to reclaim",
    "is evicted successfully",
    ", object size: ",
    // The journal writes a message that can't be shown as an array of bytes, which no word is found in.
    "\"MESSAGE\":[",
    "\"MESSAGE\" : [",
];

const OUT_OF_MEMORY: &str = "ut of memory";
const KILLED: &str = "Killed process ";
const KILL: &str = "ill process ";
const KILLING: &str = "illing process ";

/// What the kernel says behind "out of memory".
const BEHIND: [&[u8]; 8] = [
    b": Kill",
    b": kill",
    b": OOM victim",
    b": compulsory",
    b": system-wide",
    b": panic_on",
    b" (oom_kill",
    b" and no kill",
];

/// Looks for them.
#[derive(Debug)]
pub(super) struct Needles {
    grams: Grams,
}

impl Needles {
    pub(super) fn new() -> Self {
        Self { grams: Grams::new(NEEDLES, Step::Four) }
    }

    /// Where the first is.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.grams.find(text).map(|(_, at)| at)
    }
}

/// Whether the needle of this number at `at` may be the kernel's, or that of a program that kills: its words are also those of many
/// programs that say something else.
pub(super) fn is_certain(line: &[u8], number: usize, at: usize) -> bool {
    let Some(needle) = NEEDLES.get(number) else { return true };
    let rest = line.get(at + needle.len()..).unwrap_or_default();
    match *needle {
        OUT_OF_MEMORY => !is_of_program(rest),
        // A number follows, or a name in quotes.
        KILLED | KILL | KILLING => !rest.first().is_some_and(u8::is_ascii_alphabetic),
        _ => true,
    }
}

/// Whether what stands behind "out of memory" is nothing that the kernel says there, in whatever way its characters are written.
fn is_of_program(rest: &[u8]) -> bool {
    let known = |behind: &&[u8]| {
        let length = behind.len().min(rest.len());
        rest[..length] == behind[..length]
    };
    let behind = match rest {
        [] | [b'\n' | b'\r', ..] | [b'\\', b'n' | b'r' | b't' | b'"', ..] => return true,
        [b':', b' ', next, ..] | [b' ', next, ..] => next,
        [b':', ..] => return false,
        [next, ..] => next,
    };
    let plain = behind.is_ascii_alphanumeric() || b" ,.;!?)]}'\"(-/".contains(behind);
    plain && !BEHIND.iter().any(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(line: &str) -> bool {
        let line = line.as_bytes();
        let grams = Grams::new(NEEDLES, Step::Four);
        grams.hits(line).any(|(number, at)| is_certain(line, number, at))
    }

    #[test]
    fn words_of_the_kernel_are() {
        for line in [
            "Out of memory: Killed process 12 (a)",
            "Out of memory: Kill process 12 (a) score 1",
            "Memory cgroup out of memory: OOM victim 12 (a) is already exiting. Skip killing the task",
            "Out of memory and no killable processes...",
            "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
            "Out of memory (oom_kill_allocating_task): Killed process 5 (a)",
            "Out of memory: K",
            "Out of memory:",
            "Out of memory&colon; Killed",
            "Out of memory\u{a0}: Killed",
            "Out of memory\x1b[0m: Killed",
            "Out of memory\\u003a Killed",
            "Killed process 5, UID 7, (a)",
            "Killing process 'a' with signal 15, pid: 7, badness: 9",
            "worker ran out of memory, then Killed process 12 (a)",
        ] {
            assert!(certain(line), "{line}");
        }
    }

    #[test]
    fn words_of_programs_are_not() {
        for line in [
            "worker ran out of memory",
            "out of memory\",",
            "out of memory\\n\"}",
            "fatal error: out of memory (allocated 7)",
            "Out of memory: request 7 was refused",
            "Out of memory. The request failed",
            "killed process because of it",
            "did kill process of user",
            "the end",
        ] {
            assert!(!certain(line), "{line}");
        }
    }
}

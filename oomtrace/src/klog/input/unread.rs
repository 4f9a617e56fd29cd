//! Lines that have the kernel's words in a form that is not known: counted, so that none is dropped in silence.

use super::words;
use crate::klog::line::Line;
use crate::klog::parse::{constraint, memcg};

/// Most that is shown of a line.
const SHOWN: usize = 160;

/// What could not be read of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many lines.
    pub lines: u64,
    /// The number of the first, and its text.
    pub first: Option<(u64, String)>,
}

impl Unread {
    /// Counts one.
    pub(super) fn count(&mut self, number: u64, line: &[u8]) {
        self.lines += 1;
        if self.first.is_none() {
            let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
            self.first = Some((number, text.trim().to_owned()));
        }
    }
}

/// Whether a text that the kernel wrote says that something was killed, in words that can't be made out: it is cut.
pub(super) fn is_cut(text: &[u8]) -> bool {
    let starts: [&[u8]; 3] =
        [b"Out of memory: ", b"Memory cgroup out of memory: ", b"Out of memory (oom_kill_allocating_task)"];
    let about_kill = starts.iter().any(|start| {
        text.strip_prefix(*start).is_some_and(|rest| rest.starts_with(b"Kill") || rest.starts_with(b"kill"))
    });
    let reaped =
        text.starts_with(b"oom_reaper: reaped process ") || text.starts_with(b"oom_reaper: unable to reap");
    (about_kill || reaped) && Line::parse(text).is_none()
}

/// Whether a text is one that the parser takes by itself.
pub(super) fn is_read(text: &[u8]) -> bool {
    Line::parse(text).is_some()
        || text.starts_with(constraint::START)
        || memcg::task_in(text).is_some()
        || memcg::group(text).is_some()
}

/// Whether all that stands before the words is of a kind that a part of a form may be: in a line of the kernel's about
/// something else they can only be a name that a process chose.
pub(super) fn may_be_form(before: &[u8]) -> bool {
    let plain = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b' ' | b'\t' | b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'-' | b'_' | b'.' | b'|' | b'*'
            )
    };
    before.len() <= 64 && before.iter().all(plain)
}

/// The kernel's words at the beginning of a text.
pub(super) fn is_strong(text: &[u8]) -> bool {
    words::find(text) == Some(0)
}

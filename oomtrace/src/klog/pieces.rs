//! Lines that the kernel prints in pieces (`pr_cont`).
//!
//! Pieces become one record, unless another task prints in between or the record grows beyond 1024 bytes (long cgroup
//! paths do that): then the rest follows in records that are flagged as fragments. A piece may be a name chosen by a
//! process, so a fragment is never read as a line of its own.

use super::KmsgLine;
use super::kmsg::Caller;
use super::parse::{constraint, memcg};

/// Longest line that is put together: two paths of `PATH_MAX` and then some.
const LINE_MAX: usize = 16 * 1024;

/// A line whose rest may still follow.
#[derive(Debug)]
pub(super) struct Pieces {
    text: Vec<u8>,
    /// Where each piece ends.
    ends: Vec<usize>,
    /// How many fragments were put to it without knowing that they come from the same task.
    pub(super) guessed: u32,
    caller: Option<Caller>,
}

impl Pieces {
    /// Begins a line, when it is one of those that come in pieces.
    pub(super) fn begin(line: &KmsgLine<'_>) -> Option<Self> {
        let starts =
            [constraint::START, memcg::STATS_START, memcg::TASK_IN, memcg::LIMIT_REACHED, memcg::GROUP_START];
        let ours = starts.iter().any(|start| line.text.starts_with(start));
        let caller = line.caller;
        let ends = vec![line.text.len()];
        ours.then(|| Self { text: line.text.to_vec(), ends, guessed: 0, caller })
    }

    /// Adds a fragment; false when it belongs to another task.
    pub(super) fn add(&mut self, line: &KmsgLine<'_>) -> bool {
        let same = self.caller.is_some() && self.caller == line.caller;
        let unknown = self.caller.is_none() || line.caller.is_none();
        if !same && !unknown {
            return false;
        }
        let room = LINE_MAX.saturating_sub(self.text.len());
        self.text.extend_from_slice(&line.text[..line.text.len().min(room)]);
        if room > 0 {
            self.ends.push(self.text.len());
        }
        self.guessed += u32::from(unknown);
        true
    }

    /// The line with all pieces, then with ever fewer: the last ones may be another task's.
    pub(super) fn readings(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().rev().filter_map(|end| self.text.get(..*end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(text: &[u8], caller: Option<Caller>) -> KmsgLine<'_> {
        KmsgLine { fragment: true, caller, ..KmsgLine::text(text) }
    }

    #[test]
    fn fragments_of_the_same_task_are_joined() {
        let mine = Some(Caller::Task(7));
        let mut pieces = Pieces::begin(&fragment(b"Tasks in ", mine)).unwrap();
        assert!(pieces.add(&fragment(b"/a", mine)));
        assert!(!pieces.add(&fragment(b"/other", Some(Caller::Task(8)))));
        assert_eq!((pieces.text.as_slice(), pieces.guessed), (&b"Tasks in /a"[..], 0));
        assert!(pieces.add(&fragment(b" x", None)));
        assert_eq!(pieces.guessed, 1);
        let readings: Vec<_> = pieces.readings().collect();
        assert_eq!(readings, [&b"Tasks in /a x"[..], b"Tasks in /a", b"Tasks in "]);
    }

    #[test]
    fn a_line_does_not_grow_for_ever() {
        let mut pieces = Pieces::begin(&fragment(b"Task in ", None)).unwrap();
        for _ in 0..100 {
            pieces.add(&fragment(&[b'x'; 1000], None));
        }
        assert_eq!(pieces.text.len(), LINE_MAX);
    }

    #[test]
    fn other_lines_come_in_one_piece() {
        assert!(Pieces::begin(&fragment(b"Out of memory: Killed process 1 (x", None)).is_none());
    }
}

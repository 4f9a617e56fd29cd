//! Lines that the kernel prints in pieces (`pr_cont`).
//!
//! Pieces become one record, unless another task prints in between or the record grows beyond 1024 bytes (long cgroup
//! paths do that): then the rest follows in records that are flagged as fragments. A piece may be a name chosen by a
//! process, so a fragment is never read as a line of its own. Most distributions do not record who printed
//! (`CONFIG_PRINTK_CALLER`), and other tasks print fragments, too: then a piece must be one that can follow.

use super::KmsgLine;
use super::kmsg::Caller;
use super::parse::scan::split;
use super::parse::{CUT_FROM, constraint, memcg};

/// Longest line that is put together: two paths of `PATH_MAX` and then some.
const LINE_MAX: usize = 16 * 1024;
/// A name follows it, printed by itself.
const CPUSET: &[u8] = b",cpuset=";

/// A line whose rest may still follow.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) text: Vec<u8>,
    /// How many pieces were put to it without knowing that they come from the same task.
    pub(super) guessed: u32,
    /// What follows `cpuset=` is such a piece: the name may be missing.
    pub(super) guessed_cpuset: bool,
    /// A piece is so long that the kernel may have cut it.
    pub(super) maybe_cut: bool,
    caller: Option<Caller>,
}

impl Pieces {
    /// Begins a line, when it is one of those that come in pieces.
    pub(super) fn begin(line: &KmsgLine<'_>) -> Option<Self> {
        let starts =
            [constraint::START, memcg::STATS_START, memcg::TASK_IN, memcg::LIMIT_REACHED, memcg::GROUP_START];
        let ours = starts.iter().any(|start| line.text.starts_with(start));
        ours.then(|| Self {
            text: line.text.to_vec(),
            guessed: 0,
            guessed_cpuset: false,
            maybe_cut: line.text.len() >= CUT_FROM,
            caller: line.caller,
        })
    }

    /// Adds a fragment; false when it belongs to another task.
    pub(super) fn add(&mut self, line: &KmsgLine<'_>) -> bool {
        let unknown = self.caller.is_none() || line.caller.is_none();
        let ours = if unknown { self.can_follow(line.text) } else { self.caller == line.caller };
        let room = LINE_MAX.saturating_sub(self.text.len());
        if !ours || line.text.len() > room {
            return false;
        }
        if unknown {
            self.guessed += 1;
            self.guessed_cpuset |= self.text.ends_with(CPUSET);
        }
        self.maybe_cut |= line.text.len() >= CUT_FROM;
        self.text.extend_from_slice(line.text);
        true
    }

    /// It is the line with the constraint.
    pub(super) fn is_constraint(&self) -> bool {
        self.text.starts_with(constraint::START)
    }

    /// Whether the kernel could have printed this piece here.
    fn can_follow(&self, piece: &[u8]) -> bool {
        let text = &self.text;
        let begins = |starts: &[&[u8]]| starts.iter().any(|start| piece.starts_with(start));
        let path_after =
            |ends: &[&[u8]]| piece.starts_with(b"/") && ends.iter().any(|end| text.ends_with(end));
        if self.is_constraint() {
            // Any text can be a cpuset's name, so one that comes alone is left out.
            let named = text.ends_with(CPUSET) && split(piece, b",mems_allowed=").is_some();
            return named
                || path_after(&[b"_memcg="])
                || begins(&[
                    CPUSET,
                    b",mems_allowed=",
                    b",oom_memcg=",
                    b",global_oom",
                    b",task_memcg=",
                    b",task=",
                ]);
        }
        if text.starts_with(memcg::STATS_START) {
            let old_stat = piece.starts_with(b" ") && piece.ends_with(b"KB");
            return path_after(&[memcg::STATS_START]) || begins(&[b":"]) || old_stat;
        }
        path_after(&[memcg::TASK_IN, memcg::LIMIT_REACHED, memcg::GROUP_START, b" limit of "])
            || begins(&[
                b" killed as a result of limit of ",
                b" are going to be killed due to memory.oom.group",
            ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(text: &[u8], caller: Option<Caller>) -> KmsgLine<'_> {
        KmsgLine { fragment: true, caller, ..KmsgLine::text(text) }
    }

    #[test]
    fn pieces_of_the_same_task_are_joined() {
        let mine = Some(Caller::Task(7));
        let mut pieces = Pieces::begin(&fragment(b"Tasks in ", mine)).unwrap();
        assert!(pieces.add(&fragment(b"/a", mine)));
        assert!(!pieces.add(&fragment(b"/other", Some(Caller::Task(8)))));
        assert_eq!((pieces.text.as_slice(), pieces.guessed), (&b"Tasks in /a"[..], 0));
    }

    #[test]
    fn without_a_caller_only_what_can_follow_is_joined() {
        let mut pieces = Pieces::begin(&fragment(b"oom-kill:constraint=X,nodemask=(null)", None)).unwrap();
        for (piece, ours) in [
            ("reboot(b) ", false),
            (",cpuset=", true),
            ("any name", false),
            ("/x", false),
            (",mems_allowed=0,oom_memcg=", true),
            ("", false),
            ("/a", true),
            ("/b", false),
            (",task_memcg=/a,task=x,pid=1,uid=0", true),
            ("crash(c)", false),
        ] {
            assert_eq!(pieces.add(&fragment(piece.as_bytes(), None)), ours, "{piece}");
        }
        assert!(
            pieces.text.ends_with(b",cpuset=,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=1,uid=0")
        );
        assert_eq!((pieces.guessed, pieces.guessed_cpuset), (4, true));
    }

    #[test]
    fn a_line_does_not_grow_for_ever() {
        let mine = Some(Caller::Task(7));
        let mut pieces = Pieces::begin(&fragment(b"Task in ", mine)).unwrap();
        for _ in 0..100 {
            pieces.add(&fragment(&[b'x'; 1000], mine));
        }
        assert!(pieces.text.len() <= LINE_MAX && pieces.maybe_cut);
    }

    #[test]
    fn other_lines_come_in_one_piece() {
        assert!(Pieces::begin(&fragment(b"Out of memory: Killed process 1 (x", None)).is_none());
    }
}

//! How far the kernel's counter and its log are accounted for.

use crate::agent::spool::Mark;
use crate::kernel::{Roots, clock, counters::VmstatOomKill};
use crate::klog::{KmsgReader, Next};

/// Messages of the kernel's log that are read in a turn.
const TURN: usize = 10_000;

/// Follows both.
pub(super) struct Positions {
    boot_id: String,
    kmsg: Option<KmsgReader>,
    seq: Option<u64>,
    vmstat: Option<VmstatOomKill>,
    /// What was found at the last turn: a kill that was on its way then has arrived by now.
    before: Option<Mark>,
}

impl Positions {
    pub(super) fn new(roots: &Roots, boot_id: String) -> Self {
        Self { boot_id, kmsg: None, seq: None, vmstat: VmstatOomKill::open(roots), before: None }
    }

    /// Goes on in the log where reading it at the start has ended.
    pub(super) fn follow(&mut self, kmsg: Option<KmsgReader>) {
        self.kmsg = kmsg;
    }

    /// Where catching up has ended: the counter was read at `at_ns`.
    pub(super) fn begin(&self, oom_kills: Option<u64>, at_ns: u64) -> Mark {
        let kmsg_seq = self.kmsg.as_ref().and_then(KmsgReader::last_seq);
        Mark {
            boot_id: self.boot_id.clone(),
            oom_kills: oom_kills.unwrap_or(0),
            kmsg_seq,
            boottime_ns: at_ns,
        }
    }

    /// Looks again, and returns what the last look has found; `last` is for the end, when all that was seen is in the spool.
    pub(super) fn turn(&mut self, last: bool) -> Option<Mark> {
        let now = self.now();
        if last {
            return Some(now);
        }
        self.before.replace(now)
    }

    fn now(&mut self) -> Mark {
        let boottime_ns = clock::boottime_ns();
        if let Some(kmsg) = &mut self.kmsg {
            for _ in 0..TURN {
                let Ok(Next::Record(record)) = kmsg.next_record() else { break };
                self.seq = Some(record.seq);
            }
            self.seq = self.seq.or(kmsg.last_seq());
        }
        let oom_kills = self.vmstat.as_mut().and_then(VmstatOomKill::read).unwrap_or(0);
        Mark { boot_id: self.boot_id.clone(), oom_kills, kmsg_seq: self.seq, boottime_ns }
    }
}

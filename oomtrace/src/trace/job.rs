//! What the event loop hands to the worker that enriches and writes.

use std::sync::Arc;

use oomtrace_common::{Level, SigKill, Startup};

use crate::{
    collect::{Draft, Member},
    model::NoKillReason,
};

/// One thing to do.
#[derive(Debug)]
pub(super) enum Job {
    /// A kill has begun: take the scene while it is fresh. Boottime ns of its first record, its victim.
    Scene(u64, u32),
    /// A process was killed, or has killed one: read who it is while it still exists. Process id, start time in boottime
    /// ns, whether it is dying.
    Who(u32, u64, bool),
    /// A victim told what it was started with, and its environment.
    Startup(Box<Startup>, Vec<u8>),
    /// Report a kill; records lost so far.
    Kill(Arc<Draft>, u64),
    /// The OOM killer ran and killed nothing.
    NoKill(Box<Draft>, NoKillReason),
    /// A victim of a reported kill exited: the kill's first record's time, process id, ns.
    LateExit(u64, u32, u64),
    /// A victim of a reported kill came late: the kill's first record's time, the victim, known paths.
    LateVictim(u64, Box<Member>, Vec<Level>),
    /// Somebody sent SIGKILL, and it was no OOM kill.
    SigKill(Box<SigKill>),
    /// Go on in a new file.
    Reopen,
    /// The kernel's log, the only witness, has something to read; whether this is the last time.
    KernelLog(bool),
    /// Lost since the last time: kills, records, why.
    Lost(u64, u64, String),
    /// The end: kills lost in all, rise of vmstat's counter, notes.
    Finish { lost_kills: u64, vmstat_oom_kill: Option<u64>, complete: bool, notes: Vec<String> },
}

impl Job {
    /// Bytes that it takes while it waits, about.
    pub(super) fn weight(&self) -> u64 {
        /// What a kill's candidates, levels and victims take, besides what is counted.
        const LISTS: usize = 6 << 10;
        let bytes = match self {
            Self::Kill(draft, _) => size_of::<Draft>() + LISTS + draft.members.len() * size_of::<Member>(),
            Self::NoKill(..) => size_of::<Draft>() + LISTS,
            Self::Startup(_, environ) => size_of::<Startup>() + environ.capacity(),
            Self::LateVictim(..) => size_of::<Member>() + LISTS,
            Self::SigKill(_) => size_of::<SigKill>(),
            _ => 0,
        };
        (size_of::<Self>() + bytes) as u64
    }

    /// Whether it may be dropped when the trace was told to end and the worker does not get through in time.
    pub(super) fn takes_long(&self) -> bool {
        !matches!(self, Self::Lost(..) | Self::KernelLog(_) | Self::Finish { .. })
    }

    /// Kills and other records that are missing when it is dropped.
    pub(super) fn missing(&self) -> (u64, u64) {
        match self {
            Self::Kill(..) => (1, 0),
            Self::NoKill(..) | Self::LateExit(..) | Self::LateVictim(..) | Self::SigKill(_) => (0, 1),
            _ => (0, 0),
        }
    }

    /// Whether it may be dropped when memory is out and the worker does not get on: the first account is written without it.
    pub(super) fn can_be_left_out(&self) -> bool {
        matches!(
            self,
            Self::Scene(..) | Self::Who(..) | Self::Startup(..) | Self::Kill(..) | Self::LateExit(..)
        )
    }
}

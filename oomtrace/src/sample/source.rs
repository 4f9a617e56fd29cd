//! Where samples come from.

use super::{CgroupSample, ProcessKey, ProcessSample, SystemSample};
use crate::{kernel::clock::boottime_ns, model::SampleSource};

/// A way to look at the machine's memory. Every call is one pass; none of them blocks on a process (`mmap_lock`), forks or
/// panics, and what vanishes meanwhile is left out.
///
/// Vectors are cleared and filled, so that a caller can use the same ones for every pass and nothing is allocated later.
pub trait Source: Send {
    /// How processes and cgroups are read; it may change when an iterator fails at run time and files take over.
    fn kind(&self) -> SampleSource;

    /// Remarks since the last call, e.g. that an iterator failed and files took over.
    fn notes(&mut self) -> Vec<String>;

    /// All processes but kernel threads.
    fn processes(&mut self, into: &mut Vec<ProcessSample>) -> Pass;

    /// The processes that live in one of `cgroups` (kernfs ids, each for itself alone: not for those below it). Cheaper than
    /// [`processes`](Self::processes) where the source can find them through the cgroups.
    fn processes_of(&mut self, cgroups: &[u64], into: &mut Vec<ProcessSample>) -> Pass;

    /// All memory cgroups, each parent before its children. `parts` asks for the kinds of memory and the events as well,
    /// which costs more; without it usage, limit and parent are enough.
    fn cgroups(&mut self, parts: bool, into: &mut Vec<CgroupSample>) -> Pass;

    /// Fills in limits, events and kinds of memory of cgroups that a pass has brought, as far as it did not: for the few
    /// that matter this is cheaper than `cgroups` with `parts`. Those that are gone meanwhile stay as they are.
    fn parts(&mut self, of: &mut [CgroupSample]) {
        let _ = of;
    }

    /// The machine; `None` when it can't be read.
    fn system(&mut self) -> Option<SystemSample>;

    /// Processes that exited since the last call, with their values from before their memory was given back.
    fn exited(&mut self, into: &mut Vec<Exited>) -> Pass;

    /// Path of a memory cgroup from the root of its hierarchy, as raw bytes; also of one that was removed, for a while.
    fn cgroup_path(&mut self, id: u64) -> Option<Vec<u8>>;

    /// The program that a process runs now, read anew each time: exec changes it. Never waits for the process.
    fn image(&mut self, key: ProcessKey) -> Image;
}

/// Times a pass that gives what it missed and whether it went to its end.
pub(crate) fn pass_of(pass: impl FnOnce() -> (u64, bool)) -> Pass {
    let begin = boottime_ns();
    let (missed, complete) = pass();
    Pass { time_ns: begin.midpoint(boottime_ns()), missed, complete }
}

/// What became of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// When it was taken (its middle), `CLOCK_BOOTTIME` ns.
    pub time_ns: u64,
    /// What could not be read or did not fit although it was there, as far as that is known.
    pub missed: u64,
    /// False when the pass ended early: who is absent from it need not have exited.
    pub complete: bool,
}

/// A process that has exited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exited {
    /// Its values at exit; where the kernel gives memory back before it tells (before 6.16), resident memory is its highest
    /// ([`Self::peak`]) and the parts are zero.
    pub last: ProcessSample,
    /// Highest resident memory of its life, bytes (`hiwater_rss`); 0 when it is not known.
    pub peak: u64,
    /// When, `CLOCK_BOOTTIME` ns.
    pub time_ns: u64,
}

/// The program that a process runs; what is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Path of the executable (or what was given to exec), as raw bytes.
    pub exe: Option<Vec<u8>>,
    /// Name of the leader when the executable was read.
    pub comm: Option<[u8; 16]>,
    /// When it called exec last, `CLOCK_BOOTTIME` ns.
    pub exec_ns: Option<u64>,
}

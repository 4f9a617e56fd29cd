//! Who a process is, remembered from before it was killed: a victim is gone 1 to 4 ms after the kill.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use oomtrace_common::{Identity, Startup, UNKNOWN, UNKNOWN_32};

use super::late::{Extent, Late, LateReader};
use super::process::{self, Process};
use super::runtime::environment;
use crate::kernel::Roots;
use crate::kernel::clock::boottime_ns;
use crate::kernel::proc::{Dir, tick_ns};

/// Processes that are remembered at the most.
pub const PROCESSES_MAX: usize = 8192;
/// Bytes of text that are remembered at the most, over all processes. With [`PROCESSES_MAX`] entries the cache then
/// stays below 3 MiB of locked memory.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of one command line that are remembered: a JVM with a long class path must not push out hundreds of others.
const CMDLINE_KEPT: usize = 1024;
/// Bytes of an executable's and of a cgroup's path that are remembered.
const PATH_KEPT: usize = 1024;
/// Directory entries of `/proc` that are read at once.
const LISTING: usize = 16 * 1024;
/// How long the scan waits for one process, and for how many at the most: four seconds in all.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(30) } else { Duration::from_millis(250) };
const READERS_MAX: usize = 16;

/// Where an identity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// The scan of `/proc` at start.
    Scan,
    /// The kernel side, at the process's last `exec`.
    Exec,
    /// `/proc`, right after the kill.
    AfterKill,
    /// The victim's own memory, read by the kernel side when it got its SIGKILL.
    Delivery,
    /// The process it was forked from, as the kernel side saw it: without an `exec` since, the arguments are the same.
    Forked,
    /// The parent, whose name it bears: most likely forked from it without an `exec` since.
    Parent,
}

impl IdentitySource {
    /// Whether no `exec` can have come after what it told.
    #[must_use]
    pub fn is_sure(self) -> bool {
        matches!(self, Self::Exec | Self::Forked | Self::AfterKill | Self::Delivery)
    }

    /// For a note: "taken ...".
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Scan => "from the scan of /proc at start",
            Self::Exec => "at its last exec",
            Self::AfterKill => "from /proc after the kill",
            Self::Delivery => "from its memory when it was killed",
            Self::Forked => "from the process it was forked from",
            Self::Parent => "from its parent, which has the same name",
        }
    }
}

/// Who a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// Name of the leader; absent in what comes from the kernel side, which keeps none.
    pub comm: Option<Vec<u8>>,
    /// Arguments, as they are: redact before showing.
    pub cmdline: Vec<Vec<u8>>,
    /// `cmdline` is not whole.
    pub cmdline_cut: bool,
    /// Executable: from `/proc` the file's path, from the kernel side the path that was given to `exec`.
    pub exe: Option<Vec<u8>>,
    /// Memory cgroup.
    pub cgroup: Option<Vec<u8>>,
    /// Parent.
    pub ppid: Option<u32>,
    /// Real user id.
    pub uid: Option<u32>,
    /// What says how its memory is managed; absent where it was not read.
    pub environment: Option<Vec<u8>>,
    /// Its executable was built by Go, as far as that was looked at.
    pub is_go: bool,
    /// When this was so, on `CLOCK_BOOTTIME` in ns; later an `exec` may have changed it.
    pub as_of_ns: u64,
    /// Where this comes from.
    pub source: IdentitySource,
}

/// Identities by process id, bounded in number and in bytes.
#[derive(Debug, Default)]
pub struct IdentityCache {
    entries: HashMap<u32, Kept>,
    bytes: usize,
    left_out: usize,
    unanswered: usize,
}

/// An entry: its texts lie one behind the other in one allocation.
#[derive(Debug)]
struct Kept {
    start_ns: u64,
    as_of_ns: u64,
    ppid: u32,
    uid: u32,
    text: Box<[u8]>,
    comm_end: u16,
    exe_end: u16,
    cgroup_end: u16,
    environment_end: u16,
    has_environment: bool,
    is_go: bool,
    cmdline_cut: bool,
    source: IdentitySource,
}

impl IdentityCache {
    /// Remembers the processes there are; kernel threads, which are never victims, are passed over.
    ///
    /// A command line that does not come in time is done without, and counted. That may take seconds, so attach the probes
    /// first.
    #[must_use]
    pub fn scan(roots: &Roots) -> Self {
        Self::scan_with(roots, LateReader::start(roots, READERS_MAX), PATIENCE)
    }

    fn scan_with(roots: &Roots, mut late: Option<LateReader>, patience: Duration) -> Self {
        let mut cache = Self::default();
        let Ok(proc) = Dir::open(&roots.proc) else { return cache };
        let (mut listing, mut buf) = (vec![0; LISTING], Vec::new());
        // A listing that breaks off leaves what it gave so far; the rest is found when it is needed.
        let _ = proc.numbers(&mut listing, |pid| {
            let as_of = boottime_ns();
            let answer = late.as_mut().map(|late| late.read(pid, Extent::WithoutExe, patience));
            let process = match answer {
                Some(Late::Read(process)) => Some(*process),
                Some(Late::Gone) => None,
                Some(Late::NoAnswer) | None => {
                    let outside = Process::read_outside(&proc, pid, &mut buf);
                    cache.unanswered += usize::from(outside.is_some());
                    outside
                }
            };
            if let Some(process) = process
                && !process.kernel_thread
            {
                let start = process.start_boottime_ns.unwrap_or(UNKNOWN);
                let identity = ProcessIdentity::from_process(process, as_of, IdentitySource::Scan);
                cache.offer(pid, Kept::new(start, &identity));
            }
            ControlFlow::Continue(())
        });
        cache
    }

    /// Remembers one process, in place of what was known under that number; in a full cache others make room.
    pub fn learn(&mut self, tgid: u32, start_boottime_ns: u64, identity: &ProcessIdentity) {
        let kept = Kept::new(start_boottime_ns, identity);
        self.forget(tgid);
        while self.lacks_room(&kept) {
            let Some(any) = self.entries.keys().next().copied() else { break };
            self.forget(any);
            self.left_out += 1;
        }
        self.offer(tgid, kept);
    }

    /// Like [`learn`](Self::learn), for what the kernel side kept from before the kill: it is asked for once with each record
    /// of a kill, and does not undo what was told since.
    pub fn learn_kept(&mut self, tgid: u32, start_boottime_ns: u64, identity: &ProcessIdentity) {
        match self.lookup(tgid, Some(start_boottime_ns)).filter(|known| known.as_of_ns >= identity.as_of_ns) {
            None => self.learn(tgid, start_boottime_ns, identity),
            Some(known) if known.source.is_sure() && !known.cmdline.is_empty() => {}
            Some(known) => {
                // There has been no exec since, also after the scan.
                let source = if known.source.is_sure() { known.source } else { identity.source };
                let known = ProcessIdentity { source, ..known };
                if let Some(more) = merge(Some(known), Some(identity.clone())) {
                    self.learn(tgid, start_boottime_ns, &more);
                }
            }
        }
    }

    /// Remembers that process `tgid`, which started at `start_boottime_ns`, was forked from `origin` and has not called
    /// `exec` since. `exec` is what the kernel side kept of `origin`, which may have called `exec` after the fork.
    ///
    /// Returns whether it is known who `origin` was at the fork.
    pub fn learn_fork(
        &mut self,
        tgid: u32,
        start_boottime_ns: u64,
        origin: u32,
        exec: Option<&Identity>,
    ) -> bool {
        let exec = exec.map(ProcessIdentity::from_kernel);
        let known = [exec, self.lookup(origin, None)].into_iter().flatten();
        let Some(known) = known.into_iter().find(|known| known.as_of_ns <= start_boottime_ns) else {
            return false;
        };
        let forked = ProcessIdentity { source: IdentitySource::Forked, ..known.inherited() };
        self.learn_kept(tgid, start_boottime_ns, &forked);
        true
    }

    /// Keeps an entry if there is room, else counts it.
    fn offer(&mut self, tgid: u32, kept: Kept) {
        self.forget(tgid);
        if self.lacks_room(&kept) {
            self.left_out += 1;
        } else {
            self.bytes += kept.text.len();
            self.entries.insert(tgid, kept);
        }
    }

    fn lacks_room(&self, kept: &Kept) -> bool {
        self.entries.len() >= PROCESSES_MAX || self.bytes + kept.text.len() > BYTES_MAX
    }

    /// Forgets a process, e.g. after its exit was seen.
    pub fn forget(&mut self, tgid: u32) {
        if let Some(old) = self.entries.remove(&tgid) {
            self.bytes -= old.text.len();
        }
    }

    /// The process `tgid` that started at `start_boottime_ns`; `None` when it is not known, or when what is known
    /// belongs to an earlier process of that number.
    ///
    /// Without a start time (`None`: the kernel's structures are not known) the number alone decides, so check the name.
    #[must_use]
    pub fn lookup(&self, tgid: u32, start_boottime_ns: Option<u64>) -> Option<ProcessIdentity> {
        let kept = self.entries.get(&tgid)?;
        start_boottime_ns.is_none_or(|start| same_start(kept.start_ns, start)).then(|| kept.open())
    }

    /// Remembered processes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[cfg(test)]
    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[cfg(test)]
    /// Bytes of remembered text.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Processes whose command line did not come in time at the scan.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Processes for which there was no room.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl ProcessIdentity {
    /// From what `/proc` told.
    #[must_use]
    pub fn from_process(process: Process, as_of_ns: u64, source: IdentitySource) -> Self {
        let Process { comm, ppid, uid, cmdline, cmdline_cut, exe, cgroup, environment, is_go, .. } = process;
        let comm = Some(comm);
        Self { comm, cmdline, cmdline_cut, exe, cgroup, ppid, uid, environment, is_go, as_of_ns, source }
    }

    /// What a forked process has of this one for sure: arguments and executable.
    #[must_use]
    pub fn inherited(self) -> Self {
        Self { cgroup: None, ppid: None, uid: None, ..self }
    }

    /// From what the kernel side read when the process got its SIGKILL.
    #[must_use]
    pub fn from_startup(startup: &Startup, environ: &[u8]) -> Self {
        let length = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
        let arguments = &startup.arguments[..length(startup.arguments_len).min(startup.arguments.len())];
        let (arguments_whole, environ_whole) =
            (startup.arguments_len == startup.arguments_total, startup.environ_len == startup.environ_total);
        let mut cmdline = arguments.to_vec();
        // A process that writes a title over its arguments goes on in the environment, as /proc/<pid>/cmdline does.
        let title = arguments_whole && arguments.last().is_some_and(|last| *last != 0);
        if title {
            let rest = environ.iter().position(|b| *b == 0).unwrap_or(environ.len());
            cmdline.extend_from_slice(&environ[..rest]);
        }
        Self {
            comm: None,
            cmdline: process::split_cmdline(&cmdline),
            cmdline_cut: !arguments_whole,
            exe: None,
            cgroup: None,
            ppid: None,
            uid: None,
            environment: (environ_whole && !environ.is_empty() && !title).then(|| environment::keep(environ)),
            is_go: false,
            as_of_ns: startup.header.time,
            source: IdentitySource::Delivery,
        }
    }

    /// From what the kernel side kept at `exec`; it is as old as that, so `ppid` may have changed since.
    #[must_use]
    pub fn from_kernel(identity: &Identity) -> Self {
        let Identity { start_time: _, time, ppid, cmdline_len, cmdline, exe, maxrss: _ } = identity;
        let len = usize::try_from(*cmdline_len).unwrap_or(usize::MAX).min(cmdline.len());
        let exe = exe.split(|b| *b == 0).next().unwrap_or_default();
        Self {
            comm: None,
            cmdline: process::split_cmdline(&cmdline[..len]),
            // The kernel side leaves the last byte free.
            cmdline_cut: len >= cmdline.len() - 1 && cmdline.get(len - 1) != Some(&0),
            exe: (!exe.is_empty()).then(|| exe.to_vec()),
            cgroup: None,
            ppid: (*ppid != UNKNOWN_32).then_some(*ppid),
            uid: None,
            environment: None,
            is_go: false,
            as_of_ns: *time,
            source: IdentitySource::Exec,
        }
    }
}

impl Kept {
    fn new(start_ns: u64, identity: &ProcessIdentity) -> Self {
        let mut text = Vec::new();
        let mut part = |bytes: Option<&Vec<u8>>| {
            let bytes = bytes.map(Vec::as_slice).unwrap_or_default();
            text.extend_from_slice(&bytes[..bytes.len().min(PATH_KEPT)]);
            u16::try_from(text.len()).unwrap_or(u16::MAX)
        };
        let comm_end = part(identity.comm.as_ref());
        let exe_end = part(identity.exe.as_ref());
        let cgroup_end = part(identity.cgroup.as_ref());
        let environment_end = part(identity.environment.as_ref());
        let cmdline = identity.cmdline.join(&0);
        text.extend_from_slice(&cmdline[..cmdline.len().min(CMDLINE_KEPT)]);
        Self {
            start_ns,
            as_of_ns: identity.as_of_ns,
            ppid: identity.ppid.unwrap_or(UNKNOWN_32),
            uid: identity.uid.unwrap_or(UNKNOWN_32),
            text: text.into_boxed_slice(),
            comm_end,
            exe_end,
            cgroup_end,
            environment_end,
            has_environment: identity.environment.is_some(),
            is_go: identity.is_go,
            cmdline_cut: identity.cmdline_cut || cmdline.len() > CMDLINE_KEPT,
            source: identity.source,
        }
    }

    fn open(&self) -> ProcessIdentity {
        let (comm, rest) = self.text.split_at(usize::from(self.comm_end));
        let (exe, rest) = rest.split_at(usize::from(self.exe_end - self.comm_end));
        let (cgroup, rest) = rest.split_at(usize::from(self.cgroup_end - self.exe_end));
        let (environment, cmdline) = rest.split_at(usize::from(self.environment_end - self.cgroup_end));
        let path = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_vec());
        ProcessIdentity {
            comm: path(comm),
            cmdline: if cmdline.is_empty() {
                Vec::new()
            } else {
                cmdline.split(|b| *b == 0).map(<[u8]>::to_vec).collect()
            },
            cmdline_cut: self.cmdline_cut,
            exe: path(exe),
            cgroup: path(cgroup),
            ppid: (self.ppid != UNKNOWN_32).then_some(self.ppid),
            uid: (self.uid != UNKNOWN_32).then_some(self.uid),
            environment: self.has_environment.then(|| environment.to_vec()),
            is_go: self.is_go,
            as_of_ns: self.as_of_ns,
            source: self.source,
        }
    }
}

/// `first`, completed from `second`; the source is that of the command line.
pub(super) fn merge(
    first: Option<ProcessIdentity>,
    second: Option<ProcessIdentity>,
) -> Option<ProcessIdentity> {
    let (Some(mut first), Some(second)) = (first.clone(), second.clone()) else { return first.or(second) };
    if first.cmdline.is_empty() && !second.cmdline.is_empty() {
        first.cmdline = second.cmdline;
        first.cmdline_cut = second.cmdline_cut;
        first.source = second.source;
    }
    first.comm = first.comm.or(second.comm);
    first.exe = first.exe.or(second.exe);
    first.cgroup = first.cgroup.or(second.cgroup);
    first.ppid = first.ppid.or(second.ppid);
    first.uid = first.uid.or(second.uid);
    first.environment = first.environment.or(second.environment);
    first.is_go |= second.is_go;
    Some(first)
}

/// Whether two start times are of the same process: those of `/proc` are cut to its tick, the kernel's are exact.
#[must_use]
pub fn same_start(one_ns: u64, other_ns: u64) -> bool {
    one_ns.abs_diff(other_ns) < tick_ns()
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;

//! One process as `/proc/<pid>` tells it.
//!
//! The process may go away between any two reads, so every part but its mere existence is optional.

use std::ffi::CString;

use super::runtime::{self, environment};
use crate::kernel::Roots;
use crate::kernel::cgroup::parse_cgroup;
use crate::kernel::proc::{Dir, Stat, tick_ns};

/// Bytes kept of a command line.
pub const CMDLINE_MAX: usize = 4096;
/// Bytes read of `stat`, `status` and `cgroup`; a v1 machine has a dozen cgroup lines of at most 4 KiB each, and the
/// line of the memory controller is seldom the last.
const TEXT_MAX: usize = 16 * 1024;
/// Bytes read of an executable: its first page, which is in memory while it runs.
const EXE_HEAD: usize = 4096;
/// What could be read of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Process id in the namespace of that `/proc`.
    pub pid: u32,
    /// Name of the leader, as raw bytes.
    pub comm: Vec<u8>,
    /// Parent.
    pub ppid: Option<u32>,
    /// Start on `CLOCK_BOOTTIME` in ns, cut to the 10 ms tick of `/proc`.
    pub start_boottime_ns: Option<u64>,
    /// It has no memory of its own and is never a victim.
    pub kernel_thread: bool,
    /// Real user id.
    pub uid: Option<u32>,
    /// Arguments; empty for kernel threads and for processes that are exiting.
    pub cmdline: Vec<Vec<u8>>,
    /// `cmdline` was longer than [`CMDLINE_MAX`].
    pub cmdline_cut: bool,
    /// Target of `exe`, with the kernel's " (deleted)" where that is so.
    pub exe: Option<Vec<u8>>,
    /// Path of its memory cgroup, relative to the reader's cgroup namespace.
    pub cgroup: Option<Vec<u8>>,
    /// What says how its memory is managed (see [`environment::keep`]); absent when it could not be read whole.
    pub environment: Option<Vec<u8>>,
    /// Its executable was built by Go; false when that could not be read.
    pub is_go: bool,
}

impl Process {
    /// Reads process `pid`; `None` when there is none.
    ///
    /// `cmdline` waits for the process's `mmap_lock`: do not call this where waiting is not allowed.
    #[must_use]
    pub fn read(roots: &Roots, pid: u32) -> Option<Self> {
        let proc = Dir::open(&roots.proc).ok()?;
        Self::read_at(&proc, pid, &mut vec![0; TEXT_MAX])
    }

    /// Like [`read`](Self::read), from an open `/proc` and through a buffer that is used again.
    pub(crate) fn read_at(proc: &Dir, pid: u32, buf: &mut Vec<u8>) -> Option<Self> {
        let (dir, mut process) = Self::open(proc, pid, buf)?;
        if let Ok(bytes) = dir.read(c"cmdline", &mut buf[..=CMDLINE_MAX]) {
            process.cmdline_cut = bytes.len() > CMDLINE_MAX;
            process.cmdline = split_cmdline(&bytes[..bytes.len().min(CMDLINE_MAX)]);
        }
        if !process.kernel_thread {
            process.environment = environment_at(&dir, buf).filter(|_| !process.cmdline.is_empty());
        }
        Some(process)
    }

    /// What the kernel tells without taking a reference of the process's mm: its name, its cgroup and its executable.
    ///
    /// This is what may be read of a process that is being killed. For all else (`cmdline` and `environ`, but `stat`,
    /// `status` and `statm` as well) the kernel holds the mm while it answers (`get_task_mm`). A process that exits just then
    /// frees nothing: it is the reader who does, when it lets go. By then the OOM killer may not see that victim any more
    /// (its parent has waited for it; in a memory cgroup, its last thread is dead), and chooses another one, or panics
    /// when there is none.
    ///
    /// Without `stat` there is no start time: a process that has got the number since can't be told apart. It takes a whole
    /// round of process ids until a number is given out again.
    pub(crate) fn read_unheld(proc: &Dir, pid: u32, buf: &mut Vec<u8>) -> Option<Self> {
        buf.resize(TEXT_MAX, 0);
        let dir = proc.dir(&CString::new(pid.to_string()).ok()?).ok()?;
        let comm = dir.read(c"comm", buf).ok()?;
        // The kernel adds a newline; one in the name itself stays.
        let comm = comm.strip_suffix(b"\n").unwrap_or(comm).to_vec();
        let mut process = Self { pid, comm, ..Self::default() };
        process.look_around(&dir, buf);
        Some(process)
    }

    /// All but what lies in the process's own memory, its arguments and its environment: nothing that waits for its
    /// `mmap_lock`.
    pub(crate) fn read_outside(proc: &Dir, pid: u32, buf: &mut Vec<u8>) -> Option<Self> {
        Self::open(proc, pid, buf).map(|(_, process)| process)
    }

    fn open(proc: &Dir, pid: u32, buf: &mut Vec<u8>) -> Option<(Dir, Self)> {
        buf.resize(TEXT_MAX, 0);
        let dir = proc.dir(&CString::new(pid.to_string()).ok()?).ok()?;
        let stat = Stat::parse(dir.read(c"stat", buf).ok()?)?;
        let mut process = Self {
            pid,
            kernel_thread: stat.kernel_thread(),
            comm: stat.comm,
            ppid: Some(stat.ppid),
            start_boottime_ns: stat.start_ticks.checked_mul(tick_ns()),
            ..Self::default()
        };
        process.uid = dir.read(c"status", buf).ok().and_then(parse_uid);
        process.look_around(&dir, buf);
        Some((dir, process))
    }

    /// Its cgroup and its executable's path.
    fn look_around(&mut self, dir: &Dir, buf: &mut [u8]) {
        self.cgroup = dir.read(c"cgroup", buf).ok().and_then(parse_cgroup);
        self.exe = dir.read_link(c"exe").ok();
    }

    /// Looks at the executable itself, which may be on a file system that does not answer: not where waiting is not allowed.
    pub(crate) fn look_at_exe(&mut self, proc: &Dir, buf: &mut Vec<u8>) {
        buf.resize(TEXT_MAX, 0);
        let name = CString::new(format!("{}/exe", self.pid)).ok();
        let head = name.and_then(|name| proc.read(&name, &mut buf[..EXE_HEAD]).ok().map(runtime::is_go));
        self.is_go = head.unwrap_or(false);
    }
}

/// What is kept of the environment. It is empty for one that is exiting, and what does not fit says nothing for sure.
fn environment_at(dir: &Dir, buf: &mut [u8]) -> Option<Vec<u8>> {
    let length = buf.len();
    let environ = dir.read(c"environ", buf).ok()?;
    let whole = !environ.is_empty() && environ.len() < length;
    let kept = whole.then(|| environment::keep(environ));
    // The rest of it does not stay in memory.
    buf.fill(0);
    kept
}

/// The real user id of `/proc/<pid>/status`. `Name:` comes before it, but the kernel escapes newlines there.
fn parse_uid(status: &[u8]) -> Option<u32> {
    let line = status.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// The arguments of a command line. A process that wrote its title over its arguments leaves one text and padding.
pub(crate) fn split_cmdline(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let mut args: Vec<Vec<u8>> = bytes.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
    if args.len() > 2 && args[1..].iter().all(Vec::is_empty) {
        args.truncate(1);
    }
    if args.iter().all(Vec::is_empty) { Vec::new() } else { args }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    const STAT: &str = "S 1 10 10 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 200 18446744073709551615";

    #[test]
    fn a_whole_process() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("42");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("stat"), format!("42 (a) b)\n(c) {STAT}\n")).unwrap();
        fs::write(dir.join("status"), "Name:\ta) b)\\n(c\nUid:\t1000\t0\t0\t0\n").unwrap();
        fs::write(dir.join("cgroup"), "5:cpu:/x\n4:hugetlb,memory:/a:b/c\n0::/u\n").unwrap();
        fs::write(dir.join("cmdline"), b"java\0-jar\0\xff.jar\0").unwrap();
        symlink("/usr/bin/java (deleted)", dir.join("exe")).unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        let process = Process::read(&roots, 42).unwrap();
        assert_eq!(process.comm, b"a) b)\n(c");
        assert_eq!((process.ppid, process.uid, process.kernel_thread), (Some(1), Some(1000), false));
        assert_eq!(process.start_boottime_ns, Some(12345 * tick_ns()));
        assert_eq!(process.cgroup.unwrap(), b"/a:b/c");
        assert_eq!(process.cmdline, [b"java".to_vec(), b"-jar".to_vec(), b"\xff.jar".to_vec()]);
        assert_eq!(process.exe.unwrap(), b"/usr/bin/java (deleted)");
        assert!(!process.cmdline_cut);
    }

    #[test]
    fn parts_may_be_missing() {
        let tmp = tempfile::tempdir().unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        assert_eq!(Process::read(&roots, 7), None);
        fs::create_dir(tmp.path().join("7")).unwrap();
        assert_eq!(Process::read(&roots, 7), None);
        fs::write(
            tmp.path().join("7/stat"),
            format!("7 (kworker/0:1) {}", STAT.replace("4194560", "69238880")),
        )
        .unwrap();
        let process = Process::read(&roots, 7).unwrap();
        assert!(process.kernel_thread && process.cmdline.is_empty() && process.uid.is_none());
    }

    #[test]
    fn long_command_lines_are_cut_and_say_so() {
        let tmp = tempfile::tempdir().unwrap();
        fs::create_dir(tmp.path().join("7")).unwrap();
        fs::write(tmp.path().join("7/stat"), format!("7 (x) {STAT}")).unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        for (len, cut) in [(CMDLINE_MAX, false), (CMDLINE_MAX + 1, true), (3 * CMDLINE_MAX, true)] {
            fs::write(tmp.path().join("7/cmdline"), vec![b'x'; len]).unwrap();
            let process = Process::read(&roots, 7).unwrap();
            assert_eq!((process.cmdline[0].len(), process.cmdline_cut), (CMDLINE_MAX, cut));
        }
    }

    #[test]
    fn ourselves() {
        let me = Process::read(&Roots::default(), std::process::id()).unwrap();
        assert_eq!(me.exe.unwrap(), std::env::current_exe().unwrap().as_os_str().as_encoded_bytes());
        let args: Vec<Vec<u8>> = std::env::args_os().map(std::ffi::OsString::into_encoded_bytes).collect();
        assert_eq!(me.cmdline, args);
        // SAFETY: plain calls.
        assert_eq!((me.uid, me.ppid), unsafe { (Some(libc::getuid()), u32::try_from(libc::getppid()).ok()) });
        assert!(me.cgroup.is_some() && me.start_boottime_ns.unwrap() > 0);
    }

    #[test]
    fn titles_and_empty_arguments() {
        assert_eq!(split_cmdline(b"postgres: writer\0\0\0\0"), [b"postgres: writer".to_vec()]);
        assert_eq!(split_cmdline(b"sh\0-c\0\0"), [b"sh".to_vec(), b"-c".to_vec(), Vec::new()]);
        assert_eq!(split_cmdline(b"prog\0\0"), [b"prog".to_vec(), Vec::new()]);
        assert_eq!(split_cmdline(b"no end"), [b"no end".to_vec()]);
        assert!(split_cmdline(b"").is_empty() && split_cmdline(b"\0\0\0").is_empty());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (parse_uid(&bytes), split_cmdline(&bytes));
        }
    }
}

//! One process by its files under /proc.

use std::ffi::CString;
use std::io;
use std::ops::ControlFlow;

use super::status::Status;
use crate::{
    kernel::{
        cgroup::{Memcgs, parse_cgroup},
        proc::{Dir, Stat, text},
    },
    sample::{ProcessKey, ProcessSample},
};

/// Threads of a process whose leader has exited that are looked at for its memory.
const THREADS_TRIED: usize = 32;
/// Bytes read of a file: `status` is below 2 KiB; a v1 machine has a dozen lines in `cgroup`, of at most 4 KiB each.
pub(crate) const TEXT_MAX: usize = 16 * 1024;

/// What a look at a process gave.
pub(crate) enum Seen {
    /// A sample.
    Process(ProcessSample),
    /// A kernel thread.
    KernelThread,
    /// No memory any more: a zombie.
    Zombie,
}

/// The directory of a process, by its number.
pub(crate) fn directory(proc: &Dir, pid: u32) -> io::Result<Dir> {
    let mut name = [0u8; 12];
    let text = digits(pid, &mut name);
    proc.dir(std::ffi::CStr::from_bytes_until_nul(text).unwrap_or(c""))
}

/// `pid` as a C string, without the heap.
fn digits(pid: u32, into: &mut [u8; 12]) -> &[u8] {
    let mut at = into.len() - 1;
    let mut rest = pid;
    loop {
        at -= 1;
        into[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            return &into[at..];
        }
    }
}

/// Looks at everything a sample is made of. `cgroup` is its memory cgroup when that is known from before.
///
/// # Errors
/// When the process is gone or may not be looked at.
pub(crate) fn look(
    dir: &Dir,
    pid: u32,
    cgroup: Option<u64>,
    memcgs: &mut Memcgs,
    buf: &mut [u8],
) -> io::Result<Seen> {
    let stat = Stat::parse(dir.read(c"stat", buf)?).ok_or(io::ErrorKind::InvalidData)?;
    if stat.kernel_thread() {
        return Ok(Seen::KernelThread);
    }
    let mut status = Status::parse(dir.read(c"status", buf)?);
    if status.memory.is_none() && stat.threads > 1 {
        status.memory = of_a_thread(dir, buf).and_then(|status| status.memory);
    }
    let Some(memory) = status.memory else { return Ok(Seen::Zombie) };
    let mut sample = ProcessSample {
        key: ProcessKey { pid, start_ns: stat.start_ticks.saturating_mul(memcgs.tick_ns) },
        ppid: stat.ppid,
        uid: status.uid,
        threads: stat.threads,
        major_faults: stat.major_faults,
        ..ProcessSample::default()
    };
    memory.fill(&mut sample);
    for (to, from) in sample.comm.iter_mut().zip(&stat.comm) {
        *to = *from;
    }
    sample.oom_score_adj = dir.read(c"oom_score_adj", buf).ok().map_or(0, adj);
    sample.cgroup = cgroup.unwrap_or_else(|| {
        let path = dir.read(c"cgroup", buf).ok().and_then(parse_cgroup);
        path.and_then(|path| memcgs.id_of(&path)).unwrap_or_default()
    });
    Ok(Seen::Process(sample))
}

/// The status of a thread that still has memory, of a process whose leader has exited.
fn of_a_thread(dir: &Dir, buf: &mut [u8]) -> Option<Status> {
    let tasks = dir.dir(c"task").ok()?;
    let mut tids = Vec::with_capacity(THREADS_TRIED);
    let listed = tasks.numbers(buf, |tid| {
        tids.push(tid);
        if tids.len() < THREADS_TRIED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    listed.ok()?;
    tids.into_iter().find_map(|tid| {
        let name = CString::new(format!("{tid}/status")).ok()?;
        let status = Status::parse(tasks.read(&name, buf).ok()?);
        status.memory.is_some().then_some(status)
    })
}

/// `oom_score_adj`, -1000 to 1000.
fn adj(text: &[u8]) -> i16 {
    let text = text.trim_ascii();
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = text::number(digits).and_then(|value| i16::try_from(value).ok()).unwrap_or_default();
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_processes() {
        for pid in [0, 7, 10, 4_194_304, u32::MAX] {
            let mut buf = [0; 12];
            let text = digits(pid, &mut buf);
            assert_eq!(text, format!("{pid}\0").as_bytes());
        }
    }

    #[test]
    fn adjustments() {
        assert_eq!(adj(b"-1000\n"), -1000);
        assert_eq!(adj(b"250\n"), 250);
        assert_eq!((adj(b""), adj(b"x")), (0, 0));
    }
}

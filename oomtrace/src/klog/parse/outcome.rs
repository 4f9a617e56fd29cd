//! Lines that end a run without a kill, and those of the reaper.

use super::COMM_MAX;
use super::scan::{digits, kb, number, rsplit};
use crate::klog::report::{Reaped, TaskName};
use crate::model::Text;

/// Why nothing was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKill {
    NoKillable,
    Panic,
    /// SysRq-f only.
    RequestIgnored,
}

/// Reads a line that says that nothing was killed.
pub(crate) fn no_kill(text: &[u8]) -> Option<NoKill> {
    let text = text.strip_prefix(b"sysrq: ").unwrap_or(text);
    match text {
        b"Out of memory and no killable processes..." => Some(NoKill::NoKillable),
        b"OOM request ignored. No task eligible" => Some(NoKill::RequestIgnored),
        _ => {
            let why = text.strip_prefix(b"Kernel panic - not syncing: ")?;
            let ours = why.starts_with(b"System is deadlocked on memory")
                || why.starts_with(b"Out of memory and no killable processes")
                || (why.starts_with(b"Out of memory: ") && why.ends_with(b" panic_on_oom is enabled"));
            ours.then_some(NoKill::Panic)
        }
    }
}

/// `oom_reaper: reaped process N (COMM), now anon-rss:…kB, file-rss:…kB, shmem-rss:…kB` or
/// `oom_reaper: unable to reap pid:N (COMM)`.
pub(crate) fn reaped(text: &[u8]) -> Option<Reaped> {
    let rest = text.strip_prefix(b"oom_reaper: ")?;
    if let Some(rest) = rest.strip_prefix(b"unable to reap pid:") {
        let (pid, comm) = digits(rest)?;
        return task(pid, comm.strip_prefix(b" (")?.strip_suffix(b")")?, false, None);
    }
    let (pid, rest) = digits(rest.strip_prefix(b"reaped process ")?)?;
    let (comm, left) = rsplit(rest.strip_prefix(b" (")?, b"), now anon-rss:")?;
    task(pid, comm, true, left_of(left))
}

fn task(pid: &[u8], comm: &[u8], done: bool, left_kb: Option<(u64, u64, u64)>) -> Option<Reaped> {
    let task = TaskName { pid: number(pid)?, comm: Text::new(comm) };
    (comm.len() <= COMM_MAX).then_some(Reaped { task, done, left_kb })
}

fn left_of(text: &[u8]) -> Option<(u64, u64, u64)> {
    let (anon, rest) = kb(text, b"")?;
    let (file, rest) = kb(rest, b", file-rss:")?;
    // 4.5 and later.
    let (shmem, _) = kb(rest, b", shmem-rss:")?;
    Some((anon, file, shmem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_killed() {
        for (text, expected) in [
            ("Out of memory and no killable processes...", NoKill::NoKillable),
            ("sysrq: OOM request ignored. No task eligible", NoKill::RequestIgnored),
            ("OOM request ignored. No task eligible", NoKill::RequestIgnored),
            ("Kernel panic - not syncing: System is deadlocked on memory", NoKill::Panic),
            ("Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled", NoKill::Panic),
        ] {
            assert_eq!(no_kill(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["Kernel panic - not syncing: VFS", "x Out of memory and no killable processes..."] {
            assert_eq!(no_kill(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_reaper() {
        let text = b"oom_reaper: reaped process 9 (a), now anon-rss:1kB), now anon-rss:0kB, file-rss:4kB, shmem-rss:8kB";
        assert_eq!(reaped(text), None, "the name would be longer than 15 bytes");
        let text = b"oom_reaper: reaped process 9 (a), b), now anon-rss:0kB, file-rss:4kB, shmem-rss:8kB";
        let done = reaped(text).unwrap();
        assert_eq!((done.task.pid, done.task.comm, done.done), (9, Text::from("a), b"), true));
        assert_eq!(done.left_kb, Some((0, 4, 8)));
        let failed = reaped(b"oom_reaper: unable to reap pid:9 (a)").unwrap();
        assert_eq!((failed.done, failed.left_kb), (false, None));
    }
}

//! `MESSAGE: Killed process N (COMM) total-vm:…kB, anon-rss:…kB, file-rss:…kB[, shmem-rss:…kB][, UID:… pgtables:…kB oom_score_adj:…]`
//!
//! Up to 5.0 without the message, and `MESSAGE: Kill process N (COMM) score S or sacrifice child` before it.
//! The line begins with the kernel's own words and no process can write what stands there, so the beginning decides.

use super::COMM_MAX;
use super::scan::{ascii, digits, kb, number, rsplit, uid};
use crate::klog::report::{Chosen, Killed, TaskName};
use crate::model::Text;

/// Every message that `oom_kill_process` gets.
const MESSAGES: [&[u8]; 3] =
    [b"Memory cgroup out of memory", b"Out of memory (oom_kill_allocating_task)", b"Out of memory"];

/// The message and what follows its `: `.
pub(super) fn message(text: &[u8]) -> Option<(String, &[u8])> {
    MESSAGES.iter().find_map(|message| {
        let rest = text.strip_prefix(*message)?.strip_prefix(b": ")?;
        Some((ascii(message)?, rest))
    })
}

/// Reads a kill. A line that was cut behind the process id is still one; its missing fields are absent.
pub(crate) fn parse(text: &[u8]) -> Option<Killed> {
    let (message, rest) = match message(text) {
        Some((message, rest)) => (Some(message), rest),
        None => (None, text),
    };
    let (pid, rest) = digits(rest.strip_prefix(b"Killed process ")?)?;
    let (el6_uid, rest) = match rest.strip_prefix(b" (") {
        Some(rest) => (None, rest),
        // RHEL 6: `Killed process N, UID U, (NAME) total-vm:…`
        None => {
            let (user, rest) = digits(rest.strip_prefix(b", UID ")?)?;
            (uid(user), rest.strip_prefix(b", (")?)
        }
    };
    let mut killed = Killed { message, pid: number(pid)?, lines: 1, ..Killed::default() };
    match name_and_sizes(rest) {
        Some((comm, user, sizes)) if comm.len() <= COMM_MAX && sizes_of(&mut killed, sizes).is_some() => {
            killed.comm = Some(Text::new(comm));
            killed.uid = killed.uid.or(user).or(el6_uid);
        }
        // Without its message only a line with its sizes is a kill.
        _ if killed.message.is_none() => return None,
        _ => {}
    }
    Some(killed)
}

/// `Killed process N (COMM)` without sizes, as 2.6.32 prints it behind the line of the choice; alone it could be anything.
pub(crate) fn bare(text: &[u8]) -> Option<Killed> {
    let (pid, rest) = digits(text.strip_prefix(b"Killed process ")?)?;
    let comm = rest.strip_prefix(b" (")?.strip_suffix(b")")?;
    (comm.len() <= COMM_MAX).then(|| {
        Some(Killed { pid: number(pid)?, comm: Some(Text::new(comm)), lines: 1, ..Killed::default() })
    })?
}

/// The name, the user id and the sizes: `NAME) total-vm:…` or, in RHEL 7, `NAME), UID N, total-vm:…`.
fn name_and_sizes(text: &[u8]) -> Option<(&[u8], Option<u32>, &[u8])> {
    // 2.6.32 calls it vsz.
    if let Some((comm, sizes)) = rsplit(text, b") total-vm:").or_else(|| rsplit(text, b") vsz:")) {
        return Some((comm, None, sizes));
    }
    let (before, sizes) = rsplit(text, b", total-vm:")?;
    let (comm, user) = rsplit(before, b"), UID ")?;
    Some((comm, Some(uid(user)?), sizes))
}

/// Fields in the order that the kernel prints them. `None` when the first two are not there: a name has room for one, so
/// that it is not certain where a cut line's name ends.
fn sizes_of(killed: &mut Killed, sizes: &[u8]) -> Option<()> {
    let (total, rest) = kb(sizes, b"")?;
    let (anon, mut rest) = kb(rest, b", anon-rss:")?;
    (killed.total_vm_kb, killed.anon_kb) = (Some(total), Some(anon));
    for (name, value) in [(&b", file-rss:"[..], &mut killed.file_kb), (b", shmem-rss:", &mut killed.shmem_kb)]
    {
        if let Some((number, after)) = kb(rest, name) {
            *value = Some(number);
            rest = after;
        }
    }
    if let Some((user, after)) = rest.strip_prefix(b", UID:").and_then(digits) {
        killed.uid = uid(user);
        rest = after;
    }
    if let Some((number, after)) = kb(rest, b" pgtables:") {
        killed.pgtables_kb = Some(number);
        rest = after;
    }
    killed.oom_score_adj = rest.strip_prefix(b" oom_score_adj:").and_then(number);
    Some(())
}

/// `MESSAGE: Kill process N (COMM) score S or sacrifice child`, 5.0 and older.
pub(crate) fn chosen(text: &[u8]) -> Option<Chosen> {
    let (message, rest) = message(text)?;
    let (pid, rest) =
        digits(rest.strip_prefix(b"Kill process ").or_else(|| rest.strip_prefix(b"kill process "))?)?;
    let (rest, score) = rsplit(rest.strip_prefix(b" (")?, b") score ")?;
    let score = score.strip_suffix(b" or sacrifice child").or_else(|| score.strip_suffix(b" or a child"))?;
    let score = number(score)?;
    let task = TaskName { pid: number(pid)?, comm: Text::new(rest) };
    (rest.len() <= COMM_MAX).then_some(Chosen { message, task, score })
}

/// `MESSAGE: OOM victim N (COMM) is already exiting. Skip killing the task`, 5.9 and later.
pub(crate) fn skipped(text: &[u8]) -> Option<TaskName> {
    let (_, rest) = message(text)?;
    let (pid, rest) = digits(rest.strip_prefix(b"OOM victim ")?)?;
    let comm = rest.strip_prefix(b" (")?.strip_suffix(b") is already exiting. Skip killing the task")?;
    (comm.len() <= COMM_MAX).then_some(TaskName { pid: number(pid)?, comm: Text::new(comm) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_5_4() {
        let text = b"Memory cgroup out of memory: Killed process 11740 (python3) total-vm:75160kB, anon-rss:65152kB, file-rss:6508kB, shmem-rss:4kB, UID:1000 pgtables:184kB oom_score_adj:-5";
        let killed = parse(text).unwrap();
        assert_eq!(killed.message.as_deref(), Some("Memory cgroup out of memory"));
        assert_eq!((killed.pid, killed.comm), (11740, Some(Text::from("python3"))));
        assert_eq!((killed.total_vm_kb, killed.anon_kb), (Some(75160), Some(65152)));
        assert_eq!((killed.file_kb, killed.shmem_kb), (Some(6508), Some(4)));
        assert_eq!((killed.uid, killed.pgtables_kb, killed.oom_score_adj), (Some(1000), Some(184), Some(-5)));
    }

    #[test]
    fn older_forms() {
        let bare = parse(b"Killed process 3119 (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB")
            .unwrap();
        assert_eq!((bare.message, bare.shmem_kb, bare.uid), (None, Some(0), None));
        let before_4_5 = parse(b"Killed process 3119 (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB").unwrap();
        assert_eq!((before_4_5.file_kb, before_4_5.shmem_kb), (Some(1), None));
        let text = b"Out of memory: Killed process 5 (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:7";
        assert_eq!(parse(text).unwrap().uid, Some(7));
        let rhel_7 = parse(b"Killed process 5 (a), UID 9), UID 1001, total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB");
        let rhel_7 = rhel_7.unwrap();
        assert_eq!(
            (rhel_7.comm, rhel_7.uid, rhel_7.anon_kb),
            (Some(Text::from("a), UID 9")), Some(1001), Some(8))
        );
        let text = b"Out of memory: Kill process 3119 (a) score 1 (b) score 974 or sacrifice child";
        let chosen = chosen(text).unwrap();
        assert_eq!((chosen.score, chosen.task.comm), (974, Text::from("a) score 1 (b")));
    }

    #[test]
    fn oom_kill_allocating_task() {
        let text = b"Out of memory (oom_kill_allocating_task): Killed process 5 (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:7 pgtables:4kB oom_score_adj:0";
        assert_eq!(parse(text).unwrap().message.as_deref(), Some("Out of memory (oom_kill_allocating_task)"));
    }

    #[test]
    fn names_made_to_confuse() {
        for name in ["Killed process ", ") total-vm:1kB", "a) (b", "a\nb", "", "Out of memory: "] {
            let text = format!(
                "Out of memory: Killed process 77 ({name}) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:7 pgtables:4kB oom_score_adj:0"
            );
            let killed = parse(text.as_bytes()).unwrap();
            assert_eq!((killed.pid, killed.comm), (77, Some(Text::from(name))));
            assert_eq!((killed.total_vm_kb, killed.oom_score_adj), (Some(9), Some(0)));
        }
    }

    #[test]
    fn what_is_no_kill() {
        for text in [
            "Killed process 1 (init)",
            "Killed process 1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
            "CPU: 0 PID: 5 Comm: Killed process Not tainted",
            "a: Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB",
            " Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB",
            "Killed process 1 (0123456789abcdef) total-vm:9kB, anon-rss:8kB, file-rss:1kB",
            "Out of memory: Killed process 12",
            "Out of memory: Killed process ",
            "Out of memory: Killed process 99999999999 (a) total-vm:9kB",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_cut_kill_keeps_what_is_certain() {
        let killed = parse(b"Out of memory: Killed process 12 (ab").unwrap();
        assert_eq!((killed.pid, killed.comm, killed.total_vm_kb), (12, None, None));
        let killed =
            parse(b"Out of memory: Killed process 12 () total-vm:) total-vm:9kB, anon-rss:8k").unwrap();
        assert_eq!((killed.comm, killed.total_vm_kb, killed.anon_kb), (None, None, None));
        let killed =
            parse(b"Out of memory: Killed process 12 (ab) total-vm:9kB, anon-rss:8kB, file").unwrap();
        assert_eq!((killed.comm, killed.anon_kb, killed.file_kb), (Some(Text::from("ab")), Some(8), None));
    }

    #[test]
    fn a_skip() {
        let text =
            b"Memory cgroup out of memory: OOM victim 9 (a) b) is already exiting. Skip killing the task";
        assert_eq!(skipped(text), Some(TaskName { pid: 9, comm: Text::from("a) b") }));
        assert_eq!(skipped(b"OOM victim 9 (a) is already exiting. Skip killing the task"), None);
    }
}

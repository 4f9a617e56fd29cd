//! The single lines of a report. Names are hostile: every line is read from both of its ends.

use super::{Choice, Invoked, Killed, Usage};

/// Position of `needle`.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

/// Last position of `needle`.
fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).rposition(|window| window == needle)
}

/// What stands between the two texts, the first of each.
fn between<'a>(text: &'a [u8], from: &[u8], to: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[find(text, from)? + from.len()..];
    Some(&rest[..find(rest, to)?])
}

/// The number at the start of `text`.
fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'-').unwrap_or(text.len());
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// The number behind `label`.
fn labelled<T: std::str::FromStr>(text: &[u8], label: &[u8]) -> Option<T> {
    number(&text[find(text, label)? + label.len()..])
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `COMM invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0`.
pub(super) fn invoked(text: &[u8]) -> Option<Invoked> {
    const WORDS: &[u8] = b" invoked oom-killer: gfp_mask=0x";
    let at = rfind(text, WORDS)?;
    let rest = &text[at + WORDS.len()..];
    let open = find(rest, b"(")?;
    let close = find(rest, b")")?;
    Some(Invoked {
        comm: text[..at].to_vec(),
        gfp_value: u32::from_str_radix(std::str::from_utf8(&rest[..open]).ok()?, 16).ok()?,
        gfp_names: string(&rest[open + 1..close]),
        order: labelled(rest, b"order=")?,
        oom_score_adj: labelled(rest, b"oom_score_adj=")?,
    })
}

/// `CPU: 0 [UID: 0 ]PID: 1 Comm: init ...`.
pub(super) fn stack_pid(text: &[u8]) -> Option<u32> {
    labelled(text, b" PID: ")
}

/// `LABEL123kB, limit 456kB, failcnt 7`.
pub(super) fn usage(text: &[u8], label: &[u8]) -> Option<Usage> {
    let rest = text.strip_prefix(label)?;
    Some(Usage { usage_kb: number(rest)?, limit_kb: labelled(rest, b", limit ")? })
}

/// `Tasks in PATH are going to be killed due to memory.oom.group set`.
pub(super) fn group(text: &[u8]) -> Option<Vec<u8>> {
    let path = text.strip_prefix(b"Tasks in ")?;
    let end = rfind(path, b" are going to be killed due to memory.oom.group set")?;
    Some(path[..end].to_vec())
}

/// `oom-kill:constraint=C,nodemask=N,cpuset=NAME,mems_allowed=M,{oom_memcg=PATH|global_oom},task_memcg=PATH,task=COMM,
/// pid=N,uid=N`.
pub(super) fn choice(text: &[u8]) -> Option<Choice> {
    let text = text.strip_prefix(b"oom-kill:")?;
    let pid_at = rfind(text, b",pid=")?;
    let (head, tail) = text.split_at(pid_at);
    let task_at = rfind(head, b",task=")?;
    // A path begins with the one byte that no name can hold.
    let memcg_at = find(head, b",task_memcg=/")?;
    let scope = &head[..memcg_at];
    let oom_at = find(scope, b",oom_memcg=/");
    let nodes = &scope[..oom_at.or_else(|| rfind(scope, b",global_oom"))?];
    Some(Choice {
        constraint: string(between(nodes, b"constraint=", b",")?),
        nodemask: string(between(nodes, b"nodemask=", b",cpuset=")?),
        cpuset: between(nodes, b",cpuset=", b",mems_allowed=")?.to_vec(),
        mems_allowed: string(&nodes[rfind(nodes, b",mems_allowed=")? + 14..]),
        oom_memcg: oom_at.map(|at| scope[at + 11..].to_vec()),
        task_memcg: head[memcg_at + 12..task_at].to_vec(),
        task: head[task_at + 6..].to_vec(),
        pid: labelled(tail, b",pid=")?,
        uid: labelled(tail, b",uid=")?,
    })
}

/// `MESSAGE: Killed process N (COMM) total-vm:NkB, anon-rss:NkB, file-rss:NkB, shmem-rss:NkB, UID:N pgtables:NkB
/// oom_score_adj:N`.
pub(super) fn killed(text: &[u8]) -> Option<Killed> {
    const WORDS: &[u8] = b": Killed process ";
    let at = find(text, WORDS)?;
    let rest = &text[at + WORDS.len()..];
    let open = find(rest, b" (")?;
    let close = rfind(rest, b") total-vm:")?;
    let parts = &rest[close..];
    Some(Killed {
        message: string(&text[..at]),
        pid: number(rest)?,
        comm: rest[open + 2..close].to_vec(),
        total_vm_kb: labelled(parts, b"total-vm:")?,
        anon_kb: labelled(parts, b"anon-rss:")?,
        file_kb: labelled(parts, b"file-rss:")?,
        shmem_kb: labelled(parts, b"shmem-rss:")?,
        uid: labelled(parts, b"UID:")?,
        page_table_kb: labelled(parts, b"pgtables:")?,
        oom_score_adj: labelled(parts, b"oom_score_adj:")?,
    })
}

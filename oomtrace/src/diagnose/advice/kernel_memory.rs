//! Memory of the kernel: which kind, and what makes it.

use super::facts::Facts;
use super::round::size;
use super::{Ranked, push};
use crate::model::{Advice, PartKind, VerdictKind};

/// The kind that makes up this part of the kernel's growth is the one to look at, in percent.
const MOST: u64 = 50;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::KernelMemory]) {
        return;
    }
    let grew = |kind| {
        let growth = facts.diagnosis.growth.iter().find(|growth| growth.kind == kind)?;
        u64::try_from(growth.bytes).ok().filter(|bytes| *bytes > 0)
    };
    let kernel =
        grew(PartKind::Kernel).or_else(|| grew(PartKind::Slab)).or_else(|| grew(PartKind::PageTables));
    let Some(kernel) = kernel else {
        return;
    };
    let mostly = |kind| grew(kind).filter(|bytes| bytes.saturating_mul(100) >= kernel.saturating_mul(MOST));
    let (action, command, what) = if let Some(sock) = mostly(PartKind::Sock) {
        (
            "Look for sockets whose other end does not read: their buffers are kernel memory.".to_owned(),
            "ss -tunmp | sort | head -40; sysctl net.ipv4.tcp_mem",
            format!("Socket buffers grew by {}", size(sock)),
        )
    } else if let Some(tables) = mostly(PartKind::PageTables) {
        (
            "Use huge pages for large mappings, or fewer processes that map them: each process has page tables of its own, \
             4 KiB for every 2 MiB that it touches, and freed memory keeps them."
                .to_owned(),
            "grep -H VmPTE /proc/[0-9]*/status | sort -k2 -n | tail",
            format!("Page tables grew by {}", size(tables)),
        )
    } else if let Some(slab) = mostly(PartKind::Slab) {
        (
            "See which kernel cache grew: dentry and inode caches mean very many files, others a driver or a leak.".to_owned(),
            "sudo slabtop --once --sort=c | head -20",
            format!("Slab grew by {}", size(slab)),
        )
    } else {
        (
            format!("Look for threads (a kernel stack each), pipes and BPF maps.{}", excluded(facts)),
            "grep -H Threads /proc/[0-9]*/status | sort -k2 -n | tail -5; grep -E 'Slab|KernelStack|Percpu|VmallocUsed' \
             /proc/meminfo; sudo find /proc/[0-9]*/fd -lname 'pipe:*' 2>/dev/null | wc -l; sysctl fs.pipe-user-pages-soft",
            "No single kind that is counted makes up half of it".to_owned(),
        )
    };
    let why = format!("{what}; all kernel memory grew by {}. It is in no process's heap.", size(kernel));
    push(into, 10, Advice { action, command: Some(command.into()), value_bytes: None, why });
}

/// What it is not, as far as the record has counters for it: cgroup v1 has none for slab and sockets.
fn excluded(facts: &Facts<'_>) -> String {
    let counted = |kind| facts.diagnosis.growth.iter().any(|growth| growth.kind == kind);
    let names =
        [(PartKind::Slab, "slab"), (PartKind::Sock, "socket buffers"), (PartKind::PageTables, "page tables")];
    let names: Vec<_> = names.into_iter().filter(|(kind, _)| counted(*kind)).map(|(_, name)| name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(" By its counters most of it is not {one}."),
        [most @ .., last] => {
            format!(" By its counters most of it is neither {} nor {last}.", most.join(" nor "))
        }
    }
}

//! Memory of the kernel: which kind, and who makes it.

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
            "Look for sockets whose other end does not read: their buffers are kernel memory.",
            "ss -tunmp | sort | head -40; sysctl net.ipv4.tcp_mem",
            format!("Buffers of sockets grew by {}", size(sock)),
        )
    } else if let Some(tables) = mostly(PartKind::PageTables) {
        (
            "Use huge pages for large shared mappings, or fewer processes that map them: each has page tables of its own.",
            "grep -H VmPTE /proc/[0-9]*/status | sort -k2 -n | tail",
            format!("Page tables grew by {}", size(tables)),
        )
    } else if let Some(slab) = mostly(PartKind::Slab) {
        (
            "See which of the kernel's caches it is: dentry and inode caches mean very many files, others a driver or a leak.",
            "sudo slabtop --once --sort=c | head -20",
            format!("Slab grew by {}", size(slab)),
        )
    } else {
        (
            "Look for pipes, BPF maps and kernel stacks: it is neither slab, nor sockets, nor page tables.",
            "grep -E 'Slab|KernelStack|Percpu|VmallocUsed' /proc/meminfo; sudo lsof -n | grep -c FIFO; sysctl fs.pipe-user-pages-soft",
            "No single kind that is counted makes up half of it".to_owned(),
        )
    };
    let why = format!(
        "{what}, of {} that the kernel's memory grew by. No process's heap is to blame.",
        size(kernel)
    );
    push(into, 10, Advice { action: action.into(), command: Some(command.into()), value_bytes: None, why });
}

//! Kernel memory: slab, pipes, sockets, page tables.

use super::super::case::{Case, Finding};
use super::super::series::cut;
use super::super::thresholds::KIND_SHARE;
use super::super::words;
use super::kind;
use crate::model::{Confidence, PartKind, VerdictKind};

/// Most of what grew is the kernel's.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    if let Some(found) = page_tables(case) {
        return Some(found);
    }
    let bytes = kind::kernel(case);
    let share = case.growth.share(bytes);
    if share < KIND_SHARE {
        return by_elimination(case);
    }
    let mut reasons = vec![format!(
        "{} of the growth ({} of {}) is kernel memory, which is in no process's resident memory",
        words::percent(share),
        words::size(bytes),
        words::size(case.growth.total)
    )];
    reasons.extend(of_it(case, bytes));
    finding(case, bytes, reasons, Confidence::High)
}

/// No counter shows it, and nothing else is left.
fn by_elimination(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let entity = case.scope.entity?;
    let known = entity.part(PartKind::Anon).is_some() && entity.part(PartKind::Shmem).is_some();
    let cache = if case.scope.without_cache { 0 } else { case.growth.kind(PartKind::File).max(0) };
    let shmem = (kind::shmem(case.growth) - case.growth.mapped_shmem).max(0);
    // What processes held that no sample saw may be their growth.
    let unseen: i64 = case.unsampled().iter().map(|(_, bytes)| *bytes).sum();
    let rest = case.growth.unattributed - cache - shmem - unseen;
    // Statistics may be 2 s old where the kernel's report did not bring them.
    let fresh = case.incident.scope.stats.is_some() || case.span.from <= -5_000;
    if !known || !fresh || entity.part(PartKind::Kernel).is_some() || case.growth.share(rest) < KIND_SHARE {
        return None;
    }
    let reasons = vec![format!(
        "{} of the growth ({} of {}) is in no process and neither page cache nor shared memory, which leaves kernel memory",
        words::percent(case.growth.share(rest)),
        words::size(rest),
        words::size(case.growth.total)
    )];
    finding(case, rest, reasons, Confidence::Medium)
}

fn finding(
    case: &Case<'_, '_, '_>,
    bytes: i64,
    mut reasons: Vec<String>,
    confidence: Confidence,
) -> Option<Finding> {
    let culprit = kind::culprit(case, PartKind::Kernel, bytes);
    reasons.extend(kind::likely(&culprit));
    Some(Finding { verdict: VerdictKind::KernelMemory, confidence, reasons, culprit: Some(culprit) })
}

/// What it is, where one kind of it is most of it.
fn of_it(case: &Case<'_, '_, '_>, bytes: i64) -> Option<String> {
    let parts = [PartKind::Sock, PartKind::PageTables, PartKind::Slab];
    let (kind, most) =
        parts.map(|kind| (kind, case.growth.kind(kind))).into_iter().max_by_key(|(_, grown)| *grown)?;
    (most * 2 >= bytes).then(|| format!("{} of that are {}", words::size(most), words::kind(kind)))
}

/// The page tables of a process at the kill, of the victim or of one that was compared with it, else by its last sample.
fn tables_of(case: &Case<'_, '_, '_>, pid: u32) -> Option<u64> {
    let victim = case.incident.victims.iter().find(|victim| victim.pid == pid);
    let candidate = || case.incident.candidates.iter().find(|one| one.pid == pid)?.page_table_bytes;
    let sampled = || case.suspect.as_ref()?.track?.entity?.part(PartKind::PageTables)?.last().copied();
    victim.and_then(|victim| victim.memory.page_table_bytes).or_else(candidate).or_else(sampled)
}

/// The page tables of one process, which the kernel counts for it and which are memory of the kernel: a large mapping that is
/// touched sparsely.
fn page_tables(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let culprit = case.culprit()?;
    let (tables, held) = (cut(tables_of(case, culprit.pid?)?), cut(culprit.bytes?));
    if tables as f64 <= KIND_SHARE * held as f64 || case.growth.share(tables) < KIND_SHARE {
        return None;
    }
    let reasons = vec![
        case.who_made(&culprit),
        format!(
            "{} of the {} that it held are page tables: it touched few pages in each part of a very large mapping",
            words::size(tables),
            words::size(held)
        ),
    ];
    Some(Finding {
        verdict: VerdictKind::KernelMemory,
        confidence: case.attribution(),
        reasons,
        culprit: Some(culprit),
    })
}

//! The largest parts of memory at one moment: by name, by process, by kind. Facts, whatever the verdict is.

use super::super::scope::{self, Domain};
use super::super::series::cut;
use super::super::words;
use crate::model::{HeldBy, Holder, Incident};

/// Names told.
const NAMES: usize = 3;
/// Kinds told.
const KINDS: usize = 4;
/// Less of the memory than this is no part worth a word.
const WORTH: f64 = 0.05;

/// Sentences about the largest parts.
pub(super) fn parts(incident: &Incident) -> Vec<String> {
    let whole = scope::limit(incident).filter(|whole| *whole > 0);
    [by_name(incident, whole), largest(incident, whole), by_kind(incident, whole)]
        .into_iter()
        .flatten()
        .collect()
}

/// ` (73 % of 29.8 GiB)`
fn share(bytes: u64, whole: Option<i64>) -> String {
    let Some(whole) = whole else { return String::new() };
    format!(" ({} of {})", words::percent(cut(bytes) as f64 / whole.max(1) as f64), words::size(whole))
}

fn by_name(incident: &Incident, whole: Option<i64>) -> Option<String> {
    let held = incident.scope.holders.as_ref()?;
    let one = |(at, holder): (usize, &Holder)| {
        let share = if at == 0 { share(holder.bytes, whole) } else { String::new() };
        let many = if holder.processes == 1 {
            format!("{} (pid {})", words::task(Some(&holder.comm), None), holder.largest_pid)
        } else {
            format!("{} {}", holder.processes, words::task(Some(&holder.comm), None))
        };
        format!("{many} {}{share}", words::size(cut(holder.bytes)))
    };
    let names: Vec<_> = held.by_name.iter().take(NAMES).enumerate().map(one).collect();
    let first = held.by_name.first()?;
    let over = whole.is_some_and(|whole| cut(first.bytes) > whole);
    let shared = if over { "; pages that they share are counted in each" } else { "" };
    let all = if held.by_name.len() > 1 || first.processes > 1 {
        format!(", all {} processes {}", held.processes, words::size(cut(held.bytes)))
    } else {
        String::new()
    };
    Some(format!("by name, largest first: {}{all}{shared}", names.join(", ")))
}

/// The largest process, where it is not the only one of its name.
fn largest(incident: &Incident, whole: Option<i64>) -> Option<String> {
    let held = incident.scope.holders.as_ref();
    if let Some(row) = held.and_then(|held| held.tasks.first()) {
        let alone = held.and_then(|held| held.by_name.first());
        let is_named = alone.is_some_and(|first| first.processes == 1 && first.largest_pid == row.pid);
        return (!is_named).then(|| told(row, whole));
    }
    let victim = incident.victims.first()?;
    let parts = &victim.memory;
    let sizes =
        [parts.anon_bytes, parts.file_bytes, parts.shmem_bytes, parts.swap_bytes, parts.page_table_bytes];
    let bytes = sizes.into_iter().flatten().reduce(u64::saturating_add)?;
    Some(format!(
        "{} held {}{} when it was killed",
        words::task(Some(&victim.comm), Some(victim.pid)),
        words::size(cut(bytes)),
        share(bytes, whole)
    ))
}

fn told(row: &HeldBy, whole: Option<i64>) -> String {
    format!(
        "the largest process is {} with {}{}",
        words::task(Some(&row.comm), Some(row.pid)),
        words::size(cut(row.bytes())),
        share(row.bytes(), whole)
    )
}

/// `of 31.2 GiB of RAM: anonymous memory 12.3 GiB (39 %), slab 3 GiB (10 %); swap 2.0 of 2 GiB in use`
fn by_kind(incident: &Incident, whole: Option<i64>) -> Option<String> {
    let memcg = scope::domain(incident) == Domain::Memcg;
    let (kinds, whole, of) = if memcg { of_memcg(incident, whole)? } else { of_machine(incident)? };
    let part = |bytes: u64| bytes as f64 / whole.max(1) as f64;
    let mut kinds: Vec<_> = kinds
        .into_iter()
        .filter_map(|(kind, bytes)| Some((kind, bytes?)))
        .filter(|(_, bytes)| part(*bytes) >= WORTH)
        .collect();
    kinds.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let one = |(kind, bytes): &(&str, u64)| {
        format!("{kind} {} ({})", words::size(cut(*bytes)), words::percent(part(*bytes)))
    };
    let listed: Vec<_> = kinds.iter().take(KINDS).map(one).collect();
    let swap = if memcg { None } else { swap(incident) };
    let listed =
        (!listed.is_empty()).then(|| format!("of {} {of}: {}", words::size(cut(whole)), listed.join(", ")));
    match (listed, swap) {
        (Some(listed), Some(swap)) => Some(format!("{listed}; {swap}")),
        (one, other) => one.or(other),
    }
}

type Kinds = Vec<(&'static str, Option<u64>)>;

fn of_machine(incident: &Incident) -> Option<(Kinds, u64, &'static str)> {
    let system = incident.system.as_ref()?;
    let kinds = vec![
        ("anonymous memory", system.anon_bytes),
        ("page cache", system.file_bytes),
        ("tmpfs and shared memory", system.shmem_bytes),
        ("slab", system.slab_bytes),
        ("page tables", system.page_table_bytes),
        ("unevictable", system.unevictable_bytes),
        ("huge pages set aside", system.hugetlb_bytes),
        ("free", system.mem_free_bytes),
    ];
    Some((kinds, system.mem_total_bytes.filter(|bytes| *bytes > 0)?, "of RAM"))
}

fn of_memcg(incident: &Incident, whole: Option<i64>) -> Option<(Kinds, u64, &'static str)> {
    let stats = incident.scope.stats.as_ref()?;
    let usage = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.usage_bytes);
    let kinds = vec![
        ("anonymous memory", stats.anon_bytes),
        ("page cache", stats.file_bytes),
        ("tmpfs and shared memory", stats.shmem_bytes),
        ("kernel memory", stats.kernel_bytes),
        ("socket buffers", stats.sock_bytes),
        ("unevictable", stats.unevictable_bytes),
    ];
    let whole = usage.or(whole.and_then(|whole| u64::try_from(whole).ok())).filter(|bytes| *bytes > 0)?;
    Some((kinds, whole, "in use"))
}

fn swap(incident: &Incident) -> Option<String> {
    let system = incident.system.as_ref()?;
    let (total, free) = (system.swap_total_bytes?, system.swap_free_bytes);
    match (total, free) {
        (0, _) => Some("there is no swap".into()),
        (total, Some(free)) => Some(format!(
            "{} of {} of swap in use",
            words::size(cut(total.saturating_sub(free))),
            words::size(cut(total))
        )),
        (_, None) => None,
    }
}

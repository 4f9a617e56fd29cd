//! What the tasks in the kernel's table held: by name, and row by row.

use std::collections::HashMap;

use super::{Facts, Report, TaskRow};
use crate::model::{HeldBy, Holder, Holders};

/// Names kept.
const NAMES: usize = 10;
/// Rows kept.
const ROWS: usize = 64;

/// The sums; `None` without a table or a page size.
pub(super) fn of(report: &Report, facts: &Facts) -> Option<Holders> {
    let mut rows: Vec<_> = report.tasks.iter().filter_map(|row| held_by(row, facts)).collect();
    if rows.is_empty() {
        return None;
    }
    let mut by_name = by_name(&rows);
    let bytes = by_name.iter().map(|holder| holder.bytes).fold(0, u64::saturating_add);
    by_name.truncate(NAMES);
    let processes = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    rows.sort_by_key(|row| (std::cmp::Reverse(row.bytes()), row.pid));
    rows.truncate(ROWS);
    Some(Holders { processes, bytes, by_name, tasks: rows })
}

fn held_by(row: &TaskRow, facts: &Facts) -> Option<HeldBy> {
    let some = |pages: Option<u64>| pages.and_then(|pages| facts.bytes(pages));
    let tables = row.pgtables_bytes.or(some(row.page_table_pages));
    Some(HeldBy {
        pid: row.tgid,
        comm: row.name.clone(),
        uid: row.uid,
        total_vm_bytes: facts.bytes(row.total_vm)?,
        rss_bytes: facts.bytes(row.rss)?,
        anon_bytes: some(row.rss_anon),
        file_bytes: some(row.rss_file),
        shmem_bytes: some(row.rss_shmem),
        swap_bytes: facts.bytes(row.swapents).filter(|bytes| *bytes > 0),
        page_table_bytes: tables,
        oom_score_adj: row.oom_score_adj,
    })
}

/// Largest first. Where the table has shared memory apart it is taken to be the same in all of one name: the most that one of
/// them had counts.
fn by_name(rows: &[HeldBy]) -> Vec<Holder> {
    let mut sums: HashMap<&[u8], (Holder, u64)> = HashMap::new();
    for row in rows {
        let (holder, shared) = sums.entry(row.comm.as_bytes()).or_default();
        let own = row.shmem_bytes.unwrap_or(0);
        holder.processes = holder.processes.saturating_add(1);
        holder.bytes = holder.bytes.saturating_add(row.bytes().saturating_sub(own));
        *shared = (*shared).max(own);
        if let Some(swap) = row.swap_bytes {
            holder.swap_bytes = Some(holder.swap_bytes.unwrap_or(0).saturating_add(swap));
        }
        if row.bytes() >= holder.largest_bytes {
            (holder.largest_bytes, holder.largest_pid) = (row.bytes(), row.pid);
            holder.comm = row.comm.clone();
        }
    }
    let whole =
        |(holder, shared): (Holder, u64)| Holder { bytes: holder.bytes.saturating_add(shared), ..holder };
    let mut sums: Vec<_> = sums.into_values().map(whole).collect();
    sums.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.comm.as_bytes().cmp(b.comm.as_bytes())));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    const FACTS: Facts =
        Facts { page_size: 4096, total_swap_bytes: None, swappiness: None, total_pages: None };

    fn row(pid: u32, name: &str, rss: u64, swapents: u64, shmem: Option<u64>) -> TaskRow {
        let name = Text::from(name);
        TaskRow {
            pid,
            tgid: pid,
            name,
            rss,
            swapents,
            rss_shmem: shmem,
            pgtables_bytes: Some(4096),
            ..TaskRow::default()
        }
    }

    #[test]
    fn names_are_summed_up() {
        let tasks = vec![
            row(1, "sshd", 10, 0, None),
            row(2, "php-fpm", 100, 5, None),
            row(3, "php-fpm", 120, 0, None),
        ];
        let held = of(&Report { tasks, ..Report::default() }, &FACTS).unwrap();
        let [first, second] = held.by_name.as_slice() else { panic!("{held:?}") };
        assert_eq!((first.comm.lossy().as_ref(), first.processes, first.bytes), ("php-fpm", 2, 227 * 4096));
        assert_eq!((first.largest_pid, first.swap_bytes), (3, Some(5 * 4096)));
        assert_eq!((second.processes, held.processes, held.bytes), (1, 3, 238 * 4096));
        assert_eq!(held.tasks.iter().map(|row| row.pid).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn shared_memory_counts_once() {
        let tasks = (1..=10).map(|pid| row(pid, "postgres", 1000, 0, Some(900))).collect();
        let held = of(&Report { tasks, ..Report::default() }, &FACTS).unwrap();
        assert_eq!(held.by_name[0].bytes, (10 * 101 + 900) * 4096);
        assert_eq!(held.tasks[0].bytes(), 1001 * 4096);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let tasks =
            (1..=1000).map(|pid| row(pid, &format!("worker-{pid}"), u64::from(pid), 0, None)).collect();
        let held = of(&Report { tasks, ..Report::default() }, &FACTS).unwrap();
        assert_eq!((held.processes, held.by_name.len(), held.tasks.len()), (1000, NAMES, ROWS));
        assert_eq!(held.bytes, (500_500 + 1000) * 4096);
        assert_eq!(of(&Report::default(), &FACTS), None);
    }
}

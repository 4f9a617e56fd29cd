//! The table of tasks.

use super::TaskRow;
use super::lines::find;

/// Reads rows once the head of the table has been seen.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Since 6.8 three columns more: anonymous, file and shared memory behind `rss`.
    columns: Option<usize>,
}

impl Table {
    /// The row of `text`; `None` when it is none.
    pub(super) fn row(&mut self, text: &[u8]) -> Option<TaskRow> {
        if text.starts_with(b"[  pid  ]") {
            self.columns = Some(if find(text, b"rss_shmem").is_some() { 10 } else { 7 });
            return None;
        }
        row(text, self.columns?)
    }
}

/// `[PID] uid tgid total_vm rss [anon file shmem] pgtables_bytes swapents oom_score_adj NAME`.
fn row(text: &[u8], columns: usize) -> Option<TaskRow> {
    let rest = text.strip_prefix(b"[")?;
    let close = find(rest, b"]")?;
    let pid = std::str::from_utf8(&rest[..close]).ok()?.trim().parse().ok()?;
    let (numbers, name) = columns_of(&rest[close + 1..], columns)?;
    let memory = |at: usize| numbers.get(at).and_then(|n| u64::try_from(*n).ok());
    let last = columns - 3;
    Some(TaskRow {
        pid,
        uid: u32::try_from(numbers[0]).ok()?,
        tgid: u32::try_from(numbers[1]).ok()?,
        total_vm: memory(2)?,
        rss: memory(3)?,
        page_table_bytes: memory(last)?,
        swap_entries: memory(last + 1)?,
        oom_score_adj: i32::try_from(numbers[last + 2]).ok()?,
        name: name.to_vec(),
    })
}

/// The first `count` numbers and the rest behind one blank, which may hold anything.
fn columns_of(text: &[u8], count: usize) -> Option<(Vec<i64>, &[u8])> {
    let mut rest = text;
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        rest = &rest[start..];
        let end = rest.iter().position(|byte| *byte == b' ')?;
        numbers.push(std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?);
        rest = &rest[end..];
    }
    Some((numbers, &rest[1..]))
}

//! Why this one: the choice compared with the scores worked out from the table.

use super::badness::{self, Facts};
use super::{Report, TaskRow};

/// The message of a kernel that was told not to choose (`vm.oom_kill_allocating_task`).
const ALLOCATING: &str = "Out of memory (oom_kill_allocating_task)";

/// What a reader must know about the choice: that the scores do not explain it, or can't be worked out.
pub(super) fn notes(report: &Report, facts: &Facts) -> Vec<String> {
    let Some(chosen) = chosen(report) else { return Vec::new() };
    let mut notes = Vec::new();
    if let Some(killed) = report.killed.first()
        && report.chosen.is_some()
        && report.tgid_of(killed) != chosen
    {
        notes.push(format!(
            "the kernel chose pid {chosen} and killed a child of it instead, as kernels up to 5.0 do"
        ));
    }
    let message = report.killed.first().and_then(|killed| killed.message.as_deref());
    if message == Some(ALLOCATING) || report.tasks.is_empty() {
        return notes;
    }
    let Some(row) = report.row_of(chosen) else {
        notes.push(format!("the task table has no row of the chosen pid {chosen}"));
        return notes;
    };
    notes.extend(compare(report, row, facts));
    notes
}

fn chosen(report: &Report) -> Option<u32> {
    let by_score = report.chosen.as_ref().map(|chosen| chosen.task.pid);
    report.domain.pid.or(by_score).or_else(|| report.killed.first().map(|killed| report.tgid_of(killed)))
}

fn compare(report: &Report, row: &TaskRow, facts: &Facts) -> Option<String> {
    let total = badness::total_pages(report, facts);
    let score = |row: &TaskRow| badness::points(row, total, facts);
    let Some(own) = score(row) else {
        let adjusted = report.tasks.iter().any(|row| row.oom_score_adj != 0 && row.oom_score_adj != -1000);
        return (adjusted && total.is_none()).then(|| {
            "the scores of tasks with an oom_score_adj can't be worked out: the size of the domain, with swap, is not in the log".to_owned()
        });
    };
    if row.oom_score_adj == -1000 {
        return Some(format!("pid {} was chosen although its oom_score_adj is -1000", row.tgid));
    }
    let higher = report
        .tasks
        .iter()
        .filter(|other| other.tgid != row.tgid && score(other).is_some_and(|points| points > own));
    let (highest, count) = higher.fold((None, 0), |(best, count): (Option<&TaskRow>, u32), other| {
        let better = best.is_none_or(|best| score(other) > score(best));
        (if better { Some(other) } else { best }, count + 1)
    });
    let highest = highest?;
    Some(format!(
        "by the table {count} task{} scored higher than the chosen pid {} ({own} pages): pid {} has {}",
        if count == 1 { "" } else { "s" },
        row.tgid,
        highest.tgid,
        score(highest).map_or_else(|| "more".to_owned(), |points| format!("{points} pages"))
    ))
}

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

fn compare(report: &Report, row: &TaskRow, facts: &Facts) -> Vec<String> {
    let scoring = badness::scoring_pages(report, facts);
    let total = scoring.map(|(pages, _)| pages);
    let score = |row: &TaskRow| badness::points(row, total, facts);
    let adjusted = |row: &TaskRow| row.oom_score_adj != 0 && row.oom_score_adj != -1000;
    let Some(own) = score(row) else {
        if total.is_some() || !report.tasks.iter().any(adjusted) {
            return Vec::new();
        }
        return vec![without_size(report, row, facts)];
    };
    if row.oom_score_adj == -1000 {
        return vec![format!("pid {} was chosen although its oom_score_adj is -1000", row.tgid)];
    }
    let assumed = scoring.is_some_and(|(_, assumed)| assumed) && report.tasks.iter().any(adjusted);
    let Some(higher) = higher(report, row, own, &score) else {
        // The chosen one's own score may be known, and those of others not.
        let unknown = total.is_none() && report.tasks.iter().any(adjusted);
        let said = assumed.then(|| ASSUMED.to_owned());
        return Vec::from_iter(said.or_else(|| unknown.then(|| without_size(report, row, facts))));
    };
    // With swap the adjustments weigh more.
    if assumed && any_size(report, row, facts) == Some(true) {
        return vec![format!(
            "{higher}, if the machine has no swap; with swap, whose size is not in the log, the choice can agree"
        )];
    }
    vec![higher]
}

/// What can be said of the choice although the size of the domain is not known.
fn without_size(report: &Report, row: &TaskRow, facts: &Facts) -> String {
    match any_size(report, row, facts) {
        Some(false) => NO_SIZE_EXPLAINS.to_owned(),
        Some(true) => {
            format!("{SIZE_NOT_KNOWN}; there are sizes with which the choice agrees with the table")
        }
        None => SIZE_NOT_KNOWN.to_owned(),
    }
}

/// The notes on a size that is not in the log.
const SIZE_NOT_KNOWN: &str = "the scores of tasks with an oom_score_adj can't be worked out: the size of the domain, with swap, is not in the log";
const ASSUMED: &str = "the scores of tasks with an oom_score_adj hold for a machine without swap: its size is not in the log, and nothing was swapped out";
const NO_SIZE_EXPLAINS: &str =
    "however much swap the machine has, by the table another task scored higher than the chosen one";

fn higher(
    report: &Report,
    row: &TaskRow,
    own: i64,
    score: &dyn Fn(&TaskRow) -> Option<i64>,
) -> Option<String> {
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

/// Scores below 1 are told apart (5.9 and later).
fn keeps_negative(report: &Report) -> bool {
    let mut parts = report.kernel_release.as_deref().unwrap_or_default().split(['.', '-', '+']);
    let version = (parts.next().and_then(|n| n.parse().ok()), parts.next().and_then(|n| n.parse().ok()));
    matches!(version, (Some(major), Some(minor)) if (major, minor) >= (5_u32, 9_u32))
}

/// Whether there is a size of the domain, of the limit and some swap, with which no other task scores higher than the chosen
/// one; `None` where the table does not tell enough. Each other task is an inequality in the thousandth of the size that an
/// adjustment counts in.
fn any_size(report: &Report, row: &TaskRow, facts: &Facts) -> Option<bool> {
    // Up to 5.8 whatever is below 1 counts as 1, so that scores do not tell such tasks apart.
    if row.oom_score_adj < 0 && !keeps_negative(report) {
        return None;
    }
    let limit = i64::try_from(badness::limit_pages(report, facts)? / 1000).ok()?;
    let swap = report.memcg.swap.and_then(|swap| facts.pages(swap.limit_kb?));
    let most = swap.and_then(|swap| limit.checked_add(i64::try_from(swap / 1000).ok()?.checked_add(1)?));
    let (mut low, mut high) = (limit, most.unwrap_or(i64::MAX));
    let base = |row: &TaskRow| {
        let bare = TaskRow { oom_score_adj: 0, ..row.clone() };
        badness::points(&bare, None, facts)
    };
    let own = base(row)?;
    for other in report.tasks.iter().filter(|other| other.tgid != row.tgid && other.oom_score_adj != -1000) {
        let ahead = own.checked_sub(base(other)?)?;
        let weight = i64::from(row.oom_score_adj) - i64::from(other.oom_score_adj);
        match weight {
            0 if ahead < 0 => return Some(false),
            0 => {}
            // ahead + weight * size >= 0
            1.. => low = low.max(-ahead.div_euclid(weight)),
            _ => high = high.min(ahead.div_euclid(-weight)),
        }
    }
    Some(low <= high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::{Counter, Domain, MemcgUsage};
    use crate::model::Constraint;

    const FACTS: Facts =
        Facts { page_size: 4096, total_swap_bytes: None, swappiness: None, total_pages: None };

    /// A limit of 80 MiB, 20480 pages; swap is in use, of a size that is not known.
    fn report(tasks: &[(u64, i32)]) -> Report {
        let counter = |usage_kb, limit_kb| Some(Counter { usage_kb, limit_kb, failcnt: 0 });
        let rows = tasks.iter().zip(1..).map(|((rss, adj), pid)| TaskRow {
            pid,
            tgid: pid,
            rss: *rss,
            oom_score_adj: *adj,
            pgtables_bytes: Some(0),
            ..TaskRow::default()
        });
        Report {
            domain: Domain { constraint: Some(Constraint::Memcg), pid: Some(1), ..Domain::default() },
            memcg: MemcgUsage {
                memory: counter(81920, Some(81920)),
                swap: counter(4, None),
                ..MemcgUsage::default()
            },
            tasks: rows.collect(),
            kernel_release: Some("6.12.9".into()),
            ..Report::default()
        }
    }

    #[test]
    fn a_choice_that_no_swap_explains_is_pointed_out() {
        let said = |tasks: &[(u64, i32)]| notes(&report(tasks), &FACTS).join("\n");
        // 1000 + 100 * 20 is more than 2500, and the more so with swap.
        assert!(said(&[(1000, 100), (2500, 0)]).contains("agrees"), "{}", said(&[(1000, 100), (2500, 0)]));
        // 5000 needs 40 thousandths: 80 MiB of swap.
        assert!(said(&[(1000, 100), (5000, 0)]).contains("agrees"));
        // The other one has the same adjustment, or a higher one.
        assert_eq!(said(&[(1000, 100), (2500, 100)]), NO_SIZE_EXPLAINS);
        assert_eq!(said(&[(1000, -100), (500, 0)]), NO_SIZE_EXPLAINS);
        assert!(said(&[(9000, -100), (500, 0)]).contains("agrees"));
        // The chosen one has a score, the other one not.
        assert!(said(&[(3000, 0), (500, 100)]).contains("agrees"));
        assert_eq!(said(&[(1000, 0), (500, 100)]), NO_SIZE_EXPLAINS);
    }

    #[test]
    fn a_limit_of_swap_bounds_it() {
        let mut report = report(&[(1000, 100), (90_000, 0)]);
        assert_eq!(
            any_size(&report, &report.tasks[0], &FACTS),
            Some(true),
            "890 thousandths: 3.3 GiB of swap"
        );
        report.memcg.swap = Some(Counter { usage_kb: 4, limit_kb: Some(81920), failcnt: 0 });
        assert_eq!(any_size(&report, &report.tasks[0], &FACTS), Some(false));
    }

    #[test]
    fn without_swap_in_use_there_is_taken_to_be_none() {
        let mut report = report(&[(1000, 100), (2500, 0)]);
        report.memcg.swap = Some(Counter { usage_kb: 0, limit_kb: None, failcnt: 0 });
        assert_eq!(notes(&report, &FACTS), [ASSUMED]);
        let badness = badness::of_victim(&report, 1, &FACTS).unwrap();
        assert_eq!((badness.recomputed, badness.total_pages), (Some(3000), None));
        report.tasks[1].rss = 5000;
        assert!(
            notes(&report, &FACTS)[0].contains("if the machine has no swap"),
            "{:?}",
            notes(&report, &FACTS)
        );
        report.tasks[1].oom_score_adj = 100;
        assert!(notes(&report, &FACTS)[0].ends_with("pid 2 has 7000 pages"), "{:?}", notes(&report, &FACTS));
    }
}

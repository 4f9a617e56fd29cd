//! Every capture against what was read off it by hand: `NAME.kmsg` holds the records, `NAME.expect` what they say.
//!
//! `OOMTRACE_BLESS=1 cargo test -p oomtrace klog::tests::golden` writes the expectations anew; check them line by line against
//! the capture before committing them.

use std::fmt::Write;
use std::path::PathBuf;

use super::fixtures::{fixture, names};
use crate::klog::{Counter, Facts, Killed, Report, TaskRow, badness, why};
use crate::model::Text;

#[test]
fn captures_say_what_was_read_off_them() {
    let bless = std::env::var_os("OOMTRACE_BLESS").is_some();
    for name in names() {
        let told: String = fixture(&name).iter().map(report).collect();
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/klog/{name}.expect"));
        if bless {
            std::fs::write(&path, &told).unwrap();
        }
        let expected =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(told == expected, "{name}: expected\n{expected}\ngot\n{told}");
    }
}

/// The kernel kills the task with the highest score, so the scores worked out from its table must rank the victim first.
#[test]
fn the_chosen_task_has_the_highest_score() {
    let facts =
        Facts { page_size: 4096, total_swap_bytes: Some(64 << 20), swappiness: Some(60), total_pages: None };
    let mut compared = 0;
    for name in names() {
        for report in fixture(&name) {
            let total = badness::total_pages(&report, &facts);
            let by_score = report.killed.first().is_some_and(|killed| {
                killed.message.as_deref() != Some("Out of memory (oom_kill_allocating_task)")
            });
            let scores: Vec<_> =
                report.tasks.iter().filter_map(|row| badness::points(row, total, &facts)).collect();
            let Some(chosen) = report.domain.pid.filter(|_| by_score && scores.len() > 1) else { continue };
            let row = report.row_of(chosen).unwrap();
            assert_eq!(
                badness::points(row, total, &facts),
                scores.iter().copied().max(),
                "{name}: {report:#?}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}

/// The same with nothing but what the log has: where swap is not told, none is assumed.
#[test]
fn the_log_alone_ranks_the_chosen_task_first() {
    let facts = Facts { page_size: 4096, total_swap_bytes: None, swappiness: None, total_pages: None };
    let mut by_assumption = 0;
    for name in names() {
        for report in fixture(&name) {
            let notes = why::notes(&report, &facts).join("\n");
            assert!(!notes.contains("scored higher"), "{name}: {notes}");
            let Some((pages, true)) = badness::scoring_pages(&report, &facts) else { continue };
            let adjusted = |row: &&TaskRow| row.oom_score_adj != 0 && row.oom_score_adj != -1000;
            let Some(row) = report.domain.pid.and_then(|pid| report.row_of(pid)) else { continue };
            let scores = report.tasks.iter().filter_map(|row| badness::points(row, Some(pages), &facts));
            assert_eq!(badness::points(row, Some(pages), &facts), scores.max(), "{name}: {report:#?}");
            by_assumption += usize::from(report.tasks.iter().filter(adjusted).count() > 1);
        }
    }
    assert!(by_assumption >= 4, "{by_assumption}");
}

fn text(text: Option<&Text>) -> String {
    let Some(text) = text else { return "-".to_owned() };
    let text = text.as_bytes().escape_ascii().to_string();
    let mut short = String::new();
    // Long names of one letter are counted, so that the lines stay readable.
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(first).len();
        if run > 20 {
            let _ = write!(short, "{{{first}*{run}}}");
            rest = &rest[run..];
        } else {
            short.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    format!("\"{short}\"")
}

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn counter(counter: Option<Counter>) -> String {
    let Some(counter) = counter else { return "-".to_owned() };
    format!("{}/{} failed {}", counter.usage_kb, or_dash(counter.limit_kb), counter.failcnt)
}

fn report(report: &Report) -> String {
    let mut out = String::new();
    let times = [report.begin_usec, report.outcome_usec].map(or_dash);
    let _ = writeln!(
        out,
        "{:?} {} {} kernel {}",
        report.outcome,
        times[0],
        times[1],
        or_dash(report.kernel_release.as_ref())
    );
    if let Some(trigger) = &report.trigger {
        let gfp = trigger.gfp_mask.map(|mask| format!("{mask:#x}"));
        let _ = writeln!(
            out,
            "  trigger {} pid {} gfp {} {} order {} adj {}",
            text(Some(&trigger.comm)),
            or_dash(trigger.pid),
            or_dash(gfp),
            or_dash(trigger.gfp_names.as_ref()),
            or_dash(trigger.order),
            or_dash(trigger.oom_score_adj)
        );
    }
    domain(&mut out, report);
    memory(&mut out, report);
    report.tasks.iter().for_each(|row| task(&mut out, row));
    report.killed.iter().for_each(|one| killed(&mut out, one));
    for (what, list) in [("missing", &report.missing), ("doubts", &report.doubts)] {
        if !list.is_empty() {
            let _ = writeln!(out, "  {what}: {}", list.join("; "));
        }
    }
    if report.lost_records + report.tasks_dropped > 0 || report.request_ignored {
        let _ = writeln!(
            out,
            "  lost {} dropped {} ignored {}",
            report.lost_records, report.tasks_dropped, report.request_ignored
        );
    }
    out
}

fn domain(out: &mut String, report: &Report) {
    let domain = &report.domain;
    if let Some(constraint) = domain.constraint {
        let _ = writeln!(
            out,
            "  domain {constraint:?} global {} nodemask {} cpuset {} mems {} oom {}",
            domain.global,
            or_dash(domain.nodemask.as_ref()),
            text(domain.cpuset.as_ref()),
            or_dash(domain.mems_allowed.as_ref()),
            text(domain.oom_memcg.as_ref())
        );
        let _ = writeln!(
            out,
            "  chosen {} pid {} uid {} in {}",
            text(domain.task.as_ref()),
            or_dash(domain.pid),
            or_dash(domain.uid),
            text(domain.task_memcg.as_ref())
        );
    }
    if report.group.is_some() {
        let _ = writeln!(out, "  group {}", text(report.group.as_ref()));
    }
}

fn memory(out: &mut String, report: &Report) {
    let memcg = &report.memcg;
    for (what, value) in [
        ("memory", memcg.memory),
        ("swap", memcg.swap),
        ("memory+swap", memcg.memory_swap),
        ("kmem", memcg.kmem),
    ] {
        if value.is_some() {
            let _ = writeln!(out, "  {what} {}", counter(value));
        }
    }
    if let (Some(first), Some(last)) = (memcg.stats.first(), memcg.stats.last()) {
        let (count, path) = (memcg.stats.len(), text(memcg.path.as_ref()));
        let _ = writeln!(out, "  stats {count} of {path}: {} {} ... {} {}", first.0, first.1, last.0, last.1);
    }
    if let Some((min, low)) = memcg.protection_kb {
        let _ = writeln!(out, "  protection min {min} low {low}");
    }
    let machine = &report.machine;
    if machine.ram_pages.is_some() {
        let [ram, reserved, total, free] =
            [machine.ram_pages, machine.reserved_pages, machine.total_swap_kb, machine.free_swap_kb]
                .map(or_dash);
        let _ = writeln!(out, "  machine {ram} pages, {reserved} reserved, swap {total} kB, {free} free");
    }
}

fn task(out: &mut String, row: &TaskRow) {
    let _ = writeln!(
        out,
        "  task {} of {} uid {} vm {} rss {} ({} {} {}) tables {} swap {} adj {} {}",
        row.pid,
        row.tgid,
        row.uid,
        row.total_vm,
        row.rss,
        or_dash(row.rss_anon),
        or_dash(row.rss_file),
        or_dash(row.rss_shmem),
        or_dash(row.pgtables_bytes),
        row.swapents,
        row.oom_score_adj,
        text(Some(&row.name))
    );
}

fn killed(out: &mut String, killed: &Killed) {
    let kb = [killed.total_vm_kb, killed.anon_kb, killed.file_kb, killed.shmem_kb].map(or_dash).join(" ");
    let _ = writeln!(
        out,
        "  killed {} {} x{} \"{}\" kB {kb} uid {} tables {} adj {}",
        killed.pid,
        text(killed.comm.as_ref()),
        killed.lines,
        or_dash(killed.message.as_ref()),
        or_dash(killed.uid),
        or_dash(killed.pgtables_kb),
        or_dash(killed.oom_score_adj)
    );
}

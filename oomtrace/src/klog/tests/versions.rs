//! Whole reports in the forms of kernels that no capture is of, written out from their format strings.

use super::script::Printed;
use crate::klog::{Facts, Item, KmsgLine, Outcome, Parser, Reaped, Report, badness, to_model};
use crate::model::{Constraint, Role, Text};

fn read(log: &str) -> Vec<Report> {
    items(log)
        .into_iter()
        .filter_map(|item| if let Item::Report(report) = item { Some(*report) } else { None })
        .collect()
}

fn items(log: &str) -> Vec<Item> {
    let mut parser = Parser::new();
    for line in log.lines() {
        parser.push(&Printed::new(line).line());
    }
    parser.finish();
    std::iter::from_fn(|| parser.pop()).collect()
}

fn only(log: &str) -> Report {
    let mut reports = read(log);
    assert_eq!(reports.len(), 1, "{reports:#?}");
    reports.remove(0)
}

const FACTS: Facts =
    Facts { page_size: 4096, total_swap_bytes: Some(0), swappiness: None, total_pages: None };

#[test]
fn a_memory_cgroup_on_4_14() {
    let report = only(
        "a b invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null),  order=0, oom_score_adj=100
a b cpuset=one mems_allowed=0
CPU: 1 PID: 3119 Comm: a b Not tainted 4.14.0 #1
Task in /pods/x killed as a result of limit of /pods
memory: usage 102400kB, limit 102400kB, failcnt 2043
memory+swap: usage 102400kB, limit 9007199254740988kB, failcnt 0
kmem: usage 604kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /pods: cache:0KB rss:0KB
Memory cgroup stats for /pods/x: cache:4KB rss:101796KB
[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name
[ 3119]  1000  3119    27000    25000      60       3        0           100 a b
Memory cgroup out of memory: Kill process 3119 (a b) score 1078 or sacrifice child
Killed process 3119 (a b) total-vm:108000kB, anon-rss:98000kB, file-rss:2000kB, shmem-rss:0kB
oom_reaper: reaped process 3119 (a b), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
    );
    assert_eq!((report.outcome, report.missing.as_slice()), (Outcome::Killed, &[][..]));
    let domain = &report.domain;
    assert_eq!(domain.constraint, Some(Constraint::Memcg));
    assert_eq!((&domain.oom_memcg, &domain.task_memcg), (&Some("/pods".into()), &Some("/pods/x".into())));
    assert_eq!((&domain.cpuset, domain.mems_allowed.as_deref()), (&Some("one".into()), Some("0")));
    assert_eq!(report.memcg.path, Some("/pods".into()));
    assert_eq!(report.memcg.stats, [("cache".to_owned(), 0), ("rss".to_owned(), 0)]);
    assert_eq!(report.tasks[0].page_table_pages, Some(63));
    assert_eq!(report.chosen.as_ref().map(|chosen| chosen.score), Some(1078));
    assert_eq!(report.killed[0].message, None);
    assert_eq!(report.reaped[0].left_kb, Some((0, 0, 0)));
    // 25000 + 63 + 100 * (25600 / 1000)
    let victim = &to_model::victims(&report, &FACTS)[0];
    let badness = victim.badness.as_ref().unwrap();
    assert_eq!((badness.recomputed, badness.permille, badness.points), (Some(27563), Some(1078), None));
    assert_eq!(victim.cgroup.as_ref().map(|cgroup| &cgroup.path), Some(&Text::from("/pods/x")));
    let scope = to_model::scope(&report, &FACTS);
    assert_eq!(scope.message.as_deref(), Some("Memory cgroup out of memory"));
    assert_eq!((scope.total_pages, scope.memcg.unwrap().levels_above_victim), (Some(25600), Some(1)));
}

#[test]
fn a_child_is_sacrificed_up_to_5_0() {
    let report = only(
        "x invoked oom-killer: gfp_mask=0x6200ca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0
CPU: 0 PID: 9 Comm: x Not tainted 5.0.0 #1
98206 pages RAM
0 pages HighMem/MovableOnly
9000 pages reserved
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[    100]     0   100     9000     8000   100000        0             0 parent
[    101]     0   101     9000     3000   100000        0             0 child
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=parent,pid=100,uid=0
Out of memory: Kill process 100 (parent) score 90 or sacrifice child
Killed process 101 (child) total-vm:36000kB, anon-rss:12000kB, file-rss:0kB, shmem-rss:0kB",
    );
    assert_eq!(report.killed.len(), 1);
    let victim = &to_model::victims(&report, &FACTS)[0];
    assert_eq!((victim.pid, victim.role, &victim.cgroup), (101, Role::Chosen, &None));
    assert!(!report.kills(100));
    assert_eq!(report.missing, [] as [&str; 0]);
    assert_eq!(to_model::scope(&report, &FACTS).message.as_deref(), Some("Out of memory"));
    assert_eq!(badness::total_pages(&report, &FACTS), None, "the line with the swap is not there");
}

#[test]
fn red_hat_8_and_3_10() {
    let report = only(
        "x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
CPU: 0 PID: 9 Comm: x Not tainted 3.10.0-1160.el7.x86_64 #1
[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[    9]     0     9     9000     8000      20        5             0 x
Out of memory: Kill process 9 (x) score 90 or sacrifice child
Killed process 9 (x), UID 0, total-vm:36000kB, anon-rss:12000kB, file-rss:0kB, shmem-rss:0kB",
    );
    assert_eq!((report.killed[0].uid, report.tasks[0].page_table_pages), (Some(0), Some(20)));
    assert_eq!(report.missing, [] as [&str; 0], "3.10 has no line with the constraint");
    assert_eq!(
        report.trigger.as_ref().map(|trigger| (trigger.gfp_mask, trigger.pid)),
        Some((Some(0xd0), Some(9)))
    );
    let flags = to_model::scope(&report, &FACTS).gfp_flags.unwrap();
    assert_eq!(flags.names, "GFP_KERNEL", "3.10 does not name the flags");
    let report = only(
        "Memory cgroup out of memory: Killed process 9 (x) total-vm:36000kB, anon-rss:12000kB, file-rss:0kB, shmem-rss:0kB, UID:1000",
    );
    assert_eq!(report.killed[0].uid, Some(1000));
    assert!(report.missing.contains(&"memory cgroup's path"));
}

#[test]
fn runs_without_a_kill() {
    let report = only(
        "kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0
CPU: 0 PID: 9 Comm: kworker/0:1 Not tainted 6.1.0 #1
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
Out of memory and no killable processes...
sysrq: OOM request ignored. No task eligible",
    );
    assert_eq!((report.outcome, report.request_ignored), (Outcome::NoKillable, true));
    assert_eq!((report.missing.len(), to_model::scope(&report, &FACTS).sysrq), (0, Some(true)));
    let report = only("Kernel panic - not syncing: System is deadlocked on memory");
    assert_eq!(report.outcome, Outcome::Panic);
    let log = "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
Memory cgroup out of memory: OOM victim 9 (x) is already exiting. Skip killing the task";
    let report = only(log);
    assert_eq!((report.outcome, report.skipped[0].pid), (Outcome::Skipped, 9));
    assert!(!report.kills(9));
    let again = "Out of memory: Killed process 8 (y) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0";
    assert_eq!(
        read(&format!("{log}\n{again}")).len(),
        2,
        "a suppressed report's kill is not the skipped one's"
    );
}

#[test]
fn a_late_reaper_belongs_to_nobody_open() {
    let late = "oom_reaper: reaped process 7 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB";
    let all = items(&format!("{}\n{late}", kill(8, 1)));
    assert_eq!(all.len(), 2);
    assert!(all.iter().any(|item| matches!(item, Item::Reaped(Reaped { done: true, .. }))));
}

fn kill(pid: u32, uid: u32) -> String {
    format!(
        "Memory cgroup out of memory: Killed process {pid} (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:{uid} pgtables:4kB oom_score_adj:0"
    )
}

/// Pushes lines at their times; gives how many kills each report has.
fn timed(lines: &[(u64, &str)]) -> Vec<usize> {
    let mut parser = Parser::new();
    for (usec, text) in lines {
        parser.push(&KmsgLine { usec: Some(*usec), ..KmsgLine::text(text.as_bytes()) });
    }
    parser.finish();
    std::iter::from_fn(|| parser.pop())
        .filter_map(|item| if let Item::Report(report) = item { Some(report.killed.len()) } else { None })
        .collect()
}

#[test]
fn a_suppressed_kill_after_a_group_is_another() {
    let group = "Tasks in /g are going to be killed due to memory.oom.group set";
    let (one, two, three) = (kill(1, 0), kill(2, 0), kill(3, 0));
    assert_eq!(timed(&[(0, &one), (100, group), (200, &one), (300, &two), (80_000, &three)]), [2, 1]);
    let begin = "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0";
    let slow_console = [(0, begin), (20_000, &one), (40_000, group), (60_000, &one), (80_000, &two)];
    assert_eq!(timed(&slow_console), [2], "with its report, a group may be printed slowly");
}

#[test]
fn quiet_reports_are_closed() {
    let one = kill(1, 0);
    let mut parser = Parser::new();
    parser.push(&KmsgLine { usec: Some(5), ..KmsgLine::text(one.as_bytes()) });
    assert!(parser.pop().is_none() && parser.current().is_some_and(|report| report.kills(1)));
    parser.tick(500_000);
    assert!(parser.pop().is_none());
    parser.tick(1_500_000);
    assert!(matches!(parser.pop(), Some(Item::Report(report)) if report.outcome_usec == Some(5)));
    assert!(parser.current().is_none());
}

#[test]
fn lost_records_are_counted_and_named() {
    let lines = [
        (1, "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0".to_owned()),
        (90, kill(1, 0)),
        (91, "from a process".to_owned()),
        (95, kill(2, 0)),
    ];
    let mut parser = Parser::new();
    for (seq, text) in &lines {
        let from_kernel = *seq != 91;
        parser.push(&KmsgLine { seq: Some(*seq), from_kernel, ..KmsgLine::text(text.as_bytes()) });
    }
    parser.finish();
    let lost: Vec<_> = std::iter::from_fn(|| parser.pop())
        .map(|item| if let Item::Report(report) = item { report.lost_records } else { 0 })
        .collect();
    assert_eq!(lost, [88 + 3, 0], "the gap before a kill without a report belongs to the one before it");
}

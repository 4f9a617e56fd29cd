use super::*;
use crate::kmsg::parse;

fn line(text: &str) -> Line {
    Line { sequence: 0, time_us: 0, text: text.as_bytes().to_vec() }
}

fn fixture(text: &str) -> Vec<Line> {
    text.lines().map(|record| parse(record.as_bytes()).expect("a record").0).collect()
}

#[test]
fn reads_a_report_of_6_18() {
    let log = fixture(include_str!("../../fixtures/kmsg/6.18-v1-other_victim.kmsg"));
    let [report] = reports(&log).try_into().expect("one report");
    assert_eq!(report.invoked.as_ref().map(|i| (i.gfp_value, i.order)), Some((0xcc0, 0)));
    assert_eq!(report.trigger_pid, Some(3793));
    assert_eq!(report.memory, Some(Usage { usage_kb: 24576, limit_kb: 24576 }));
    assert_eq!(report.memory_swap, Some(Usage { usage_kb: 24576, limit_kb: 24576 }));
    assert_eq!(report.swap, None);
    let pids: Vec<u32> = report.tasks.iter().map(|row| row.pid).collect();
    assert_eq!(pids, [3791, 3793]);
    assert_eq!((report.tasks[0].rss, report.tasks[0].page_table_bytes), (4378, 77824));
    let choice = report.choice.expect("oom-kill line");
    assert_eq!((choice.pid, choice.constraint.as_str()), (3791, "CONSTRAINT_MEMCG"));
    assert_eq!(choice.oom_memcg.as_deref(), Some(b"/oomtrace-test-3788-v1-other-victim".as_slice()));
    assert_eq!((report.killed[0].anon_kb, report.killed[0].page_table_kb), (14464, 76));
    assert_eq!(report.killed[0].message, "Memory cgroup out of memory");
}

#[test]
fn the_thread_is_not_the_process() {
    let log = fixture(include_str!("../../fixtures/kmsg/6.18-v1-leader_exited.kmsg"));
    let [report] = reports(&log).try_into().expect("one report");
    assert_eq!(report.choice.map(|choice| choice.pid), Some(4054));
    assert_eq!(report.killed[0].pid, 4056);
    assert_eq!((report.tasks[0].pid, report.tasks[0].tgid), (4056, 4054));
}

#[test]
fn reads_rows_of_6_1() {
    let log = [
        line(
            "a b invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=-1, oom_score_adj=-5",
        ),
        line("CPU: 1 PID: 77 Comm: a b Not tainted 6.1.0-amd64 #1"),
        line("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"),
        line("[    196]  1000   195     6619     6474    90112       12         -5 a b"),
        line(
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0-1,global_oom,task_memcg=/x,task=a b,pid=195,uid=1000",
        ),
    ];
    let [report] = reports(&log).try_into().expect("one report");
    let invoked = report.invoked.expect("invoked");
    assert_eq!((invoked.order, invoked.oom_score_adj, invoked.comm.as_slice()), (-1, -5, b"a b".as_slice()));
    assert_eq!(invoked.gfp_names, "GFP_HIGHUSER_MOVABLE|__GFP_COMP");
    assert_eq!(report.trigger_pid, Some(77));
    let row = &report.tasks[0];
    assert_eq!((row.pid, row.tgid, row.uid, row.swap_entries, row.oom_score_adj), (196, 195, 1000, 12, -5));
    assert_eq!(row.name, b"a b");
    let choice = report.choice.expect("choice");
    assert_eq!((choice.oom_memcg, choice.mems_allowed.as_str()), (None, "0-1"));
}

#[test]
fn names_that_look_like_fields() {
    let choice = lines::choice(
        b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,task_memcg=x,mems_allowed=0,\
          oom_memcg=/a,task_memcg=x,task=y,task_memcg=/a,task_memcg=x,task=y/b,task=a,pid=1,uid=0,pid=7,uid=5",
    )
    .expect("choice");
    assert_eq!(choice.oom_memcg.as_deref(), Some(b"/a,task_memcg=x,task=y".as_slice()));
    assert_eq!(choice.task_memcg, b"/a,task_memcg=x,task=y/b");
    assert_eq!((choice.task.as_slice(), choice.pid, choice.uid), (b"a,pid=1,uid=0".as_slice(), 7, 5));
    let killed = lines::killed(
        b"Memory cgroup out of memory: Killed process 9 () total-vm:1kB) total-vm:2kB, anon-rss:3kB, file-rss:4kB, \
          shmem-rss:5kB, UID:6 pgtables:7kB oom_score_adj:-8",
    )
    .expect("killed");
    assert_eq!(killed.comm, b") total-vm:1kB");
    assert_eq!((killed.total_vm_kb, killed.uid, killed.page_table_kb, killed.oom_score_adj), (2, 6, 7, -8));
}

#[test]
fn a_group_is_one_report_and_a_silenced_kill_another() {
    let kill = |pid| {
        line(&format!(
            "Memory cgroup out of memory: Killed process {pid} (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, \
             shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0"
        ))
    };
    let log = [
        line("x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"),
        kill(1),
        line("Tasks in /a b are going to be killed due to memory.oom.group set"),
        kill(1),
        kill(2),
        line("x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"),
        kill(3),
        kill(4),
    ];
    let found = reports(&log);
    let pids: Vec<Vec<u32>> = found.iter().map(|r| r.killed.iter().map(|k| k.pid).collect()).collect();
    assert_eq!(pids, [vec![1, 1, 2], vec![3], vec![4]]);
    assert_eq!(found[0].group.as_deref(), Some(b"/a b".as_slice()));
    assert!(found[2].invoked.is_none());
}

//! Whole logs of kernels that no capture is of, written out from their format strings and checked by hand.

use super::wrap::read;
use crate::klog::incident::{self, Known};
use crate::model::{Constraint, Incident, NoKillReason};

fn only(log: &str) -> Incident {
    let told = read(log.as_bytes());
    assert_eq!(told.len(), 1, "{told:#?}");
    incident::incident(&told[0], &Known::default())
}

#[test]
fn red_hat_6_in_var_log_messages() {
    let incident = only(
        "Mar  4 05:06:07 db1 kernel: mysqld invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=0, oom_score_adj=0
Mar  4 05:06:07 db1 kernel: mysqld cpuset=/ mems_allowed=0
Mar  4 05:06:07 db1 kernel: Pid: 4055, comm: mysqld Not tainted 2.6.32-431.el6.x86_64 #1
Mar  4 05:06:07 db1 kernel: Call Trace:
Mar  4 05:06:07 db1 kernel: active_anon:411000 inactive_anon:50000 isolated_anon:0
Mar  4 05:06:07 db1 kernel: active_file:10 inactive_file:20 isolated_file:0
Mar  4 05:06:07 db1 kernel: unevictable:0 dirty:0 writeback:0 unstable:0
Mar  4 05:06:07 db1 kernel: free:13000 slab_reclaimable:1000 slab_unreclaimable:5000
Mar  4 05:06:07 db1 kernel: mapped:10 shmem:100 pagetables:2000 bounce:0
Mar  4 05:06:07 db1 kernel: Node 0 DMA free:8000kB min:332kB low:412kB high:496kB active_anon:0kB present:15300kB
Mar  4 05:06:07 db1 kernel: lowmem_reserve[]: 0 2000 2000 2000
Mar  4 05:06:07 db1 kernel: Node 0 DMA32 free:44000kB min:44700kB low:55800kB high:67000kB active_anon:1644000kB present:2052000kB
Mar  4 05:06:07 db1 kernel: lowmem_reserve[]: 0 0 0 0
Mar  4 05:06:07 db1 kernel: Node 0 DMA: 2*4kB 1*8kB 1*16kB 0*32kB = 8000kB
Mar  4 05:06:07 db1 kernel: Free swap  = 0kB
Mar  4 05:06:07 db1 kernel: Total swap = 1048568kB
Mar  4 05:06:07 db1 kernel: 524287 pages RAM
Mar  4 05:06:07 db1 kernel: 44890 pages reserved
Mar  4 05:06:07 db1 kernel: [ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name
Mar  4 05:06:07 db1 kernel: [ 4055]    27  4055   900000   400000   1       0             0 mysqld
Mar  4 05:06:07 db1 kernel: [  900]     0   900    10000      100   0     -17         -1000 sshd
Mar  4 05:06:07 db1 kernel: Out of memory: Kill process 4055 (mysqld) score 850 or sacrifice child
Mar  4 05:06:07 db1 kernel: Killed process 4055, UID 27, (mysqld) total-vm:3600000kB, anon-rss:1600000kB, file-rss:0kB
",
    );
    let victim = &incident.victims[0];
    assert_eq!((victim.pid, victim.uid, victim.comm.lossy().as_ref()), (4055, Some(27), "mysqld"));
    assert_eq!(victim.badness.as_ref().and_then(|badness| badness.permille), Some(850));
    assert_eq!(
        (incident.host.name.as_str(), incident.host.kernel.as_str(), incident.host.page_size),
        ("db1", "2.6.32-431.el6.x86_64", 4096)
    );
    assert_eq!((incident.time.as_str(), incident.boottime_ns), ("", 0), "neither year nor zone are there");
    let system = incident.system.as_ref().unwrap();
    assert_eq!(system.mem_total_bytes, Some((524_287 - 44_890) * 4096));
    assert_eq!((system.swap_total_bytes, system.swap_free_bytes), (Some(1_048_568 << 10), Some(0)));
    assert_eq!((system.shmem_bytes, system.slab_unreclaimable_bytes), (Some(100 * 4096), Some(5000 * 4096)));
    assert_eq!(
        (system.zones.len(), system.zones[0].managed_bytes, system.zones[0].reserve_bytes),
        (2, None, Some(2000 * 4096))
    );
    assert_eq!(
        (system.zones[0].largest_block_bytes, system.zones[1].low_bytes),
        (Some(16 << 10), Some(55800 << 10))
    );
    assert_eq!(
        (incident.candidates.len(), incident.candidates[0].swap_bytes),
        (2, None),
        "the table has no swap"
    );
    let failure = incident.scope.allocation.unwrap().failure.unwrap();
    assert!(
        failure.starts_with(
            "no zone had memory above what it must keep: DMA32 has 43 MiB free, 700 KiB short of its minimum of 43.7 MiB"
        ),
        "{failure}"
    );
    assert!(failure.ends_with("swap was full"), "{failure}");
}

#[test]
fn plain_2_6_32() {
    let incident = only(
        "[  100.000001] a invoked oom-killer: gfp_mask=0x280da, order=0, oom_adj=5
[  100.000002] Pid: 70, comm: a Not tainted 2.6.32 #1
[  100.000003] [ pid ]   uid  tgid total_vm      rss cpu oom_adj name
[  100.000004] [   70]  1000    70     9000     8000   0       5 a
[  100.000005] [   71]     0    71     9000      800   0     -17 sshd
[  100.000006] Out of memory: kill process 70 (a) score 8125 or a child
[  100.000007] Killed process 70 (a) vsz:36000kB, anon-rss:32000kB, file-rss:0kB
",
    );
    let victim = &incident.victims[0];
    assert_eq!((victim.pid, victim.memory.total_vm_bytes, victim.uid), (70, Some(36000 << 10), Some(1000)));
    assert_eq!(
        incident.candidates.iter().map(|one| one.oom_score_adj).collect::<Vec<_>>(),
        [Some(294), Some(-1000)]
    );
    assert_eq!((incident.boottime_ns, incident.host.page_size), (100_000_007_000, 4096));
}

#[test]
fn ubuntu_4_4_in_a_cgroup() {
    let incident = only(
        "[12345.000001] a b invoked oom-killer: gfp_mask=0x24000c0, order=0, oom_score_adj=0
[12345.000002] a b cpuset=0f1e mems_allowed=0
[12345.000003] CPU: 1 PID: 3119 Comm: a b Not tainted 4.4.0-210-generic #242-Ubuntu
[12345.000004] Task in /docker/0f1e killed as a result of limit of /docker/0f1e
[12345.000005] memory: usage 102400kB, limit 102400kB, failcnt 2043
[12345.000006] memory+swap: usage 102400kB, limit 9007199254740988kB, failcnt 0
[12345.000007] kmem: usage 604kB, limit 9007199254740988kB, failcnt 0
[12345.000008] Memory cgroup stats for /docker/0f1e: cache:24KB rss:101772KB rss_huge:0KB mapped_file:0KB dirty:0KB writeback:0KB inactive_anon:0KB active_anon:101772KB
[12345.000009] [ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name
[12345.000010] [ 3119]     0  3119    27000    25000      60       3        0             0 a b
[12345.000011] Memory cgroup out of memory: Kill process 3119 (a b) score 980 or sacrifice child
[12345.000012] Killed process 3119 (a b) total-vm:108000kB, anon-rss:98000kB, file-rss:2000kB
",
    );
    let scope = &incident.scope;
    assert_eq!(
        (scope.constraint, scope.message.as_deref()),
        (Some(Constraint::Memcg), Some("Memory cgroup out of memory"))
    );
    let level = &scope.memcg.as_ref().unwrap().level;
    assert_eq!((level.limit_bytes, level.path.lossy().as_ref()), (Some(100 << 20), "/docker/0f1e"));
    assert_eq!(scope.stats.as_ref().unwrap().anon_bytes, Some(101_772 << 10));
    assert_eq!(incident.victims[0].badness.as_ref().unwrap().recomputed, Some(25063));
    assert_eq!(incident.host.cgroup_version, Some(1));
    let failure = scope.allocation.as_ref().unwrap().failure.as_deref();
    assert_eq!(
        failure,
        Some(
            "usage had reached the limit of 100 MiB, and nothing more of it could be reclaimed; it had been hit 2043 times"
        )
    );
}

#[test]
fn red_hat_8_with_a_child_and_5_4_with_an_order() {
    let incident = only(
        "[    5.000001] a invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), order=3, oom_score_adj=0
[    5.000002] CPU: 0 PID: 9 Comm: a Not tainted 4.18.0-240.el8.x86_64 #1
[    5.000003] Node 0 Normal free:60000kB min:40000kB low:50000kB high:60000kB present:1000000kB managed:900000kB
[    5.000004] lowmem_reserve[]: 0 0 0 0 0
[    5.000005] Node 0 Normal: 15000*4kB (UME) 0*8kB 0*16kB 0*32kB 0*64kB = 60000kB
[    5.000006] [ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[    5.000007] [    9]  1000     9     9000     8000   100000        0             0 a
[    5.000008] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=a,pid=9,uid=1000
[    5.000009] Out of memory: Killed process 9 (a) total-vm:36000kB, anon-rss:32000kB, file-rss:0kB, shmem-rss:0kB, UID:1000
",
    );
    let allocation = incident.scope.allocation.as_ref().unwrap();
    assert_eq!(allocation.bytes, Some(32 << 10));
    assert_eq!(
        allocation.failure.as_deref(),
        Some(
            "free memory was in pieces: Normal had 58.6 MiB free for it, and no block of 32 KiB, the largest has 4 KiB"
        )
    );
    assert_eq!(incident.victims[0].uid, Some(1000));
}

#[test]
fn a_log_that_ends_before_the_kill_names_the_chosen_one_and_says_so() {
    let incident = only(
        "[    5.000001] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[    5.000008] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=b,pid=9,uid=1000
",
    );
    assert_eq!((incident.victims.len(), incident.victims[0].pid), (1, 9));
    assert!(incident.source.notes.iter().any(|note| note.contains("does not have the line of the kill")));
    let incident = only(
        "[    5.000001] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n[    5.1",
    );
    assert!(incident.victims.is_empty());
}

#[test]
fn a_choice_that_the_table_does_not_explain() {
    let incident = only(
        "[    5.000001] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[    5.000002] CPU: 0 PID: 9 Comm: a Not tainted 5.4.0-1.x86_64 #1
[    5.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[    5.000007] [    9]  1000     9     9000     8000   40960        0             0 a
[    5.000007] [    8]  1000     8     9000     9000   40960        0             0 b
[    5.000008] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=a,pid=9,uid=1000
[    5.000009] Out of memory: Killed process 9 (a) total-vm:36000kB, anon-rss:32000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:40kB oom_score_adj:0
",
    );
    let note = incident.source.notes.iter().find(|note| note.contains("scored higher")).unwrap();
    assert_eq!(
        note,
        "by the table 1 task scored higher than the chosen pid 9 (8010 pages): pid 8 has 9010 pages"
    );
}

#[test]
fn lost_lines_are_named_and_runs_without_a_kill_told() {
    let incident = only(
        "[    5.000001] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
** 117 printk messages dropped **
[    5.000009] Out of memory: Killed process 9 (b) total-vm:36000kB, anon-rss:32000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:40kB oom_score_adj:0
",
    );
    assert!(
        incident.source.notes.iter().any(|note| note.starts_with("117 lines")),
        "{:?}",
        incident.source.notes
    );
    let told = read(
        b"[    5.000001] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n",
    );
    assert!(!incident::kills(&told[0].report));
    assert_eq!(incident::no_kill(&told[0], &Known::default()).reason, NoKillReason::Panic);
}

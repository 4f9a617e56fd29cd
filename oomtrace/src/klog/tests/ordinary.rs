//! Logs of applications with the words of the OOM killer: no incident.
//!
//! `OOMTRACE_LOG_MIB=100 cargo test -p oomtrace --release klog::tests::ordinary` reads as many MiB; without it, 8.

use std::fmt::Write as _;

use super::wrap::{IMITATION, found, read};

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

const MESSAGES: [&str; 21] = [
    "Killed process 1234 (java) because it used too much memory",
    "java.lang.OutOfMemoryError: Java heap space: out of memory, killed process",
    "worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
    "kernel said: Out of memory: Killed process 1 (init)",
    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=init,pid=1,uid=0",
    "earlyoom: sending SIGTERM to process 123 uid 0 \"java\": badness 900",
    "Memory cgroup out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB",
    "Tasks in /a are going to be killed due to memory.oom.group set",
    "oom_reaper: reaped process 1 (init), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
    "Kernel panic - not syncing: System is deadlocked on memory",
    "GET /search?q=out+of+memory HTTP/1.1 200",
    "systemd-oomd: Killed /system.slice/a.service due to memory pressure",
    "Out of memory and no killable processes...",
    "sending SIGTERM to process 123 uid 0 \"java\": badness 900, VmRSS 12 MiB",
    "sending SIGKILL to process 1 uid 0 \"init\": oom_score 1, oom_score_adj 0, VmRSS 9 MiB, cmdline \"/sbin/init\"",
    "Killed /system.slice/a.service due to memory pressure for /system.slice being 71.73% > 60.00% for > 30s with reclaim activity",
    "a.service: systemd-oomd killed 3 process(es) in this unit.",
    "oomd kill: 1.00 1.00 1.00 a.slice 4096 ruleset:[a] detectorgroup:[b] killer:kill_by_pressure v2",
    "I0428 11:00:05.1 9 eviction_manager.go:387] \"Eviction manager: pod is evicted successfully\" pod=\"a/b\"",
    "Sending SIGKILL to the victim",
    "session opened for user root",
];

/// The forms in which applications log; each says in its own way that it is not the kernel.
fn line(out: &mut String, random: &mut Random, number: u64) {
    let pick = random.next();
    let message = match pick % 24 {
        0 => IMITATION,
        other => MESSAGES[other as usize % MESSAGES.len()],
    };
    let (minute, second) = (number / 60 % 60, number % 60);
    let _ = match pick >> 32 & 7 {
        0 => writeln!(out, "Nov 23 22:{minute:02}:{second:02} web-3 app[{}]: {message}", pick % 4000),
        1 => writeln!(out, "2026-11-23T22:{minute:02}:{second:02}.123456+01:00 web-3 java[77]: {message}"),
        2 => writeln!(out, "<14>1 2026-11-23T22:{minute:02}:{second:02}Z web-3 app 77 - - {message}"),
        3 => writeln!(out, "Nov 23 22:{minute:02}:{second:02} web-3 app[7]: trace\n        {message}"),
        4 => writeln!(
            out,
            "{{\"SYSLOG_IDENTIFIER\":\"app\",\"_TRANSPORT\":\"stdout\",\"MESSAGE\":{message:?}}}"
        ),
        5 => {
            writeln!(out, "2026-11-23 22:{minute:02}:{second:02},123 INFO  [main] com.example.A - {message}")
        }
        6 => writeln!(
            out,
            "{{\"log\":{:?},\"stream\":\"stdout\",\"time\":\"2026-11-23T22:00:00Z\"}}",
            format!("level=info msg={message:?}\n")
        ),
        _ => writeln!(out, "level=warn ts=2026-11-23T22:{minute:02}:{second:02}Z msg={message:?}"),
    };
}

#[test]
fn words_of_applications_are_no_kill() {
    let mib: usize = std::env::var("OOMTRACE_LOG_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for part in 0..mib.div_ceil(8).max(1) {
        let mut log = String::with_capacity(9 << 20);
        let mut number = part as u64;
        while log.len() < mib.min(8) << 20 {
            line(&mut log, &mut random, number);
            number += 1;
        }
        let told = found(log.as_bytes());
        assert!(told.is_empty(), "{:#?}", &told[..told.len().min(2)]);
    }
}

#[test]
fn and_the_same_words_of_the_kernel_are_one() {
    let log = format!(
        "Nov 23 22:00:00 web-3 app[7]: x\nNov 23 22:00:00 web-3 kernel: {}\n",
        IMITATION.replace("1 (init)", "7 (a)")
    );
    let told = read(log.as_bytes());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].report.killed[0].pid, 7);
}

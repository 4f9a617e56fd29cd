use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use super::*;
use crate::model::{Constraint, Victim};

const S: u64 = 1_000_000_000;

/// The beginning of a report, as /dev/kmsg gives it, and its last line.
const BEGIN: [&str; 2] = [
    "4,1,60000000,-;hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
    "6,2,60000001,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,\
     task=hog,pid=7,uid=0\n",
];
const END: &str = "3,3,60000002,-;Memory cgroup out of memory: Killed process 7 (hog) total-vm:4096kB, anon-rss:1024kB, \
                   file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0\n";

/// A log, and where it is written.
fn log() -> (UnixDatagram, KernelLog) {
    let (write, read) = UnixDatagram::pair().unwrap();
    read.set_nonblocking(true).unwrap();
    (write, KernelLog::on(KmsgReader::on(File::from(OwnedFd::from(read)))))
}

fn print(log: &UnixDatagram, lines: &[&str]) {
    for line in lines {
        log.send(line.as_bytes()).unwrap();
    }
}

fn builder() -> Builder {
    Builder::new(crate::collect::Facts::default())
}

#[test]
fn a_report_at_the_very_end_is_told() {
    let (write, mut log) = log();
    print(&write, &BEGIN);
    print(&write, &[END]);
    assert!(log.kills(&builder(), false).is_empty(), "there may be more lines");
    let kills = log.kills(&builder(), true);
    assert_eq!(kills.iter().map(|kill| kill.victims[0].pid).collect::<Vec<_>>(), [7]);
}

#[test]
fn what_is_only_decided_at_the_very_end_is_no_kill() {
    let (write, mut log) = log();
    print(&write, &BEGIN);
    assert!(log.kills(&builder(), true).is_empty());
}

#[test]
fn the_line_of_the_kill_may_come_after_its_records() {
    let (write, mut log) = log();
    let mut incident =
        Incident { victims: vec![Victim { pid: 7, ..Victim::default() }], ..Incident::default() };
    print(&write, &BEGIN);
    let (draft, builder) = (Draft::default(), builder());
    log.complete(&mut incident, &draft, &builder, |_| false);
    assert_eq!(incident.scope.constraint, None, "nobody has been killed");
    let printing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        print(&write, &[END]);
        write
    });
    log.complete(&mut incident, &draft, &builder, |waited| waited < Duration::from_secs(60));
    printing.join().unwrap();
    assert_eq!(incident.scope.constraint, Some(Constraint::Memcg));
}

#[test]
fn time_asleep_is_added_where_printk_did_not_count_it() {
    assert_eq!(boottime(60_000_000, 0, 61 * S), 60 * S);
    assert_eq!(boottime(60_000_000, 3600 * S, 3661 * S), 3660 * S);
    // It was counted: the line cannot be from the future.
    assert_eq!(boottime(3_660_000_000, 3600 * S, 3661 * S), 3661 * S);
}

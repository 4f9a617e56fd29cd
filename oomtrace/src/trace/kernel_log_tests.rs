use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use super::*;
use crate::klog::incident::Known;
use crate::klog::input::{Found, LogLine, LogReader, Writer};
use crate::model::{Constraint, Host, NoKillReason, Victim};

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
    assert!(log.runs(&builder(), None, false).is_empty(), "there may be more lines");
    let runs = log.runs(&builder(), None, true);
    let [Run::Kill(kill)] = runs.as_slice() else { panic!("{runs:#?}") };
    assert_eq!(kill.victims.iter().map(|victim| victim.pid).collect::<Vec<_>>(), [7]);
}

#[test]
fn what_is_only_decided_at_the_very_end_is_a_kill_whose_line_is_missing() {
    let (write, mut log) = log();
    print(&write, &BEGIN);
    let runs = log.runs(&builder(), None, true);
    let [Run::Kill(kill)] = runs.as_slice() else { panic!("{runs:#?}") };
    assert_eq!((kill.victims[0].pid, kill.victims[0].comm.as_bytes()), (7, &b"hog"[..]));
    let notes = kill.source.notes.join("\n");
    assert!(notes.contains("does not have the line of the kill"), "{notes}");
}

#[test]
fn what_does_not_name_a_victim_is_a_run_of_which_the_outcome_is_not_known() {
    let (write, mut log) = log();
    print(&write, &BEGIN[..1]);
    let runs = log.runs(&builder(), None, true);
    let [Run::NoKill(run)] = runs.as_slice() else { panic!("{runs:#?}") };
    assert_eq!(run.reason, NoKillReason::Unknown);
}

#[test]
fn none_of_many_reports_at_once_is_dropped() {
    let (_write, mut log) = log();
    let (_, text) = END.split_once(';').unwrap();
    for pid in 0..3 * KEPT {
        let text = text.replace("process 7", &format!("process {}", 100 + pid));
        let line = format!("3,{pid},{}000000,-;{text}", 60 + 2 * pid);
        klog::records(line.as_bytes()).for_each(|record| log.take(&record));
    }
    assert_eq!(log.runs(&builder(), None, true).len(), 3 * KEPT);
}

/// What a witness has of its own: when, where, and how the lines came to it.
fn without_origin(mut incident: Incident) -> Incident {
    (incident.id, incident.time, incident.boottime_ns) = Default::default();
    (incident.host, incident.source.log) = Default::default();
    incident
}

/// Every run in a capture, as `explain` tells it.
fn explained(capture: &[u8], known: &Known) -> Vec<Incident> {
    let mut runs = Vec::new();
    let mut take = |found: Found| {
        let Found::Report(told) = found else { return };
        if incident::kills(&told.report) || incident::runs(&told.report) {
            runs.push(without_origin(incident::incident(&told, known)));
        }
    };
    let mut reader = LogReader::new();
    for record in klog::records(capture) {
        let line = LogLine {
            format: "/dev/kmsg",
            writer: if record.facility == 0 { Writer::Kernel } else { Writer::Process },
            usec: Some(record.usec),
            seq: Some(record.seq),
            fragment: record.fragment,
            caller: record.caller,
            text: record.text.as_slice().into(),
            ..LogLine::default()
        };
        reader.push(&line, &"/dev/kmsg".into(), &mut take);
    }
    reader.finish(&mut take);
    runs
}

/// The same lines, as they come from the running kernel.
fn live(capture: &[u8], host: &Host, swap: Option<u64>) -> Vec<Incident> {
    let builder = Builder::new(crate::collect::Facts { host: host.clone(), ..Default::default() });
    let (_write, mut log) = log();
    for record in klog::records(capture) {
        log.take(&record);
    }
    let of = |run| match run {
        Run::Kill(incident) => *incident,
        Run::NoKill(run) => *run.report.unwrap(),
    };
    log.runs(&builder, swap, true).into_iter().map(of).map(without_origin).collect()
}

/// The capture whole, without its end, without its beginning, and with a hole.
fn parts(capture: &[u8]) -> Vec<Vec<u8>> {
    let lines: Vec<_> = capture.split_inclusive(|b| *b == b'\n').collect();
    let cuts = (0..=lines.len()).step_by(lines.len() / 12 + 1);
    let part = |cut: usize| {
        let hole = lines[..cut].iter().chain(lines.get(cut + 3..).unwrap_or_default());
        [
            lines[..lines.len() - cut].concat(),
            lines[cut..].concat(),
            hole.copied().collect::<Vec<_>>().concat(),
        ]
    };
    cuts.flat_map(part).collect()
}

#[test]
fn the_live_log_tells_the_same_as_explain() {
    let host = Host { page_size: 4096, name: "here".to_owned(), ..Host::default() };
    let known = Known { host: Some(host.clone()), total_swap_bytes: Some(64 << 20), ..Known::default() };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klog");
    let (mut compared, mut doubts, mut scenes, mut lost) = (0, 0, 0, 0);
    for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "kmsg") {
            continue;
        }
        let capture = std::fs::read(&path).unwrap();
        for part in &parts(&capture) {
            let (live, explained) = (live(part, &host, known.total_swap_bytes), explained(part, &known));
            assert_eq!(live.len(), explained.len(), "{}: {live:#?}\n{explained:#?}", path.display());
            for (live, explained) in live.iter().zip(&explained) {
                assert!(live == explained, "{}: {live:#?}\n{explained:#?}", path.display());
                let says = |what: &str| usize::from(live.source.notes.iter().any(|note| note.contains(what)));
                compared += 1;
                doubts += says("not certain: ");
                scenes += usize::from(live.system.is_some());
                lost += says("lines of the kernel's log are missing");
            }
        }
    }
    assert!(compared > 100 && doubts > 0 && scenes > 0 && lost > 0, "{compared} {doubts} {scenes} {lost}");
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

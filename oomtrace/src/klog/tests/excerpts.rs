//! Logs as people paste them, in their smallest form, with the right answers.

use super::wrap::found;
use crate::klog::incident::{self, Known};
use crate::klog::input::{Found, LogReader, Summary, Told};
use crate::model::{Constraint, Incident, NoKill, NoKillReason, Role};

/// A log of `tests/fixtures/explain`.
pub(super) fn log(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/explain/{name}.log", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every one of them.
pub(super) fn names() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/explain");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{directory}");
    names
}

/// All reports, and what could not be read.
pub(super) fn told(log: &[u8]) -> (Vec<Told>, Summary) {
    let mut all = Vec::new();
    let mut reader = LogReader::new();
    let mut sink = |found| {
        if let Found::Report(told) = found {
            all.push(*told);
        }
    };
    let summary = reader.read("log", Box::new(std::io::Cursor::new(log.to_vec())), &mut sink).unwrap();
    reader.finish(&mut sink);
    (all, summary)
}

pub(super) fn kills(log: &[u8]) -> Vec<Incident> {
    let (all, _) = told(log);
    all.iter()
        .filter(|told| incident::kills(&told.report))
        .map(|told| incident::incident(told, &Known::default()))
        .collect()
}

fn only(name: &str) -> Incident {
    let mut all = kills(&log(name));
    assert_eq!(all.len(), 1, "{name}: {all:#?}");
    all.remove(0)
}

fn victim(incident: &Incident) -> (u32, String) {
    let victim = &incident.victims[0];
    (victim.pid, victim.comm.lossy().into_owned())
}

fn no_kill(name: &str) -> NoKill {
    let log = log(name);
    assert!(kills(&log).is_empty(), "{name}");
    let (all, _) = told(&log);
    assert_eq!(all.len(), 1, "{name}");
    incident::no_kill(&all[0], &Known::default())
}

#[test]
fn a_lone_line_with_another_number_of_digits() {
    let incident = only("00-lone-line");
    assert_eq!(victim(&incident), (3_281_050, "next-server".to_owned()));
    assert_eq!(incident.victims[0].memory.anon_bytes, Some(5_899_896 << 10));
    assert_eq!((incident.scope.constraint, incident.scope.inferred), (Some(Constraint::None), true));
    assert_eq!(incident.boottime_ns, 12_345_678_900_000);
    assert!(incident.source.notes.iter().any(|note| note.contains("not a memory cgroup's limit")));
}

#[test]
fn one_kill_whatever_stands_before_it() {
    for (name, count) in [
        ("36-min", 1),
        ("02-min", 1),
        ("63-min-grep-prefix", 1),
        ("15-min", 1),
        ("61-min-ansi", 1),
        ("62-min-bom-crlf", 1),
        ("64-min-loki-api", 1),
    ] {
        let all = kills(&log(name));
        assert_eq!(all.len(), count, "{name}: {all:#?}");
        for incident in &all {
            assert_eq!(victim(incident), (2112, "postmaster".to_owned()), "{name}");
            assert_eq!(incident.victims[0].memory.shmem_bytes, Some(12_220_416 << 10), "{name}");
        }
    }
    for line in log("63-min-grep-prefix").split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        assert_eq!(kills(line).len(), 1);
    }
}

#[test]
fn words_behind_something_unknown_count_and_their_writer_is_not_known() {
    let line = "[   12.3] something new Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB\n";
    let (all, _) = told(line.as_bytes());
    assert_eq!((all.len(), all[0].report.killed[0].pid, all[0].context.unknown_writer), (1, 12, true));
}

#[test]
fn the_words_tell_the_scope() {
    let memcg = only("22-min");
    assert_eq!((memcg.scope.constraint, memcg.scope.inferred), (Some(Constraint::Memcg), false));
    assert_eq!(victim(&memcg), (11_342, "python".to_owned()));
    let machine = only("17-min");
    assert_eq!((machine.scope.constraint, machine.scope.inferred), (Some(Constraint::None), false));
    assert_eq!(machine.system.as_ref().unwrap().mem_total_bytes, Some(32_768 * 4096));
    assert_eq!(machine.scope.gfp_flags.as_ref().unwrap().names, "GFP_HIGHUSER_MOVABLE|__GFP_COLD");
    assert!(
        !machine.source.notes.iter().any(|note| note.contains("constraint line")),
        "{:?}",
        machine.source.notes
    );
}

#[test]
fn a_cut_line_is_used_as_far_as_it_goes() {
    let incident = only("07-min");
    let memcg = incident.scope.memcg.as_ref().unwrap();
    assert_eq!(
        (incident.scope.constraint, memcg.level.path.lossy().as_ref()),
        (Some(Constraint::Memcg), "/kubepods/pod1")
    );
    assert_eq!(victim(&incident), (11_342, "python".to_owned()));
}

#[test]
fn the_limit_alone() {
    let incident = only("10-min");
    let memcg = incident.scope.memcg.as_ref().unwrap();
    assert_eq!(incident.scope.constraint, Some(Constraint::Memcg));
    assert_eq!((memcg.level.path.lossy().as_ref(), memcg.level.limit_bytes), ("/13", Some(4096)));
    assert!(incident.victims.is_empty());
    assert!(incident.source.notes.iter().any(|note| note.contains("does not have the line of the kill")));
}

#[test]
fn invoked_alone_is_no_kill() {
    let run = no_kill("39-min");
    assert_eq!((run.reason, run.pid), (NoKillReason::Unknown, None));
    let trigger = run.report.unwrap().trigger.unwrap();
    assert_eq!((trigger.pid, trigger.comm.lossy().as_ref()), (77, "foo"));
}

#[test]
fn a_panic_keeps_its_report() {
    let run = no_kill("33-min");
    assert_eq!(run.reason, NoKillReason::Panic);
    let report = run.report.unwrap();
    assert!(report.victims.is_empty());
    assert_eq!(report.trigger.as_ref().unwrap().pid, 243);
    let system = report.system.as_ref().unwrap();
    assert_eq!(system.mem_total_bytes, Some((524_288 - 20_000) * 4096));
    assert_eq!((system.swap_total_bytes, system.mem_free_bytes), (Some(0), Some(12_000 * 4096)));
    assert_eq!(report.candidates[0].rss_bytes, Some(480_000 * 4096));
}

#[test]
fn a_child_was_killed_and_the_line_has_no_sizes() {
    assert_eq!(victim(&only("52-min")), (2760, "smbd".to_owned()));
}

#[test]
fn a_group_kill_that_begins_at_its_kill() {
    let incident = only("09-min");
    let all: Vec<_> = incident.victims.iter().map(|victim| (victim.pid, victim.role)).collect();
    let member = |pid| (pid, Role::GroupMember);
    assert_eq!(
        all,
        [(1221, Role::Chosen), member(1217), member(1218), member(1219), member(1220), member(1222)]
    );
}

#[test]
fn nothing_beyond_the_table() {
    let incident = only("12-min");
    assert_eq!(victim(&incident), (28_438, "java".to_owned()));
    assert_eq!((incident.candidates.len(), incident.candidates_scored), (1, Some(1)));
}

#[test]
fn the_reaper_names_a_victim() {
    let line =
        "[   55.1] oom_reaper: reaped process 4711 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n";
    let all = kills(line.as_bytes());
    assert_eq!(all.len(), 1);
    assert_eq!(victim(&all[0]), (4711, "java".to_owned()));
    let invoked = "[   54.1] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n";
    let all = kills([invoked, line].concat().as_bytes());
    assert_eq!((all.len(), victim(&all[0])), (1, (4711, "java".to_owned())));
    let kill = "[   55.0] Out of memory: Killed process 4711 (java) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n";
    assert_eq!(kills([invoked, kill, line].concat().as_bytes()).len(), 1);
    let late = "[   58.0] b: something\n[   59.1] oom_reaper: reaped process 4711 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n";
    assert_eq!(kills([invoked, kill, late].concat().as_bytes()).len(), 1);
}

#[test]
fn rows_without_their_header_and_columns_that_are_not_known() {
    let rows = "[   12.1] [  612]     0   612  5063909   119961   139264   136409             0 java
[   12.2] [  613]     0   613      900       99    40960        0             0 sh
[   12.3] Out of memory: Killed process 612 (java) total-vm:20255636kB, anon-rss:466160kB, file-rss:13684kB, shmem-rss:0kB, UID:0 pgtables:136kB oom_score_adj:0
";
    let all = kills(rows.as_bytes());
    assert_eq!((all.len(), all[0].candidates.len()), (1, 2));
    assert_eq!(all[0].candidates[0].rss_bytes, Some(119_961 * 4096));
    assert!(
        all[0].source.notes.iter().any(|note| note.contains("header is missing")),
        "{:?}",
        all[0].source.notes
    );
    let table = "[   12.1] [  pid  ]   uid  tgid total_vm      rss nr_new pgtables_bytes swapents oom_score_adj name
[   12.2] [    612]     0   612  5063909   119961      7   139264   136409             0 java
[   12.3] Out of memory: Killed process 612 (java) total-vm:20255636kB, anon-rss:466160kB, file-rss:13684kB, shmem-rss:0kB, UID:0 pgtables:136kB oom_score_adj:0
";
    let all = kills(table.as_bytes());
    assert_eq!((all.len(), all[0].candidates.len()), (1, 1));
    assert!(all[0].source.notes.iter().any(|note| note.contains("nr_new")), "{:?}", all[0].source.notes);
}

#[test]
fn nothing_is_dropped_in_silence() {
    for (line, count) in [
        (
            "I was told that this morning my server said Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB",
            1,
        ),
        ("[   12.3] Out of memory: Killed process 12", 1),
        ("[   12.3] Out of memory: Kill process 2112 (postm", 1),
        ("[   12.3] \u{b6}new\u{b6} Out of memory: Killed process 12", 0),
        ("Nov 28 07:26:44 web-3 app[77]: Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB", 0),
        (
            "[   12.3] audit: type=1 name=\"Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB\"",
            0,
        ),
        (
            "{\"a\":[1,{\"b\":\"I was told that my server said Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB\"}]}",
            1,
        ),
    ] {
        let log = format!("[    1.0] first\n{line}\n");
        let (all, summary) = told(log.as_bytes());
        assert!(all.is_empty(), "{line}: {all:#?}");
        assert_eq!(summary.unread.lines, count, "{line}");
        let number = summary.unread.first.map(|(number, _)| number);
        assert_eq!(number, (count > 0).then_some(2), "{line}");
    }
    // Lines that are passed over count, too.
    let mut log = "x\n".repeat(100_000);
    log += "[   12.3] Out of memory: Killed process 12\n";
    assert_eq!(told(log.as_bytes()).1.unread.first.unwrap().0, 100_001);
}

#[test]
fn the_time_of_a_logger_is_not_that_of_dmesg() {
    let words = "Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0";
    for (before, unknown) in [
        ("2023-11-28 07:26:44,123 ", true),
        ("2023-11-28T07:26:44,123 ", true),
        ("[2023-11-28 07:26:44,123] ", true),
        ("[07:26:44,123] ", true),
        ("2023-11-28T07:26:44,123456+00:00 ", false),
        ("[Tue Nov 28 07:26:44 2023] ", false),
    ] {
        let (all, _) = told(format!("{before}{words}\n").as_bytes());
        let [told] = &all[..] else { panic!("{before}: {all:#?}") };
        assert_eq!(told.context.unknown_writer, unknown, "{before}");
    }
}

#[test]
fn programs_are_not_believed_in_any_form() {
    let words = "Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0";
    for before in [
        "Nov 28 07:26:44 web-3 app[77]: ",
        "Nov 28 07:26:44 web-3 app: ",
        "Di Nov 28 07:26:44 2023 daemon.err app[77]: ",
        "10.5.0.2: user: warning: [2022-05-05T05:05:05.5Z]: ",
        "kern.log.1:Nov 28 07:26:44 web-3 app[77]: ",
        "12:Nov 28 07:26:44 web-3 app[77]: ",
        "> Nov 28 07:26:44 web-3 app[77]: ",
        "web-1  | 2023-11-28 07:26:44,123 ERROR [main] com.example.A - ",
        "2023-11-28 07:26:44.123 ERROR [main] com.example.A - ",
        "2023-11-28 07:26:44,123 SEVERE [main] com.example.A - ",
        "2023-11-28 07:26:44,123 WARN  [pool-1-thread-3] c.e.Worker: ",
        "2023-11-28T07:26:44.123Z FATAL [worker-7] ",
        "28 Nov 2023 07:26:44,123 TRACE [main] a.b.C - ",
        "2023-11-28 07:26:44,123 DEBG 'web' stdout output: ",
        "[2023-11-28 07:26:44,123] ERROR in app: ",
        "[2023-11-28 07:26:44,123] {taskinstance.py:1150} ERROR - ",
        "2023-11-28 07:26:44,123 - root - ERROR - ",
        "[07:26:44,123] ERROR [main] ",
        "web-1  | app: ",
        "time=2023-11-28T07:26:44Z level=error msg=\"",
        "11-28 07:26:44.123  1234  1234 E lowmemory: ",
        "<14>app[77]: ",
        "[   12.345678] app[77]: ",
        "daemon:err   : [   12.345678] ",
        "[   12.345678] cgroup: fork rejected by pids controller in /",
        "[   12.345678] process '/tmp/",
        "{\"message\":\"x\",\"program\":\"app\",\"line\":\"y\",\"text2\":\"",
    ] {
        let end = if before.starts_with('{') { "\"}" } else { "" };
        let log = format!("{before}{words}{end}\n");
        let all = found(log.as_bytes());
        assert!(all.is_empty(), "{before}: {all:#?}");
    }
}

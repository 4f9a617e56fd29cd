//! `explain` on logs with many kills: the overview first, then what was asked for, nothing left out in silence.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Kills one minute apart, by turns of `python3` in a container and of `php-fpm` for the whole machine.
fn log(kills: u32) -> (tempfile::TempDir, PathBuf) {
    let mut text = String::new();
    for at in 0..kills {
        let (pid, hour, minute) = (2000 + at, at / 60, at % 60);
        let begin =
            format!("2026-10-01T{hour:02}:{minute:02}:00.000000+00:00 web1 kernel: [{}.000001] ", 60 * at);
        let sizes = "total-vm:80000kB, anon-rss:60000kB, file-rss:100kB, shmem-rss:0kB, UID:33 pgtables:488kB \
                     oom_score_adj:0";
        let (name, how, words) = match at % 3 {
            0 => ("php-fpm", "constraint=CONSTRAINT_NONE", "Out of memory"),
            _ => ("python3", "constraint=CONSTRAINT_MEMCG", "Memory cgroup out of memory"),
        };
        let place = match at % 3 {
            0 => "global_oom,task_memcg=/system.slice/php.service",
            _ => "oom_memcg=/a/b/web,task_memcg=/a/b/web",
        };
        let _ = writeln!(
            text,
            "{begin}{name} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
        );
        let _ = writeln!(text, "{begin}CPU: 0 PID: {pid} Comm: {name} Not tainted 5.15.0 #1");
        if at % 3 > 0 {
            let _ = writeln!(text, "{begin}memory: usage 65536kB, limit 65536kB, failcnt 9");
        }
        let _ = writeln!(
            text,
            "{begin}oom-kill:{how},nodemask=(null),cpuset=/,mems_allowed=0,{place},task={name},pid={pid},uid=33"
        );
        let _ = writeln!(text, "{begin}{words}: Killed process {pid} ({name}) {sizes}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("kern.log");
    std::fs::write(&file, text).expect("a log");
    (dir, file)
}

fn explain(log: &PathBuf, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_oomtrace"))
        .arg("explain")
        .args(args)
        .arg(log)
        .env("COLUMNS", "80")
        .stdin(Stdio::null())
        .output()
        .expect("oomtrace starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output
}

fn text(log: &PathBuf, args: &[&str]) -> String {
    String::from_utf8(explain(log, args).stdout).expect("UTF-8")
}

/// Process ids of the kills that are printed in full, in their order.
fn in_full(text: &str) -> Vec<u32> {
    let pid = |line: &str| line.split_once("(pid ")?.1.split_once(") was killed")?.0.parse().ok();
    text.lines().filter_map(pid).collect()
}

#[test]
fn many_kills_are_an_overview_and_the_last_one_in_full() {
    let (_dir, log) = log(298);
    let said = text(&log, &[]);
    assert!(
        said.starts_with("298 OOM kills of 2 kinds, 2026-10-01 00:00:00 to 2026-10-01 04:57:00\n"),
        "{said}"
    );
    assert!(said.contains("  198  python3 ") && said.contains("64.0 MiB …/web\n"), "{said}");
    assert!(said.contains("  100  php-fpm ") && said.contains("the whole machine"), "{said}");
    assert!(said.contains("The last one in full (--last N for the last N, --all for all 298):"), "{said}");
    assert_eq!(in_full(&said), [2297]);
    assert!(said.lines().count() < 100 && said.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert!(said.contains("\n298 OOM kills in "), "{said}");
}

#[test]
fn few_kills_and_all_of_them_on_request_are_in_full() {
    let (_dir, three) = log(3);
    assert_eq!(in_full(&text(&three, &[])), [2000, 2001, 2002]);
    let (_dir, log) = log(40);
    assert_eq!(in_full(&text(&log, &["--all"])).len(), 40);
    assert_eq!(in_full(&text(&log, &["-q"])).len(), 40);
    assert_eq!(in_full(&text(&log, &["--limit", "2"])), [2038, 2039]);
    assert_eq!(in_full(&text(&log, &["--limit", "0"])), [] as [u32; 0]);
}

#[test]
fn more_than_a_thousand_in_full_are_written_as_they_are_found() {
    let (_dir, log) = log(1203);
    let said = text(&log, &["--all"]);
    assert_eq!(in_full(&said), (2000..3203).collect::<Vec<_>>());
    assert!(said.starts_with("The first of more:\n1,001 OOM kills of 2 kinds"), "{}", &said[..200]);
    assert!(said.contains("\n1203 OOM kills in "));
}

#[test]
fn the_last_and_a_period_are_chosen_in_every_format() {
    let (_dir, log) = log(40);
    let said = text(&log, &["--last", "2"]);
    assert_eq!(in_full(&said), [2038, 2039]);
    assert!(said.contains("40 OOM kills in ") && said.contains(", 2 of them selected."), "{said}");
    let period = ["--since", "2026-10-01T00:10:00Z", "--until", "2026-10-01T00:12:00Z"];
    assert_eq!(in_full(&text(&log, &period)), [2010, 2011, 2012]);
    assert_eq!(in_full(&text(&log, &[&period[..], &["--last", "1"]].concat())), [2012]);
    for (args, pids) in [(&["--last", "2"][..], vec![2038, 2039]), (&period, vec![2010, 2011, 2012])] {
        let json = text(&log, &[args, &["--json"]].concat());
        let records: Vec<Value> =
            json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let kills = records.iter().filter(|record| record["type"] == "oom_kill");
        assert_eq!(
            kills.map(|kill| kill["victims"][0]["pid"].as_u64().expect("a pid")).collect::<Vec<_>>(),
            pids
        );
        let footer = records.last().expect("a footer");
        let counts = (&footer["kills"], &footer["filtered"]);
        assert_eq!(counts, (&40.into(), &(40 - pids.len()).into()));
        let page = text(&log, &[args, &["-f", "md"]].concat());
        assert!(page.contains(&format!("{} OOM kills", pids.len())), "{page}");
    }
    // In the future nothing was killed, and that is said.
    let none = text(&log, &["--since", "2999-01-01"]);
    assert!(none.contains("40 OOM kills in ") && none.contains(", 0 of them selected."), "{none}");
}

#[test]
fn a_kill_whose_time_is_not_known_is_not_left_out_by_a_period() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("dmesg");
    let line = "[12345.678901] Out of memory: Killed process 4711 (java) total-vm:80000kB, anon-rss:60000kB, \
                file-rss:100kB, shmem-rss:0kB, UID:33 pgtables:488kB oom_score_adj:0\n";
    std::fs::write(&log, line).expect("a log");
    let said = text(&log, &["--since", "2026-01-01"]);
    assert_eq!(in_full(&said), [4711]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("when it was is not known, so it is reported"), "{said}");
}

/// What is on a terminal afterwards.
fn on_a_terminal(log: &PathBuf, args: &[&str], pager: &str) -> String {
    let (mut master, mut slave) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: both descriptors are written by the call and owned by nobody else; name and sizes are left out.
    let (mut master, slave) = unsafe {
        assert_eq!(libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()), 0);
        (File::from(OwnedFd::from_raw_fd(master)), OwnedFd::from_raw_fd(slave))
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomtrace"));
    command.arg("explain").args(args).arg(log).env("OOMTRACE_PAGER", pager).env("NO_COLOR", "1");
    let mut child =
        command.stdin(Stdio::null()).stdout(slave).stderr(Stdio::null()).spawn().expect("it starts");
    // The command holds the terminal's other end open.
    drop(command);
    let mut text = Vec::new();
    // Ends with EIO when the other end is closed.
    let _ = master.read_to_end(&mut text);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    String::from_utf8_lossy(&text).replace("\r\n", "\n")
}

#[test]
fn a_terminal_gets_the_users_pager_and_nothing_else_does() {
    let (_dir, log) = log(40);
    let plain = on_a_terminal(&log, &[], "");
    assert!(plain.starts_with("40 OOM kills of"), "{plain}");
    let paged = on_a_terminal(&log, &[], "sed s/^/page:/");
    let expected: String = plain.lines().map(|line| format!("page:{line}\n")).collect();
    assert_eq!(paged, expected);
    // Not there, not wanted, not for other formats.
    assert_eq!(on_a_terminal(&log, &[], "no-such-pager-at-all -x"), plain);
    assert_eq!(on_a_terminal(&log, &["--no-pager"], "sed s/^/page:/"), plain);
    assert!(on_a_terminal(&log, &["--json"], "sed s/^/page:/").starts_with('{'));
    // One that has seen enough ends everything, with success.
    assert_eq!(
        on_a_terminal(&log, &["--all"], "head -n 1"),
        plain.lines().next().unwrap_or_default().to_owned() + "\n"
    );
}

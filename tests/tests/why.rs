//! `why`: what killed it, from this machine's log, from evidence, and from neither.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use oomtrace_tests::sys;
use serde_json::Value;
use support::{PATIENCE, end, kill, oomtrace, root, run, wait_for};

/// Exit code where nothing has an answer.
const UNKNOWN: i32 = 3;

/// The answers, as JSON.
fn why(arguments: &[&str]) -> Vec<Value> {
    let output = run(&[&["why", "--json"], arguments].concat());
    let code = output.status.code();
    let errors = support::errors(&output);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect();
    let is_unknown = answers.iter().all(|answer| answer["answer"] == "unknown");
    assert_eq!(code, Some(if is_unknown { UNKNOWN } else { 0 }), "{errors}");
    answers
}

fn text(arguments: &[&str]) -> String {
    let output = run(&[&["why"], arguments].concat());
    assert!(matches!(output.status.code(), Some(0 | UNKNOWN)), "{}", support::errors(&output));
    // Spaces that do not break, and line breaks.
    let text = String::from_utf8(output.stdout).expect("UTF-8").replace('\u{a0}', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A process that has ended by itself; its id.
fn gone() -> String {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().expect("a process");
    let pid = child.id();
    end(&mut child, PATIENCE);
    pid.to_string()
}

fn stop(mut tracer: Child) {
    sys::kill(i32::try_from(tracer.id()).expect("a pid"), libc::SIGINT).expect("the tracer runs");
    assert_eq!(end(&mut tracer, PATIENCE).code(), Some(0));
}

#[test]
fn a_kill_is_told_from_the_ring_buffer() {
    if !root("why of a real kill") {
        return;
    }
    let (cgroup, number) = kill("why");
    let pid = number.to_string();
    for target in [pid.as_str(), cgroup.as_str()] {
        let answers = why(&[target]);
        let answer = answers.iter().find(|answer| answer["pid"] == number).expect("the kill");
        assert_eq!((&answer["type"], &answer["answer"]), (&"answer".into(), &"oom_kill".into()), "{answer}");
        assert_eq!(answer["incident"]["scope"]["memcg"]["path"], cgroup.as_str());
        let sources = answer["sources"].as_array().expect("sources");
        assert!(sources.iter().any(|source| source["name"] == "/dev/kmsg"), "{answer}");
    }
    let said = text(&[&pid]);
    let begin = format!("victim (pid {pid}): OOM-killed at ");
    assert!(
        said.contains(&begin) && said.contains("because its memory cgroup hit its memory limit"),
        "{said}"
    );
}

#[test]
fn evidence_tells_oom_kills_sigkills_and_proves_neither() {
    if !root("why of evidence") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("evidence");
    let tracer = Command::new(oomtrace())
        .args(["--json", "--sigkill", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("oomtrace starts");
    wait_for(&file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    let mut timeout = Command::new("sh")
        .args(["-c", "exec timeout -s KILL 0.1 sleep 61"])
        .stdin(Stdio::null())
        .spawn()
        .expect("a shell");
    end(&mut timeout, PATIENCE);
    let (_, victim) = kill("why-evidence");
    let other = gone();
    std::thread::sleep(std::time::Duration::from_secs(1));
    stop(tracer);

    let evidence = file.to_str().expect("a plain name");
    let sleeps =
        |record: &Value| record["target"]["comm"] == "sleep" && record["sender"]["pid"] == timeout.id();
    let sleep = records(&file).into_iter().find(sleeps).expect("the SIGKILL is recorded");
    let sleep = sleep["target"]["pid"].to_string();
    let answers = why(&[&sleep, "--evidence", evidence]);
    assert_eq!((&answers[0]["answer"], answers.len()), (&"sigkill".into(), 1), "{answers:?}");
    assert_eq!(answers[0]["sigkill"]["sender"]["kind"], "timeout");
    let said = text(&[&sleep, "--evidence", evidence]);
    assert!(said.contains("by timeout: timeout") && said.contains("not the OOM killer."), "{said}");

    let answers = why(&[&victim.to_string(), "--evidence", evidence]);
    let sources = answers[0]["sources"].as_array().expect("sources");
    let kinds: Vec<_> = sources.iter().filter_map(|source| source["kind"].as_str()).collect();
    assert_eq!((&answers[0]["answer"], answers.len()), (&"oom_kill".into(), 1), "{answers:?}");
    assert!(
        kinds.contains(&"evidence") && kinds.contains(&"kernel_log"),
        "of this boot: both tell it: {kinds:?}"
    );

    let answers = why(&[&other, "--evidence", evidence]);
    assert_eq!(answers[0]["answer"], "not_oom", "{answers:?}");
    assert!(answers[0]["from"].is_string() && answers[0]["to"].is_string());
    // The same without its end.
    let cut = directory.path().join("cut");
    let whole = std::fs::read_to_string(&file).expect("the evidence");
    let lines: Vec<_> = whole.lines().filter(|line| !line.contains("\"footer\"")).collect();
    std::fs::write(&cut, lines.join("\n") + "\n").expect("a file");
    let answers = why(&[&other, "--evidence", cut.to_str().expect("a plain name")]);
    assert_eq!(answers[0]["answer"], "unknown", "{answers:?}");
    assert!(answers[0]["reasons"].to_string().contains("footer"), "{answers:?}");
}

fn records(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("the evidence");
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn what_runs_is_told_and_what_is_not_known_is_said() {
    let own = std::process::id().to_string();
    let answers = why(&[&own]);
    let running = &answers[0];
    assert_eq!((&running["answer"], &running["pid"].to_string()), (&"running".into(), &own), "{running}");

    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("kern.log");
    let line = "[   12.500000] Out of memory: Killed process 7 (a\u{1b}[2Jb) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB\n";
    std::fs::write(&log, line).expect("a file");
    let log = log.to_str().expect("a plain name");
    let answers = why(&["8", "--log", log]);
    assert_eq!((&answers[0]["answer"], answers.len()), (&"unknown".into(), 1), "{answers:?}");
    assert!(text(&["8", "--log", log]).contains("pid 8: unknown."));
    let answers = why(&["7", "--log", log]);
    assert_eq!(answers[0]["answer"], "oom_kill", "{answers:?}");
    let said = run(&["why", "7", "--log", log]).stdout;
    assert!(!said.contains(&0x1b), "names are hostile: {}", String::from_utf8_lossy(&said));
}

#[test]
fn a_name_that_nothing_knows_is_unknown() {
    let beyond = "4194304";
    for target in ["no-such-name-anywhere", "/no/such/cgroup", "feedfacefeedfacefeed", beyond] {
        let answers = why(&[target]);
        assert_eq!((&answers[0]["answer"], answers.len()), (&"unknown".into(), 1), "{answers:?}");
        let first = answers[0]["reasons"][0].as_str().expect("a reason");
        assert!(first.starts_with("no source knows"), "{answers:?}");
        assert!(answers[0]["confidence"].is_null() && answers[0]["from"].is_null(), "{answers:?}");
    }
}

#[test]
fn failures_have_codes() {
    assert_eq!(run(&["why"]).status.code(), Some(2));
    assert_eq!(run(&["why", "0"]).status.code(), Some(2));
    assert_eq!(run(&["why", "7", "--since", "yesterday"]).status.code(), Some(2));
    let missing = run(&["why", "7", "--evidence", "/nonexistent"]);
    assert_eq!((missing.status.code(), missing.stdout.is_empty()), (Some(1), true));
    assert!(support::errors(&missing).contains("/nonexistent"));
}

//! `--sigkill`: who sent it, and that an OOM kill is not told twice.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use oomtrace_tests::cgroup::{Cgroup, Hierarchy};
use oomtrace_tests::sys;
use serde_json::Value;
use support::{PATIENCE, end, kill, oomtrace, root, wait_for};

/// Runs a shell command to its end; returns the shell's process id.
fn shell(script: &str) -> u64 {
    let mut child = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().expect("a shell");
    let pid = child.id();
    end(&mut child, PATIENCE);
    pid.into()
}

/// The SIGKILLs that `pid` got or sent.
fn sigkills(file: &Path, side: &str, pid: u64) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter(|r| r["type"] == "sigkill" && r[side]["pid"] == pid).collect()
}

#[test]
fn senders_are_named_and_oom_kills_are_not_told_twice() {
    if !root("--sigkill") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("out");
    let mut tracer = Command::new(oomtrace())
        .args(["--json", "--sigkill", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("oomtrace starts");
    wait_for(&file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    let itself = shell("kill -9 $$");
    let parent = shell("sleep 60 & kill -9 $!; wait");
    let timeout = shell("exec timeout -s KILL 0.1 sleep 60");
    let (_, victim) = kill("sigkill");
    // The last of what the kernel sent itself is held back for half a second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    sys::kill(i32::try_from(tracer.id()).expect("a pid"), libc::SIGINT).expect("the tracer runs");
    assert_eq!(end(&mut tracer, PATIENCE).code(), Some(0));

    let own = sigkills(&file, "target", itself);
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!((own[0]["sender"]["kind"].as_str(), own[0]["how"].as_str()), (Some("itself"), Some("kill")));
    let child = sigkills(&file, "sender", parent);
    assert_eq!(child.len(), 1, "{child:?}");
    assert_eq!(child[0]["sender"]["kind"], "parent");
    assert_eq!(
        (&child[0]["target"]["ppid"], &child[0]["target"]["role"]),
        (&parent.into(), &"signalled".into())
    );
    let limit = sigkills(&file, "sender", timeout);
    let child = limit.iter().find(|r| r["target"]["pid"] != timeout).expect("the command that ran too long");
    assert_eq!(child["sender"]["kind"], "timeout", "{child}");
    assert_eq!(sigkills(&file, "target", victim.into()), Vec::<Value>::new(), "it was the OOM killer's");
    let text = std::fs::read_to_string(&file).expect("the output");
    assert!(text.lines().any(|line| line.contains("\"oom_kill\"") && line.contains(&victim.to_string())));
}

#[test]
fn a_filter_by_cgroup_knows_where_the_target_lived() {
    if !root("--sigkill --cgroup") {
        return;
    }
    let hierarchy = Hierarchy::find().expect("a memory cgroup hierarchy");
    let name = format!("oomtrace-test-{}-sigkill-filter", std::process::id());
    let cgroup = Cgroup::new(&hierarchy, name.as_bytes()).expect("root can make a cgroup");
    let path = String::from_utf8(cgroup.path()).expect("a plain name");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("out");
    let mut tracer = Command::new(oomtrace())
        .args(["--json", "--sigkill", "--cgroup", &path, "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("oomtrace starts");
    wait_for(&file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    let outside = shell("sleep 60 & kill -9 $!; wait");
    // `cgroup.procs` of the group, where a zero stands for the writer.
    let procs = cgroup.file("cgroup.procs");
    let inside = shell(&format!("(echo 0 > {}; exec sleep 60) & sleep 1; kill -9 $!; wait", procs.display()));
    std::thread::sleep(std::time::Duration::from_secs(1));
    sys::kill(i32::try_from(tracer.id()).expect("a pid"), libc::SIGINT).expect("the tracer runs");
    assert_eq!(end(&mut tracer, PATIENCE).code(), Some(0));

    let told = sigkills(&file, "sender", inside);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["target"]["cgroup"]["path"], path.as_str(), "{told:?}");
    assert_eq!(sigkills(&file, "sender", outside), Vec::<Value>::new(), "it was in another cgroup");
}

//! Evidence that outlives its recorder: killed with SIGKILL at any moment, and with the disk full.
//!
//! `OOMTRACE_MOMENTS=200 cargo test -p oomtrace-tests --test record -- --nocapture` tries as many moments as it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::{PATIENCE, end, kill, oomtrace, root, run, wait_for};

fn record(file: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(oomtrace());
    command.args(["record", "--quiet", "-o"]).arg(file).args(more);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("oomtrace starts")
}

/// What `report` makes of the file.
fn reported(file: &Path) -> Vec<Value> {
    let output = run(&["report", "--json", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", support::errors(&output));
    output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn pids(records: &[Value]) -> BTreeSet<u64> {
    let kills = records.iter().filter(|record| record["type"] == "oom_kill");
    kills.filter_map(|kill| kill["victims"][0]["pid"].as_u64()).collect()
}

/// Whole lines of a file that grows, read without oomtrace.
fn whole_lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let whole = text.rfind('\n').map_or("", |at| &text[..at]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a whole line is JSON")).collect()
}

/// Some moment, another one each time.
fn moment(most_ms: u32) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Duration::from_micros(
        u64::from(now.subsec_nanos()).wrapping_mul(0x9e37_79b9) % (u64::from(most_ms) * 1000),
    )
}

fn moments() -> u32 {
    std::env::var("OOMTRACE_MOMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

#[test]
fn a_recorder_that_is_killed_leaves_every_kill_that_it_had_written() {
    if !root("survival of recordings") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (mut kills, mut recovered) = (0, 0);
    for n in 0..moments() {
        let is_ring = n % 2 == 1;
        let file = directory.path().join(format!("evidence-{n}"));
        let mut recorder = record(&file, if is_ring { &["--max-size", "4M"] } else { &[] });
        let over = AtomicBool::new(false);
        let done = std::thread::scope(|scope| {
            let storm = scope.spawn(|| {
                let mut done = BTreeSet::new();
                while !over.load(Ordering::Relaxed) {
                    done.insert(u64::from(kill("record").1));
                }
                done
            });
            while pids(&safely_reported(&file)).is_empty() {
                assert!(recorder.try_wait().unwrap().is_none(), "the recorder ended by itself");
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(moment(300));
            recorder.kill().unwrap();
            over.store(true, Ordering::Relaxed);
            storm.join().unwrap()
        });
        recorder.wait().unwrap();
        let records = reported(&file);
        let found = pids(&records);
        assert!(!found.is_empty(), "a kill was seen in it before");
        assert!(records.iter().all(|record| record["type"] != "footer"), "nobody has ended it");
        if !is_ring {
            let whole = pids(&whole_lines(&file));
            assert!(whole.is_subset(&found), "whole lines {whole:?}, reported {found:?}");
        }
        // Kills of others on this machine are in it too.
        (kills, recovered) = (kills + done.len(), recovered + found.intersection(&done).count());
    }
    println!(
        "{} recorders killed: {kills} kills happened until they were dead or a little later, {recovered} recovered",
        moments()
    );
}

/// Before the file is there, nothing.
fn safely_reported(file: &Path) -> Vec<Value> {
    let output = run(&["report", "--json", file.to_str().unwrap()]);
    output.stdout.lines().filter_map(|line| serde_json::from_str(&line.ok()?).ok()).collect()
}

#[test]
fn with_the_disk_full_kills_are_in_the_journal() {
    if !root("a small file system") {
        return;
    }
    let disk = Disk::mount("6m");
    let file = disk.0.path().join("evidence");
    let mut recorder = record(&file, &["--no-samples"]);
    wait_for(&file, "header", |text| text.contains("\"header\""));
    // All that is left.
    let filler = std::fs::File::create(disk.0.path().join("filler")).unwrap();
    let mut filler = std::io::BufWriter::new(filler);
    while std::io::Write::write_all(&mut filler, &[b'x'; 4096]).is_ok() {}
    let (_, pid) = kill("full");
    let limit = std::time::Instant::now() + PATIENCE;
    while !pids(&safely_reported(&file)).contains(&u64::from(pid)) {
        assert!(std::time::Instant::now() < limit, "the kill is not recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
    // SAFETY: a signal to a child of ours.
    unsafe { libc::kill(recorder.id().cast_signed(), libc::SIGINT) };
    let status = end(&mut recorder, PATIENCE);
    assert_eq!(status.code(), Some(1), "what is missing is an error");
    let mut said = String::new();
    std::io::Read::read_to_string(recorder.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert!(said.contains("free some space") && said.contains("journal"), "{said}");
    let text = run(&["report", file.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("from the journal, in short") && text.contains(&format!("pid {pid}")), "{text}");
}

/// A file system of its own, gone at the end.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(directory.path())
            .status();
        assert!(status.expect("mount starts").success(), "root can mount a tmpfs");
        Self(directory)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn a_recording_that_ends_well_is_complete_private_and_whole() {
    if !root("recording kills") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for (name, more) in [("plain", &[][..]), ("packed", &["--compress"]), ("ring", &["--pre-trigger", "10s"])]
    {
        let file = directory.path().join(name);
        let mut recorder = record(&file, &[&["--every", "100ms"][..], more].concat());
        while safely_reported(&file).is_empty() {
            assert!(recorder.try_wait().unwrap().is_none(), "{name}: the recorder ended by itself");
            std::thread::sleep(Duration::from_millis(20));
        }
        let (_, pid) = kill("whole");
        std::thread::sleep(Duration::from_millis(300));
        // SAFETY: a signal to a child of ours.
        unsafe { libc::kill(recorder.id().cast_signed(), libc::SIGINT) };
        assert!(end(&mut recorder, PATIENCE).success(), "{name}");
        let records = reported(&file);
        assert!(pids(&records).contains(&u64::from(pid)), "{name}: {records:?}");
        assert!(records.iter().any(|record| record["type"] == "sample"), "{name}: no sample");
        let kill = records.iter().find(|record| record["victims"][0]["pid"] == pid).unwrap();
        assert!(kill.get("history").is_some(), "{name}: only the short record is left");
        assert_eq!(records.last().unwrap()["type"], "footer", "{name}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(!file.with_extension("journal").exists(), "{name}: the journal is still there");
    }
}

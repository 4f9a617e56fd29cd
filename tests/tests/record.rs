//! Evidence that outlives its recorder: killed with SIGKILL at any moment, and with the disk full.
//!
//! `cargo xtask bench survival` tries as many moments as it is told (`OOMTRACE_MOMENTS`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use oomtrace_tests::sys;
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
    let mut figures = Figures::default();
    for n in 0..moments() {
        let is_ring = n % 2 == 1;
        let file = directory.path().join(format!("evidence-{n}"));
        let mut recorder = record(&file, if is_ring { &["--max-size", "4M"] } else { &[] });
        let over = AtomicBool::new(false);
        let (seen, dead, done) = std::thread::scope(|scope| {
            let storm = scope.spawn(|| {
                let mut done = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    done.push((u64::from(kill("record").1), Instant::now()));
                }
                done
            });
            while pids(&safely_reported(&file)).is_empty() {
                assert!(recorder.try_wait().unwrap().is_none(), "the recorder ended by itself");
                std::thread::sleep(Duration::from_millis(20));
            }
            let seen = Instant::now();
            std::thread::sleep(moment(300));
            let dead = Instant::now();
            recorder.kill().unwrap();
            over.store(true, Ordering::Relaxed);
            (seen, dead, storm.join().unwrap())
        });
        recorder.wait().unwrap();
        let records = reported(&file);
        let found = pids(&records);
        assert!(!found.is_empty(), "a kill was seen in it before");
        assert!(records.iter().all(|record| record["type"] != "footer"), "nobody has ended it");
        if !is_ring {
            let whole = pids(&whole_lines(&file));
            figures.whole += whole.len();
            assert!(whole.is_subset(&found), "whole lines {whole:?}, reported {found:?}");
        }
        figures.recorders += 1;
        figures.back += found.len();
        figures.short += records.iter().filter(|record| is_short(record)).count();
        // The recorder was attached for sure, and no part of the kill was still on its way.
        let settled = |at: &Instant| *at > seen && *at + SETTLED < dead;
        for (pid, _) in done.iter().filter(|(_, at)| settled(at)) {
            figures.settled += 1;
            figures.settled_back += usize::from(found.contains(pid));
        }
    }
    println!("{figures:#?}");
}

/// A kill is on the disk this long after its victim has gone, and had better be; a busy machine may take longer.
const SETTLED: Duration = Duration::from_millis(50);

/// What came back.
#[derive(Debug, Default)]
struct Figures {
    /// Recorders that were sent SIGKILL.
    recorders: u32,
    /// Kills read back, those of others on this machine included.
    back: usize,
    /// Of these only in short.
    short: usize,
    /// Kills in whole lines of files that grow; all were read back.
    whole: usize,
    /// Kills between the first that was readable and 50 ms before the recorder's end.
    settled: usize,
    /// Of these read back.
    settled_back: usize,
}

fn is_short(record: &Value) -> bool {
    let notes = record["source"]["notes"].as_array();
    record["type"] == "oom_kill" && notes.is_some_and(|notes| notes.iter().any(|note| note == SHORT))
}

/// The note of a kill of which only the first account was written.
const SHORT: &str = "written in short at the kill; the whole record is missing";

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
    let limit = Instant::now() + PATIENCE;
    while !pids(&safely_reported(&file)).contains(&u64::from(pid)) {
        assert!(Instant::now() < limit, "the kill is not recorded");
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

/// Times of the samples in the file, in ns, oldest first.
fn samples(file: &Path) -> Vec<u64> {
    let times = reported(file).into_iter().filter(|record| record["type"] == "sample");
    times.filter_map(|sample| sample["boottime_ns"].as_u64()).collect()
}

/// Records with a kill near the beginning until the file is as wanted; gives the victim, and when its kill and the end were.
fn flight(file: &Path, options: &[&str], is_enough: impl Fn(u64) -> bool) -> (u32, u64, u64) {
    let mut recorder = record(file, options);
    let limit = Instant::now() + PATIENCE * 2;
    while safely_reported(file).is_empty() {
        assert!(recorder.try_wait().unwrap().is_none(), "the recorder ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Each test kills in a cgroup of its own: they run at the same time.
    let (_, pid) = kill(&file.file_name().unwrap().to_string_lossy());
    let killed = sys::boottime_ns();
    let size = std::fs::metadata(file).unwrap().len();
    while !is_enough(killed) {
        assert!(
            Instant::now() < limit,
            "the samples are not as wanted: {:?}, killed {killed}",
            samples(file)
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    let over = sys::boottime_ns();
    // SAFETY: a signal to a child of ours.
    unsafe { libc::kill(recorder.id().cast_signed(), libc::SIGINT) };
    assert!(end(&mut recorder, PATIENCE).success());
    assert_eq!(std::fs::metadata(file).unwrap().len(), size, "it has its size from the start");
    (pid, killed, over)
}

#[test]
fn a_flight_recorder_keeps_the_newest_samples_and_the_kill_before_them() {
    if !root("a flight recorder") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("small");
    // The last of those from before the kill has been replaced when this ends.
    let replaced = |killed| samples(&file).first().is_some_and(|oldest| *oldest > killed);
    let (pid, killed, over) = flight(&file, &["--max-size", "1M", "--every", "10ms"], replaced);
    let kept = samples(&file);
    assert!(kept.len() > 10 && kept.len() < 60, "59 blocks hold no {} samples", kept.len());
    assert!(kept.is_sorted() && kept[0] > killed, "killed {killed}: {kept:?}");
    let newest = over.saturating_sub(*kept.last().unwrap());
    assert!(newest < 5_000_000_000, "the newest is {newest} ns old");
    assert!(pids(&reported(&file)).contains(&u64::from(pid)), "samples have replaced a kill");
}

#[test]
fn a_flight_recorder_keeps_what_came_before_for_as_long_as_asked() {
    if !root("a flight recorder") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("before");
    let long = |killed| sys::boottime_ns() > killed + 6_000_000_000;
    let (pid, _, over) = flight(&file, &["--pre-trigger", "3s", "--every", "10ms"], long);
    let kept = samples(&file);
    let oldest = over - kept[0];
    assert!(kept.len() > 10 && oldest >= 3_000_000_000, "{} samples of the last {oldest} ns", kept.len());
    assert!(pids(&reported(&file)).contains(&u64::from(pid)));
}

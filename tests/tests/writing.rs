//! Outputs that take nothing, are full, or go away: a trace ends when it is told to, goes on where it can, and says what is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oomtrace_tests::sys;
use serde_json::Value;
use support::{PATIENCE, end, kill, oomtrace, root, wait_for};

/// A machine as busy as can be; without a way out nothing would end at all.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

fn start(arguments: &[&str], stdout: Stdio) -> Child {
    let mut command = Command::new(oomtrace());
    command.args(arguments).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    command.spawn().expect("oomtrace starts")
}

fn signal(child: &Child, signal: i32) {
    sys::kill(i32::try_from(child.id()).unwrap(), signal).expect("it runs");
}

fn said(child: &mut Child) -> String {
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a whole line of JSON")).collect()
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["type"].as_str().unwrap()).collect()
}

fn has_kill(text: &str, pid: u32) -> bool {
    text.lines().any(|line| {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        record["type"] == "oom_kill" && record["victims"][0]["pid"] == pid
    })
}

/// A pipe that is full from the start: whoever writes to it waits.
fn full_pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [-1; 2];
    // SAFETY: the array is written by the call; its descriptors are owned by nobody else.
    let (reader, writer) = unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
    };
    fill(&writer);
    (reader, writer)
}

/// Writes until nothing more fits.
fn fill(fd: &OwnedFd) {
    let nonblocking = |on: bool| {
        // SAFETY: plain calls on an open descriptor.
        unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, if on { libc::O_NONBLOCK } else { 0 }) };
    };
    nonblocking(true);
    let mut file = File::from(fd.try_clone().unwrap());
    while file.write(&[b' '; 4096]).is_ok() {}
    while file.write(b" ").is_ok() {}
    nonblocking(false);
}

/// Waits until its probes are attached, which nothing else shows while the output takes nothing.
fn attached(child: &Child) {
    let limit = Instant::now() + PATIENCE;
    let task = format!("/proc/{}/task", child.id());
    let names = || {
        let tasks = std::fs::read_dir(&task).into_iter().flatten().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.collect::<String>()
    };
    while !names().contains("oomtrace-out") {
        assert!(Instant::now() < limit, "it did not start: {}", names());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reader_that_has_stopped_keeps_no_trace_from_ending() {
    if !root("a stopped reader") {
        return;
    }
    let signals = [Some(libc::SIGTERM), Some(libc::SIGINT), Some(libc::SIGHUP), None];
    for (nth, number) in signals.into_iter().enumerate() {
        let (reader, writer) = full_pipe();
        let (reader2, writer2) = full_pipe();
        let more: &[&str] = if number.is_none() { &["--duration", "3s"] } else { &[] };
        let mut child = start(&[&["trace", "--json"][..], more].concat(), writer.into());
        // Nor does a standard error that nobody reads.
        let mut mute = Command::new(oomtrace());
        mute.args([&["trace", "--json"][..], more].concat()).stdin(Stdio::null());
        let mut mute = mute.stdout(writer2.try_clone().unwrap()).stderr(writer2).spawn().unwrap();
        attached(&child);
        attached(&mute);
        kill(&format!("stopped-{nth}"));
        for child in [&child, &mute] {
            if let Some(number) = number {
                signal(child, number);
            }
        }
        assert_eq!(end(&mut child, ENDS_WITHIN).code(), Some(1), "{number:?}");
        let text = said(&mut child);
        assert!(
            text.contains("records could not be written: the output takes no more"),
            "{number:?}: {text}"
        );
        assert_eq!(end(&mut mute, ENDS_WITHIN).code(), Some(1), "{number:?}");
        drop((reader, reader2));
    }
}

#[test]
fn a_terminal_that_is_held_keeps_no_trace_from_ending() {
    if !root("a held terminal") {
        return;
    }
    let (mut master, mut slave) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: both descriptors are written by the call and owned by nobody else; name and sizes are left out.
    let (mut master, slave) = unsafe {
        assert_eq!(libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()), 0);
        (File::from(OwnedFd::from_raw_fd(master)), OwnedFd::from_raw_fd(slave))
    };
    master.write_all(b"\x13").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let mut child = start(&["trace", "-f", "text"], slave.into());
    attached(&child);
    kill("held");
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, ENDS_WITHIN).code(), Some(1));
    let text = said(&mut child);
    assert!(text.contains("could not be written"), "{text}");
}

#[test]
fn a_fifo_without_a_reader_is_no_trap() {
    if !root("a FIFO") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    let status = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(status.success());
    let fifo = fifo.to_str().unwrap();
    for (arguments, number) in [
        (&["trace", "--json", "-o", fifo][..], Some(libc::SIGTERM)),
        (&["trace", "--json", "-o", fifo], Some(libc::SIGINT)),
        (&["record", "-o", fifo], Some(libc::SIGHUP)),
        (&["trace", "--json", "--duration", "1s", "-o", fifo], None),
    ] {
        let mut child = start(arguments, Stdio::null());
        std::thread::sleep(Duration::from_millis(500));
        if let Some(number) = number {
            signal(&child, number);
        }
        let status = end(&mut child, ENDS_WITHIN);
        assert!(!status.success(), "{arguments:?}: nothing was written");
    }
}

#[test]
fn a_fifo_whose_reader_stops_keeps_no_recording_from_ending() {
    if !root("a FIFO") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // It is opened to read and write, so that it has a reader, who does not read.
    let mut options = File::options();
    let reader = options.read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&fifo).unwrap();
    fill(&OwnedFd::from(reader.try_clone().unwrap()));
    let mut child = start(&["record", "--every", "20ms", "-o", fifo.to_str().unwrap()], Stdio::null());
    attached(&child);
    kill("fifo");
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, ENDS_WITHIN).code(), Some(1));
    let text = said(&mut child);
    assert!(text.contains("records could not be written") && text.contains("journal"), "{text}");
    drop(reader);
}

/// A file system of its own, in a directory that is unmounted and removed at the end.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(directory.path());
        assert!(mount.status().unwrap().success(), "root can mount a tmpfs");
        Self(directory)
    }

    /// Takes all room that is left; gives the file that has it.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut filler = File::create(&path).unwrap();
        while filler.write(&[b'x'; 4096]).is_ok_and(|written| written > 0) {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn with_the_disk_full_it_goes_on_and_catches_up() {
    if !root("a small file system") {
        return;
    }
    let plain: &[&str] = &["trace", "--json", "-v", "-o"];
    for (nth, arguments) in [plain, &["record", "--no-samples", "-v", "-o"]].into_iter().enumerate() {
        let disk = Disk::mount("6m");
        let file = disk.0.path().join("out");
        let mut child = start(&[arguments, &[file.to_str().unwrap()]].concat(), Stdio::null());
        wait_for(&file, "header", |text| text.contains("\"header\""));
        let filler = disk.fill();
        let pids: Vec<_> = (0..3).map(|n| kill(&format!("full-{nth}-{n}")).1).collect();
        std::thread::sleep(Duration::from_millis(800));
        assert!(child.try_wait().unwrap().is_none(), "a full disk has ended it: {}", said(&mut child));
        std::fs::remove_file(filler).unwrap();
        wait_for(&file, "the kills", |text| pids.iter().all(|pid| has_kill(text, *pid)));
        signal(&child, libc::SIGTERM);
        assert_eq!(end(&mut child, PATIENCE).code(), Some(0), "{}", said(&mut child));
        let records = records(&std::fs::read_to_string(&file).unwrap());
        let footer = records.last().unwrap();
        // Other kills of this machine may have come while the probes were attached.
        let notes = footer["notes"].to_string();
        assert_eq!(footer["type"], "footer");
        assert!(!notes.contains("could not be written"), "{footer}");
    }
}

#[test]
fn on_a_disk_that_stays_full_what_is_missing_is_counted() {
    if !root("a small file system") {
        return;
    }
    let disk = Disk::mount("2m");
    let file = disk.0.path().join("out");
    let mut child = start(&["trace", "--json", "-o", file.to_str().unwrap()], Stdio::null());
    wait_for(&file, "header", |text| text.contains("\"header\""));
    let _filler = disk.fill();
    kill("stays-full");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, ENDS_WITHIN).code(), Some(1));
    let text = said(&mut child);
    assert!(text.contains("could not be written") && text.contains("No space left"), "{text}");
    assert!(std::fs::read_to_string(&file).unwrap().ends_with('\n'), "half a line is left");
}

/// Starts it with its output in `file`.
fn with_file(command: &[&str], file: &Path) -> Child {
    let child = start(&[command, &["-o", file.to_str().unwrap()]].concat(), Stdio::null());
    wait_for(file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    child
}

#[test]
fn a_rotated_file_goes_on_in_a_new_one_after_sighup() {
    if !root("rotation") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let trace: &[&str] = &["trace", "--json"];
    for (nth, command) in [trace, &["record", "--no-samples"]].into_iter().enumerate() {
        let file = directory.path().join(format!("log-{nth}"));
        let old = directory.path().join(format!("log-{nth}.1"));
        let mut child = with_file(command, &file);
        let first = kill(&format!("rotate-{nth}-a")).1;
        wait_for(&file, "the first kill", |text| has_kill(text, first));
        std::fs::rename(&file, &old).unwrap();
        // Until it is told, it goes on in the old file.
        let second = kill(&format!("rotate-{nth}-b")).1;
        wait_for(&old, "the second kill", |text| has_kill(text, second));
        assert!(!file.exists());
        signal(&child, libc::SIGHUP);
        wait_for(&file, "a header", |text| text.contains("\"header\"") && text.ends_with('\n'));
        let third = kill(&format!("rotate-{nth}-c")).1;
        wait_for(&file, "the third kill", |text| has_kill(text, third));
        signal(&child, libc::SIGTERM);
        assert_eq!(end(&mut child, PATIENCE).code(), Some(0));
        let text = said(&mut child);
        assert!(text.contains("was renamed or replaced"), "{text}");
        let (old, new) = (std::fs::read_to_string(&old).unwrap(), std::fs::read_to_string(&file).unwrap());
        for text in [&old, &new] {
            let records = records(text);
            let kinds = kinds(&records);
            assert_eq!((kinds.first(), kinds.last()), (Some(&"header"), Some(&"footer")), "{text}");
        }
        assert!(has_kill(&old, first) && has_kill(&old, second) && !has_kill(&old, third), "{old}");
        assert!(has_kill(&new, third) && !has_kill(&new, second), "{new}");
        let end = &records(&old).pop().unwrap()["notes"];
        assert!(end.to_string().contains("goes on in the file"), "{end}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn without_rotation_sighup_empties_nothing() {
    if !root("SIGHUP") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log");
    let mut child = with_file(&["trace", "--json"], &file);
    let pid = kill("hup").1;
    wait_for(&file, "the kill", |text| has_kill(text, pid));
    signal(&child, libc::SIGHUP);
    wait_for(&file, "a second header", |text| text.matches("\"type\":\"header\"").count() == 2);
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, PATIENCE).code(), Some(0));
    assert!(has_kill(&std::fs::read_to_string(&file).unwrap(), pid));
}

#[test]
fn a_deleted_file_is_made_anew() {
    if !root("a deleted output") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log");
    let mut child = with_file(&["trace", "--json"], &file);
    std::fs::remove_file(&file).unwrap();
    wait_for(&file, "a header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    let pid = kill("deleted").1;
    wait_for(&file, "the kill", |text| has_kill(text, pid));
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, PATIENCE).code(), Some(0));
    let text = said(&mut child);
    assert!(text.contains("was deleted"), "{text}");
    let records = records(&std::fs::read_to_string(&file).unwrap());
    let footer = records.last().unwrap();
    assert_eq!(footer["complete"], false, "{footer}");
    assert!(footer["notes"].to_string().contains("deleted 1 times"), "{footer}");
}

#[test]
fn a_second_writer_of_one_file_refuses() {
    if !root("two writers") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for (name, first, second) in [
        ("traces", &["trace", "--json"][..], &["trace", "--json"][..]),
        ("recordings", &["record"], &["record"]),
        ("both", &["record", "--no-samples"], &["trace", "--json"]),
        ("packed", &["trace", "--json"], &["record", "--compress"]),
    ] {
        let file = directory.path().join(name);
        let mut child = with_file(first, &file);
        let mut other = start(&[second, &["-o", file.to_str().unwrap()]].concat(), Stdio::null());
        assert_eq!(end(&mut other, PATIENCE).code(), Some(1), "{name}");
        let text = said(&mut other);
        assert!(text.contains("another oomtrace writes to it"), "{name}: {text}");
        let kept = std::fs::read_to_string(&file).unwrap();
        assert!(kept.contains("\"header\""), "{name}: the second has emptied it");
        signal(&child, libc::SIGTERM);
        assert_eq!(end(&mut child, PATIENCE).code(), Some(0), "{name}");
    }
    let ring = directory.path().join("ring");
    let mut child = start(&["record", "--max-size", "1M", "-o", ring.to_str().unwrap()], Stdio::null());
    attached(&child);
    let mut other = start(&["record", "--max-size", "1M", "-o", ring.to_str().unwrap()], Stdio::null());
    assert_eq!(end(&mut other, PATIENCE).code(), Some(1));
    assert!(said(&mut other).contains("another oomtrace writes to it"));
    signal(&child, libc::SIGTERM);
    assert_eq!(end(&mut child, PATIENCE).code(), Some(0));
}

//! What is endless or large: reading ends, and memory stays within bounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use oomtrace_tests::cgroup::{Cgroup, Hierarchy};
use oomtrace_tests::scenario::PREFIX;
use oomtrace_tests::sys;
use support::{PATIENCE, end, oomtrace, root, wait_for};

/// What a reader of anything may take, in MiB: with a line of 32 MiB at hand, the same parsed, and a debug build around it.
const READER_MIB: u64 = 400;
const MIB: u64 = 1 << 20;

/// What became of a program that is given an endless or large input.
struct Ended {
    code: Option<i32>,
    out: Vec<u8>,
    said: String,
    /// Highest resident memory.
    mib: u64,
}

/// Runs oomtrace; `feed` writes to its standard input until that is closed.
fn ended(arguments: &[&str], feed: Option<&'static [u8]>) -> Ended {
    let mut command = Command::new(oomtrace());
    command.args(arguments).stdin(if feed.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let feeder = feed.zip(child.stdin.take()).map(|(text, mut input)| {
        let block = text.repeat(1 << 16);
        std::thread::spawn(move || while input.write_all(&block).is_ok() {})
    });
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = std::thread::spawn(move || {
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).map(|_| out).unwrap()
    });
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    let out = out.join().unwrap();
    // SAFETY: zeroed structs of plain numbers, filled by the call; the child is ours and is waited for once.
    let (status, usage) = unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        assert_eq!(
            libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage),
            child.id().cast_signed()
        );
        (status, usage)
    };
    feeder.into_iter().for_each(|feeder| feeder.join().unwrap());
    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    Ended { code, out, said, mib: usage.ru_maxrss.cast_unsigned() >> 10 }
}

#[test]
fn endless_inputs_end() {
    for (arguments, feed) in [
        (&["report", "/dev/zero"][..], None),
        (&["report", "/dev/urandom"], None),
        (&["report", "-"], Some(&b"\n"[..])),
        (&["report", "-"], Some(b"x")),
        (&["report", "-"], Some(b"{")),
        (&["report", "-f", "json", "-"], Some(b"\n")),
        (&["explain", "/dev/zero"], None),
        (&["explain", "-"], Some(b"\n")),
        (&["explain", "-"], Some(b"x")),
        (&["why", "4000000", "--evidence", "/dev/zero"], None),
    ] {
        let ended = ended(arguments, feed);
        assert_ne!(ended.code, Some(0), "{arguments:?} {feed:?}: {}", ended.said);
        assert!(ended.code.is_some(), "{arguments:?}: a signal ended it");
        assert!(ended.said.contains("oomtrace: "), "{arguments:?}: {}", ended.said);
        assert!(ended.mib < READER_MIB, "{arguments:?} {feed:?}: {} MiB", ended.mib);
    }
}

/// A kill as it is recorded.
fn kill(number: usize, candidates: usize) -> serde_json::Value {
    let candidate = |pid| serde_json::json!({"pid": pid, "comm": "worker", "points": 5, "rss_bytes": 4096});
    serde_json::json!({
        "type": "oom_kill", "schema": "oomtrace/1", "id": format!("kill-{number}"), "time": "2026-01-01T00:00:00Z",
        "boottime_ns": number + 1, "host": {"name": "h", "page_size": 4096},
        "source": {"kind": "ebpf", "probes": [], "lost_events": 0}, "scope": {},
        "victims": [{"role": "chosen", "pid": 7, "comm": "victim", "memory": {}}],
        "candidates": (0..candidates).map(candidate).collect::<Vec<_>>(),
    })
}

fn recording(file: &Path, kills: usize, candidates: usize) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    (0..kills).for_each(|number| writeln!(out, "{}", kill(number, candidates)).unwrap());
}

#[test]
fn pages_of_many_kills_and_candidates_are_capped_and_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let many = directory.path().join("many");
    recording(&many, 20_000, 8);
    let wide = directory.path().join("wide");
    recording(&wide, 1, 100_000);
    for (format, most_mib) in [("text", 16), ("html", 40), ("md", 2), ("junit", 4), ("perfetto", 32)] {
        let page = ended(&["report", "-f", format, many.to_str().unwrap()], None);
        assert_eq!(page.code, Some(0), "{format}: {}", page.said);
        assert!((page.out.len() as u64) < most_mib * MIB, "{format}: {} bytes", page.out.len());
        assert!(page.mib < 2 * READER_MIB, "{format}: {} MiB", page.mib);
        let text = String::from_utf8_lossy(&page.out);
        if format != "perfetto" {
            assert!(
                text.contains(" more") && text.contains("oomtrace report -f json"),
                "{format} says nothing"
            );
        }
        let page = ended(&["report", "-f", format, wide.to_str().unwrap()], None);
        assert_eq!(page.code, Some(0), "{format}: {}", page.said);
        assert!((page.out.len() as u64) < 2 * MIB, "{format}: {} bytes", page.out.len());
        assert!(page.mib < READER_MIB, "{format}: {} MiB", page.mib);
    }
    let all = ended(&["report", "-f", "json", many.to_str().unwrap()], None);
    assert_eq!(all.out.iter().filter(|byte| **byte == b'\n').count(), 20_000, "{}", all.said);
    assert!(all.mib < READER_MIB, "{} MiB", all.mib);
}

/// Bytes of the program that are loaded, which are locked in memory.
fn image(program: &Path) -> u64 {
    let bytes = std::fs::read(program).unwrap();
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    // ELF of 64 bits, little-endian: program headers.
    let (begin, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let headers = (0..count).map(|nth| usize::try_from(begin + nth * size).unwrap());
    headers.filter(|at| number(*at, 4) == 1).map(|at| number(at + 40, 8)).sum()
}

/// Figures are those of the release binary, whose image has less than 6 MiB. What a debug build has more of it is granted.
const IMAGE: u64 = 6 * MIB;

#[test]
fn starting_fits_into_a_small_memory_cgroup() {
    if !root("memory of the start") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let more = image(&oomtrace()).saturating_sub(IMAGE);
    for (command, peak, limit) in [(&["trace", "--json"][..], 20, 24), (&["record"], 36, 40)] {
        let name = format!("{PREFIX}{}-start-{}", std::process::id(), command[0]);
        let cgroup = Cgroup::new(&Hierarchy::find().unwrap(), name.as_bytes()).unwrap();
        cgroup.limit(limit * MIB + more).unwrap();
        let procs = cgroup.file("cgroup.procs");
        let file = directory.path().join(command[0]);
        let mut start = Command::new(oomtrace());
        start.args(command).arg("-o").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        // SAFETY: one write of a short constant, which needs no memory.
        unsafe { start.pre_exec(move || std::fs::write(&procs, "0")) };
        let mut child = start.spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        wait_for(&file, "a header", |text| text.contains("\"header\"") && text.ends_with('\n'));
        std::thread::sleep(Duration::from_secs(1));
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let peaked = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peaked: u64 = peaked.expect("it runs").trim().strip_suffix(" kB").unwrap().parse().unwrap();
        assert!(
            peaked * 1024 <= peak * MIB + more,
            "{command:?}: a peak of {peaked} KiB ({more} bytes granted)"
        );
        sys::kill(id, libc::SIGTERM).unwrap();
        assert_eq!(end(&mut child, PATIENCE).code(), Some(0), "{command:?}");
    }
}

#[test]
fn a_limit_that_no_process_fits_into_is_wrong_usage() {
    for size in ["0", "4K", "100K"] {
        let ended = ended(&["run", "--memory-max", size, "--", "true"], None);
        assert_eq!(ended.code, Some(125), "{size}: {}", ended.said);
        assert!(
            ended.said.contains("can't hold a process") && ended.said.contains("1024K"),
            "{size}: {}",
            ended.said
        );
    }
}

//! A recorder that has no memory left itself: every kill reaches the disk all the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use oomtrace_tests::cgroup::{Cgroup, Hierarchy, Version};
use oomtrace_tests::counters::keyed;
use oomtrace_tests::scenario::PREFIX;
use oomtrace_tests::still::Still;
use support::{GUEST, PATIENCE, end, kill, oomtrace, root, run};

/// Starts a program in the cgroup, so that all it ever takes counts there.
fn start_in(cgroup: &Cgroup, program: &Path, arguments: &[&str]) -> Child {
    Command::new("sh")
        .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
        .arg(cgroup.file("cgroup.procs"))
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell starts")
}

fn within(what: &str, satisfied: impl Fn() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !satisfied() {
        assert!(Instant::now() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Page faults of a thread since it began.
fn faults(process: u32, thread: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let stats = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap());
    let of_thread = stats.filter_map(|stat| {
        let (name, fields) = stat.split_once('(')?.1.rsplit_once(") ")?;
        let number = |n: usize| fields.split(' ').nth(n)?.parse::<u64>().ok();
        (name == thread).then(|| Some(number(7)? + number(9)?))?
    });
    of_thread.sum()
}

/// A recorder in a cgroup that is full: whoever needs a page there waits for it.
struct Pinned {
    recorder: Child,
    eater: Child,
    cgroup: Cgroup,
    file: PathBuf,
    /// Name of the cgroup that others are killed in.
    victims: String,
    /// The recorder when kills were missing.
    last_seen: String,
    _directory: tempfile::TempDir,
}

impl Pinned {
    fn start(hierarchy: &Hierarchy, name: &str, more: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("evidence");
        let own = format!("{PREFIX}{}-{name}", std::process::id());
        let cgroup = Cgroup::new(hierarchy, own.as_bytes()).unwrap();
        cgroup.limit(256 << 20).unwrap();
        let arguments = [&["record", "--quiet", "-o", file.to_str().unwrap()], more].concat();
        let recorder = start_in(&cgroup, &oomtrace(), &arguments);
        within("no header", || run(&["report", file.to_str().unwrap()]).status.success());
        cgroup.write("memory.oom_control", "1").unwrap();
        let usage = std::fs::read_to_string(cgroup.file("memory.usage_in_bytes")).unwrap();
        cgroup.limit(usage.trim().parse::<u64>().unwrap() + (8 << 20)).unwrap();
        // What is given back goes to the one that wants 64 MiB.
        let eater = start_in(&cgroup, Path::new(GUEST), &["workload", "anon", "67108864"]);
        let victims = format!("{name}-victims");
        let last_seen = String::new();
        let pinned = Self { recorder, eater, cgroup, file, victims, last_seen, _directory: directory };
        within("the cgroup does not fill up", || pinned.is_full());
        pinned
    }

    fn is_full(&self) -> bool {
        keyed(&self.cgroup.file("memory.oom_control"), "under_oom") == Some(1)
    }

    /// The kills that `report` finds in the file; none before there is one.
    fn recorded(&self) -> BTreeSet<u32> {
        let output = run(&["report", "--json", self.file.to_str().unwrap()]);
        let records = String::from_utf8(output.stdout).unwrap();
        let records = records.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let kills = records.filter(|record| record["type"] == "oom_kill");
        kills.filter_map(|kill| kill["victims"][0]["pid"].as_u64()?.try_into().ok()).collect()
    }

    /// Kills elsewhere, and waits until they are recorded or clearly will not be.
    fn kill(&mut self, kills: usize) -> BTreeSet<u32> {
        let threads = ["oomtrace", "oomtrace-first"];
        let before = threads.map(|thread| faults(self.recorder.id(), thread));
        let killed: BTreeSet<u32> = (0..kills).map(|_| kill(&self.victims).1).collect();
        let limit = Instant::now() + Duration::from_secs(10);
        while !killed.is_subset(&self.recorded()) && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(50));
        }
        if !killed.is_subset(&self.recorded()) {
            self.last_seen = self.look();
        }
        assert!(self.recorder.try_wait().unwrap().is_none(), "the recorder ended by itself");
        assert!(self.is_full(), "there was memory again, which proves nothing");
        let after = threads.map(|thread| faults(self.recorder.id(), thread));
        assert_eq!(before, after, "page faults of {threads:?}, which would wait for memory");
        killed
    }

    fn has(&self, killed: &BTreeSet<u32>) {
        let missing: Vec<_> = killed.difference(&self.recorded()).copied().collect();
        let recorded = killed.len() - missing.len();
        println!("{recorded} of {} kills recorded without memory", killed.len());
        assert!(missing.is_empty(), "not recorded: {missing:?}; {}", self.last_seen);
    }

    /// What each thread was waiting for, and how much each file had: what a failure is understood by.
    fn look(&self) -> String {
        let kills = |file: &Path| {
            let records = run(&["report", "--json", file.to_str().unwrap()]).stdout;
            String::from_utf8_lossy(&records).matches("\"type\":\"oom_kill\"").count()
        };
        // Copied, so that the journal beside it does not count.
        let alone = self.file.with_file_name("alone");
        let _ = std::fs::copy(&self.file, &alone);
        let mut text =
            format!("{} kills in the file alone, with its journal {}", kills(&alone), kills(&self.file));
        let journal = self.file.with_extension("journal");
        text += &format!(", {} in the journal", kills(&journal));
        for task in std::fs::read_dir(format!("/proc/{}/task", self.recorder.id())).unwrap().flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let (stat, stack) = (read("stat"), read("stack"));
            let state = stat.rsplit_once(')').map_or("", |(_, rest)| rest.trim()).chars().next();
            text += &format!("\n{} {state:?} {}\n{stack}", read("comm").trim(), read("wchan"));
        }
        text
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        for child in [&mut self.recorder, &mut self.eater] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One test at a time, with locked pages where they are: the setting is the whole machine's.
fn still() -> (Still, MutexGuard<'static, ()>) {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    (Still::keep().unwrap(), one)
}

/// Only v1 can leave the processes of a full cgroup waiting; v2 kills one of them.
fn v1() -> Option<Hierarchy> {
    let hierarchy = Hierarchy::find().expect("a memory cgroup hierarchy");
    if hierarchy.version == Version::V1 {
        return Some(hierarchy);
    }
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED a recorder without memory: needs cgroup v1");
    None
}

#[test]
fn a_recorder_without_memory_writes_every_kill() {
    if !root("a recorder without memory") {
        return;
    }
    let Some(hierarchy) = v1() else { return };
    let _still = still();
    // The first are more than malloc's reserve would do for, and than a list of the size of a small block holds.
    for (name, more, kills) in [("journal", &[][..], 600), ("ring", &["--max-size", "16M"], 60)] {
        let mut pinned = Pinned::start(&hierarchy, name, more);
        let killed = pinned.kill(kills);
        pinned.recorder.kill().unwrap();
        pinned.recorder.wait().unwrap();
        pinned.has(&killed);
    }
}

#[test]
fn a_recorder_that_gets_memory_again_adds_the_rest() {
    if !root("a recorder without memory") {
        return;
    }
    let Some(hierarchy) = v1() else { return };
    let _still = still();
    let mut pinned = Pinned::start(&hierarchy, "again", &[]);
    let killed = pinned.kill(20);
    pinned.cgroup.limit(512 << 20).unwrap();
    // SAFETY: a signal to a child of ours.
    unsafe { libc::kill(pinned.recorder.id().cast_signed(), libc::SIGINT) };
    let status = end(&mut pinned.recorder, PATIENCE);
    let text = run(&["report", "-f", "text", pinned.file.to_str().unwrap()]).stdout;
    let text = String::from_utf8_lossy(&text);
    // With more kills than it could remember the rest of some is missing, and that is said.
    let is_short = pinned.file.with_extension("journal").exists();
    assert_eq!((status.code(), text.contains("in short")), (Some(i32::from(is_short)), is_short), "{text}");
    pinned.has(&killed);
}

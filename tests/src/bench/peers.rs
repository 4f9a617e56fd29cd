//! The same measurements of oomtrace and its peers, one after the other in one guest.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::figure::{ms, spread};
use super::status::kib;
use super::subject::{Kind, Line, Subject};
use super::victims::Victims;
use crate::cgroup::{Cgroup, Hierarchy};
use crate::protocol::{self, Verdict};
use crate::scenario::PREFIX;
use crate::sys;

/// The disk with the peers and the directory it is seen in.
const DISK: &str = "/dev/nvme0n1";
const ROOT: &str = "/peers";
const ERRORS: &str = "/tmp/peer.err";

/// Starts that are measured, after one that is not: it fills the page cache and Python's cache of compiled modules.
const STARTS: usize = 5;
const KILLS: usize = 50;
const STORM: usize = 1000;
const DRIVERS: usize = 2;
/// Compiling a program takes minutes on an emulated processor.
const PATIENCE: Duration = Duration::from_secs(400);
const SETTLE: Duration = Duration::from_secs(3);
/// A storm's last report has come when nothing was heard for so long.
const SILENCE: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(300);
const POLL: Duration = Duration::from_millis(20);

const SUBJECTS: [(&str, Kind); 3] =
    [("oomtrace", Kind::Oomtrace), ("bpftrace", Kind::Bpftrace), ("bcc", Kind::Bcc)];

/// Measures those of the three that are named; a verdict each.
pub fn in_guest(names: &[String]) {
    let ready = mount_all();
    let wanted = |name: &str| names.iter().any(|wanted| wanted == name);
    for (name, kind) in SUBJECTS.into_iter().filter(|(name, _)| wanted(name)) {
        protocol::start(name);
        let result = match &ready {
            Ok(()) => subject(name, kind),
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        let verdict = match result {
            Ok(()) => Verdict::Pass("measured".into()),
            Err(error) => Verdict::Fail(format!("{error:#}")),
        };
        if let Ok(said) = fs::read_to_string(ERRORS) {
            let lines: Vec<&str> = said.lines().collect();
            for line in lines.iter().skip(lines.len().saturating_sub(30)) {
                protocol::log(name, &format!("standard error: {line}"));
            }
        }
        protocol::verdict(name, &verdict);
    }
}

fn mount_all() -> Result<()> {
    fs::create_dir_all(ROOT)?;
    sys::mount(DISK, Path::new(ROOT), "ext4", "").context("can't mount the disk with the peers")?;
    for (kind, at) in [
        ("proc", "proc"),
        ("sysfs", "sys"),
        ("devtmpfs", "dev"),
        ("tmpfs", "tmp"),
        ("tracefs", "sys/kernel/tracing"),
        ("debugfs", "sys/kernel/debug"),
    ] {
        let at = Path::new(ROOT).join(at);
        fs::create_dir_all(&at)?;
        sys::mount(kind, &at, kind, "").with_context(|| format!("can't mount {}", at.display()))?;
    }
    Ok(())
}

fn subject(name: &str, kind: Kind) -> Result<()> {
    let say = |text: &str| protocol::log(name, text);
    begin(kind)?.0.finish(PATIENCE)?;
    let (mut attached, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (subject, hooked, line) = begin(kind)?;
        attached.push(ms(subject.started, hooked));
        ready.push(ms(subject.started, line.at));
        say(&format!("a start took {:.0} ms", ms(subject.started, hooked)));
        subject.finish(PATIENCE)?;
    }
    say(&format!("start to attached: {}", spread(&attached, "ms")));
    say(&format!("start to ready: {}", spread(&ready, "ms")));
    let (mut subject, ..) = begin(kind)?;
    std::thread::sleep(SETTLE);
    say(&memory(subject.pid())?);
    say(&format!("page fault to line: {}", spread(&latencies(&mut subject)?, "ms")));
    say(&memory(subject.pid())?);
    say(&storm(subject)?);
    Ok(())
}

/// Starts it; also when the kernel's function was hooked and the line that says that it is ready.
fn begin(kind: Kind) -> Result<(Subject, u64, Line)> {
    let _ = fs::remove_file(ERRORS);
    ensure!(!is_hooked(), "oom_kill_process is hooked by another program");
    let mut subject = Subject::start(kind, &mut command(kind), Path::new(ERRORS))?;
    let end = Instant::now() + PATIENCE;
    while !is_hooked() {
        subject.check().context("it ended before it was attached")?;
        ensure!(Instant::now() < end, "it was not attached within {PATIENCE:?}");
        std::thread::sleep(POLL);
    }
    let hooked = sys::boottime_ns();
    let line = subject.ready(PATIENCE)?;
    Ok((subject, hooked, line))
}

/// Whether anything is attached to the function that all three hook: kprobes are listed in one file, trampolines in
/// the other.
fn is_hooked() -> bool {
    ["/sys/kernel/debug/kprobes/list", "/sys/kernel/tracing/enabled_functions"]
        .iter()
        .any(|file| fs::read_to_string(file).unwrap_or_default().contains("oom_kill_process"))
}

fn command(kind: Kind) -> Command {
    if kind == Kind::Oomtrace {
        let mut command = Command::new("/bin/oomtrace");
        command.args(["trace", "--json"]);
        return command;
    }
    let words: &[&str] = match kind {
        Kind::Bpftrace => &["/usr/bin/bpftrace", "/usr/sbin/oomkill.bt"],
        // Unbuffered: into a pipe, Python would keep its lines for itself.
        _ => &["/usr/bin/python3", "-u", "/usr/sbin/oomkill-bpfcc"],
    };
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().env("PATH", "/usr/sbin:/usr/bin").env("HOME", "/tmp");
    // SAFETY: two system calls between fork and exec, without allocation.
    unsafe { command.pre_exec(enter) };
    command
}

fn enter() -> io::Result<()> {
    std::os::unix::fs::chroot(ROOT)?;
    std::env::set_current_dir("/")
}

fn memory(pid: u32) -> Result<String> {
    let values = ["VmRSS", "VmHWM", "RssAnon", "RssFile"].map(|key| Ok(format!("{key} {}", kib(pid, key)?)));
    Ok(format!("memory (KiB): {}", values.into_iter().collect::<Result<Vec<_>>>()?.join(", ")))
}

fn latencies(subject: &mut Subject) -> Result<Vec<f64>> {
    let mut victims = Victims::new(16 << 20)?;
    let mut latencies = Vec::new();
    for _ in 0..KILLS {
        std::thread::sleep(BETWEEN);
        let victim = victims.kill()?;
        let line = subject.report(victim.pid, SILENCE)?.context("a kill was not reported")?;
        latencies.push(ms(victim.last_fault, line.at));
    }
    Ok(latencies)
}

/// As fast as two processes can make them.
fn storm(mut subject: Subject) -> Result<String> {
    let kind = subject.kind;
    let hierarchy = Hierarchy::find()?;
    let (mut cgroups, mut drivers) = (Vec::new(), Vec::new());
    let share = (STORM / DRIVERS).to_string();
    let begin = Instant::now();
    for at in 0..DRIVERS {
        let cgroup = Cgroup::new(&hierarchy, format!("{PREFIX}storm-{at}").as_bytes())?;
        cgroup.limit(1 << 20)?;
        let mut driver = Command::new("/proc/self/exe");
        driver.args(["workload", "storm"]).arg(cgroup.file("")).args([share.as_str(), "4194304"]);
        let driver = driver.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        cgroups.push(cgroup);
        drivers.push(driver);
    }
    for driver in &mut drivers {
        use std::io::Write as _;
        driver.stdin.as_mut().context("no input")?.write_all(b"go\n")?;
    }
    for driver in &mut drivers {
        ensure!(driver.wait()?.success(), "a driver of the storm failed");
    }
    let took = begin.elapsed();
    let ended = sys::boottime_ns();
    let (reported, last) = collect(&mut subject)?;
    let rest = subject.finish(PATIENCE)?;
    let late = rest.iter().filter_map(|line| kind.victim(&line.text));
    let reported: BTreeSet<u32> = reported.into_iter().chain(late).collect();
    let kills: u64 = cgroups.iter().filter_map(Cgroup::kills).sum();
    let footer = rest.iter().find(|line| line.text.contains("\"type\":\"footer\""));
    Ok(format!(
        "storm: {} of {kills} reported; kills took {took:.1?}; last report {:.1} s after the last kill{}",
        reported.len(),
        ms(ended, last) / 1000.0,
        footer.map(|line| format!("; {}", line.text)).unwrap_or_default()
    ))
}

/// The victims it reports until it is silent, and when the last report came.
fn collect(subject: &mut Subject) -> Result<(BTreeSet<u32>, u64)> {
    let kind = subject.kind;
    let (mut reported, mut last) = (BTreeSet::new(), 0);
    while let Some((line, pid)) = subject.line(SILENCE, |line| kind.victim(line))? {
        reported.insert(pid);
        last = line.at;
    }
    if reported.is_empty() {
        bail!("it reported nothing of the storm");
    }
    Ok((reported, last))
}
